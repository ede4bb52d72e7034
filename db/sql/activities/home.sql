-- Which posts has everybody written, newest first?
SELECT *
FROM current_activities
WHERE
    reply_to_activity_uuid IS NULL
    AND uuid < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY uuid DESC
LIMIT %(limit)s
