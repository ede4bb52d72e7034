-- Gives back one new message group that was taken and not made.
UPDATE rate_limits
SET message_groups_whole_at = message_groups_whole_at - %(group_pause)s
WHERE user_uuid = %(user_uuid)s
