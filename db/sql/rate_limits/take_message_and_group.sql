-- Takes one message and one new message group of the user's limits: one row is changed, or none if either has none left.
INSERT INTO rate_limits AS used (user_uuid, messages_whole_at, message_groups_whole_at)
VALUES (%(user_uuid)s, now() + %(message_pause)s, now() + %(group_pause)s)
ON CONFLICT (user_uuid) DO UPDATE SET
    messages_whole_at = greatest(used.messages_whole_at, now()) + %(message_pause)s,
    message_groups_whole_at = greatest(used.message_groups_whole_at, now()) + %(group_pause)s
WHERE used.messages_whole_at <= now() + %(message_slack)s AND used.message_groups_whole_at <= now() + %(group_slack)s
