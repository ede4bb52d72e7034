-- What have others replied to this person's activities, newest first?
SELECT *
FROM current_activities
WHERE
    reply_to_activity_uuid IN (SELECT mine.uuid FROM activities AS mine WHERE mine.user_uuid = %(user_uuid)s::uuid)
    AND user_uuid <> %(user_uuid)s::uuid
    AND uuid < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY uuid DESC
LIMIT %(limit)s
