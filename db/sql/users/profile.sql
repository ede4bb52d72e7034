-- What does this person show on their own page?
SELECT
    uuid::text,
    cognito_user_id AS cognito_user_uuid,
    handle,
    display_name,
    bio,
    (
        SELECT count(*)
        FROM current_activities
        WHERE user_uuid = users.uuid AND reply_to_activity_uuid IS NULL
    ) AS cruds_count
FROM users
WHERE lower(handle) = lower(%(handle)s)
