-- Gives back one new message group that was taken and not made.
UPDATE rate_limits
SET message_groups = message_groups - %(group_pause)s
WHERE user_uuid = %(user_uuid)s
