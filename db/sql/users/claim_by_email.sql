-- Gives the row with this e-mail to the person who has proved to own it, if nobody has it yet.
UPDATE users
SET cognito_user_id = %(cognito_user_id)s
WHERE lower(email) = lower(%(email)s) AND cognito_user_id IS NULL
RETURNING uuid::text, handle, display_name
