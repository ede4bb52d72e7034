-- Who are these people?
SELECT uuid::text, handle, display_name
FROM users
WHERE uuid = ANY(%(uuids)s::uuid[])
