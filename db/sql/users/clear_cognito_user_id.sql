-- Takes a Cognito id off a row, if the row still has it.
UPDATE users
SET cognito_user_id = NULL
WHERE uuid = %(uuid)s::uuid AND cognito_user_id = %(old)s
