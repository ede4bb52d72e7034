-- How much of what a user may send is used up. One row a user, made by their first message and never deleted.
-- Each column is the instant at which that limit is whole again; an instant that has passed means that it is whole.
-- Unlogged: a crash empties the table, which costs nothing but a fresh start for everybody. Only user_uuid is indexed and
-- pages are left half empty, so that an update stays on its page and touches no index.
CREATE UNLOGGED TABLE rate_limits (
    user_uuid uuid PRIMARY KEY,
    messages_whole_at timestamptz NOT NULL,
    message_groups_whole_at timestamptz NOT NULL
) WITH (fillfactor = 50);
