-- Changes what a person says about themselves; a bio of NULL means no change.
UPDATE users
SET display_name = %(display_name)s, bio = coalesce(%(bio)s, bio)
WHERE uuid = %(uuid)s::uuid
RETURNING uuid::text, handle, display_name
