-- Who is there, and how do they sign in?
SELECT uuid::text, handle, email, cognito_user_id
FROM users
ORDER BY lower(handle)
