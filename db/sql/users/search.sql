-- Whose handle begins so, or else whose name, or else a word of whose name? Everybody but who asks.
-- Each part reads no more than it may give, in the order of its index. Words come in no order: they are looked for only if
-- the rest is not enough, and materialized, or Postgres might read all names in their order instead. All that begins alike
-- ends with the same beginning and the last character that there is.
WITH by_handle AS (
    SELECT uuid, handle, display_name, 1 AS part, lower(handle) COLLATE "C" AS place
    FROM users
    WHERE
        lower(handle) COLLATE "C" BETWEEN lower(%(term)s::text) AND lower(%(term)s::text) || chr(1114111)
        AND uuid <> %(user_uuid)s::uuid
    ORDER BY place
    LIMIT %(limit)s
),
by_name AS (
    SELECT uuid, handle, display_name, 2 AS part, lower(display_name) COLLATE "C" AS place
    FROM users
    WHERE
        lower(display_name) COLLATE "C" BETWEEN lower(%(term)s::text) AND lower(%(term)s::text) || chr(1114111)
        AND uuid <> %(user_uuid)s::uuid
    ORDER BY place
    LIMIT %(limit)s
),
with_word AS MATERIALIZED (
    SELECT uuid, handle, display_name, 3 AS part, lower(display_name) COLLATE "C" AS place
    FROM users
    WHERE
        (SELECT count(*) FROM (SELECT uuid FROM by_handle UNION SELECT uuid FROM by_name) AS found) < %(limit)s
        AND to_tsvector('simple', display_name)
            @@ to_tsquery('simple', '''' || replace(replace(%(term)s::text, '\', '\\'), '''', '''''') || ''':*')
        AND uuid <> %(user_uuid)s::uuid
),
by_word AS (
    SELECT *
    FROM with_word
    ORDER BY place
    LIMIT %(limit)s
),
each_once AS (
    SELECT DISTINCT ON (uuid) *
    FROM (SELECT * FROM by_handle UNION ALL SELECT * FROM by_name UNION ALL SELECT * FROM by_word) AS found
    ORDER BY uuid, part
)
SELECT uuid::text, handle, display_name
FROM each_once
ORDER BY part, place, lower(handle)
LIMIT %(limit)s
