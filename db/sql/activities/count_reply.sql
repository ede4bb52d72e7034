-- Counts one more reply to an activity that has not expired.
UPDATE activities
SET replies_count = replies_count + 1
WHERE uuid = %(uuid)s::uuid AND (expires_at IS NULL OR expires_at > now())
