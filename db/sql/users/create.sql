-- Makes the row of a new person; no row comes back if the handle, the e-mail or the Cognito id is taken.
INSERT INTO users (display_name, handle, email, cognito_user_id)
VALUES (%(display_name)s, %(handle)s, %(email)s, %(cognito_user_id)s)
ON CONFLICT DO NOTHING
RETURNING uuid::text, handle, display_name
