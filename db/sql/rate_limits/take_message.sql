-- Takes one message of the user's limit: one row is changed, or none if there is none left.
INSERT INTO rate_limits AS used (user_uuid, messages, message_groups)
VALUES (%(user_uuid)s, now() + %(message_pause)s, now())
ON CONFLICT (user_uuid) DO UPDATE SET
    messages = greatest(used.messages, now()) + %(message_pause)s
WHERE used.messages <= now() + %(message_slack)s
