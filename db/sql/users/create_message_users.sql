-- Who are the two people of a new direct message group? The sender by uuid, the receiver by handle.
SELECT uuid::text, handle, display_name, CASE WHEN uuid = %(user_uuid)s::uuid THEN 'sender' ELSE 'receiver' END AS kind
FROM users
WHERE uuid = %(user_uuid)s::uuid OR lower(handle) = lower(%(handle)s)
