-- Writes a post or a reply, if its author is still there.
INSERT INTO activities (uuid, user_uuid, message, reply_to_activity_uuid, expires_at, created_at)
SELECT %(uuid)s::uuid, users.uuid, %(message)s, %(reply_to_activity_uuid)s::uuid, %(expires_at)s, %(created_at)s
FROM users
WHERE users.uuid = %(user_uuid)s::uuid
