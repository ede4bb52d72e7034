-- What is this activity?
SELECT *
FROM current_activities
WHERE uuid = %(uuid)s::uuid
