-- How long until the user's limits are whole again? Less than nothing if they are.
SELECT messages - now() AS messages, message_groups - now() AS message_groups
FROM rate_limits
WHERE user_uuid = %(user_uuid)s
