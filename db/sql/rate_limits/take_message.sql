-- Takes one message of the user's limit: one row is changed, or none if there is none left.
INSERT INTO rate_limits AS used (user_uuid, messages_whole_at, message_groups_whole_at)
VALUES (%(user_uuid)s, now() + %(message_pause)s, now())
ON CONFLICT (user_uuid) DO UPDATE SET
    messages_whole_at = greatest(used.messages_whole_at, now()) + %(message_pause)s
WHERE used.messages_whole_at <= now() + %(message_slack)s
