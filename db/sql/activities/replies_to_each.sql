-- What was replied to each of these activities, newest first?
SELECT replies.*
FROM unnest(%(uuids)s::uuid[]) AS parents (uuid)
CROSS JOIN LATERAL (
    SELECT *
    FROM current_activities
    WHERE reply_to_activity_uuid = parents.uuid
    ORDER BY uuid DESC
    LIMIT %(limit)s
) AS replies
