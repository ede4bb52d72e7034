-- Which posts and replies hold these words, newest first?
SELECT *
FROM current_activities
WHERE
    to_tsvector('simple', message) @@ websearch_to_tsquery('simple', %(term)s)
    AND uuid < coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY uuid DESC
LIMIT %(limit)s
