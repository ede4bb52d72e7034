-- What was replied to this activity, newest first?
SELECT *
FROM current_activities
WHERE
    reply_to_activity_uuid = %(uuid)s::uuid
    AND uuid < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY uuid DESC
LIMIT %(limit)s
