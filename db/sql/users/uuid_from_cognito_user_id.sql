-- Whose access token is this?
SELECT uuid::text, handle, display_name
FROM users
WHERE cognito_user_id = %(cognito_user_id)s
