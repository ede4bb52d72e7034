-- How long until the user's limits are whole again? Less than nothing if they are.
SELECT messages_whole_at - now() AS messages, message_groups_whole_at - now() AS message_groups
FROM rate_limits
WHERE user_uuid = %(user_uuid)s
