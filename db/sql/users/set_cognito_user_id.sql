-- Gives a row to a user of the pool, if it belongs to nobody.
UPDATE users
SET cognito_user_id = %(new)s
WHERE uuid = %(uuid)s::uuid AND cognito_user_id IS NULL
