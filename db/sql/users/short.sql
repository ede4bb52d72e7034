-- Who is this handle?
SELECT uuid::text, handle, display_name
FROM users
WHERE lower(handle) = lower(%(handle)s)
