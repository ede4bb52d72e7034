-- Who are these handles?
SELECT uuid::text, handle, display_name
FROM users
WHERE lower(handle) = ANY(%(handles)s)
