-- The schema as first released. `bin/db/schema-load` applies this file, then those of db/migrations in order.
-- What was applied never changes: a change of the schema is a new file in db/migrations.

CREATE TABLE users (
    uuid uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    display_name text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 50),
    handle text NOT NULL CHECK (handle ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,29}$'),
    -- Only an address whose owner has proved it, or one that came with the seeds.
    email text CHECK (char_length(email) BETWEEN 3 AND 254),
    -- The `sub` of the person's access tokens. Empty until the person signs in for the first time.
    cognito_user_id text UNIQUE CHECK (char_length(cognito_user_id) BETWEEN 1 AND 128),
    bio text NOT NULL DEFAULT '' CHECK (char_length(bio) <= 500),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- Without these, `Londo` could receive what was meant for `londo`.
CREATE UNIQUE INDEX users_handle ON users (lower(handle));
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE activities (
    -- A UUIDv7 made by the API: newest first is the order of the uuid, and the uuid is the cursor.
    uuid uuid PRIMARY KEY,
    user_uuid uuid NOT NULL REFERENCES users (uuid),
    message text NOT NULL CHECK (char_length(message) BETWEEN 1 AND 1024),
    replies_count integer NOT NULL DEFAULT 0 CHECK (replies_count >= 0),
    reposts_count integer NOT NULL DEFAULT 0 CHECK (reposts_count >= 0),
    likes_count integer NOT NULL DEFAULT 0 CHECK (likes_count >= 0),
    reply_to_activity_uuid uuid REFERENCES activities (uuid),
    expires_at timestamptz,
    created_at timestamptz NOT NULL
);

CREATE INDEX activities_home ON activities (uuid) WHERE reply_to_activity_uuid IS NULL;
CREATE INDEX activities_of_user ON activities (user_uuid, uuid);
CREATE INDEX activities_replies ON activities (reply_to_activity_uuid, uuid) WHERE reply_to_activity_uuid IS NOT NULL;
CREATE INDEX activities_words ON activities USING gin (to_tsvector('simple', message));

-- What people may see: posts and replies that have not expired, with the names of their authors of now.
CREATE VIEW current_activities AS
SELECT
    activities.uuid,
    activities.user_uuid,
    users.display_name,
    users.handle,
    activities.message,
    activities.replies_count,
    activities.reposts_count,
    activities.likes_count,
    activities.reply_to_activity_uuid,
    activities.expires_at,
    activities.created_at
FROM activities
JOIN users ON users.uuid = activities.user_uuid
WHERE activities.expires_at IS NULL OR activities.expires_at > now();
