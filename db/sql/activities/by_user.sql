-- Which posts has this person written, newest first?
SELECT *
FROM current_activities
WHERE
    user_uuid = %(user_uuid)s::uuid
    AND reply_to_activity_uuid IS NULL
    AND uuid < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY uuid DESC
LIMIT %(limit)s
