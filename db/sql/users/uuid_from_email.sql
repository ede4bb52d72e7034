-- Whose e-mail is this?
SELECT uuid::text, cognito_user_id
FROM users
WHERE lower(email) = lower(%(email)s)
