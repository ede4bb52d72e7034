-- Takes one message and one new message group of the user's limits: one row is changed, or none if either has none left.
INSERT INTO rate_limits AS used (user_uuid, messages, message_groups)
VALUES (%(user_uuid)s, now() + %(message_pause)s, now() + %(group_pause)s)
ON CONFLICT (user_uuid) DO UPDATE SET
    messages = greatest(used.messages, now()) + %(message_pause)s,
    message_groups = greatest(used.message_groups, now()) + %(group_pause)s
WHERE used.messages <= now() + %(message_slack)s AND used.message_groups <= now() + %(group_slack)s
