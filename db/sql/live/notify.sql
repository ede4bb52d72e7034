-- Which hints should the listening processes hear?
SELECT pg_notify(%(channel)s, hint) FROM unnest(%(hints)s::text[]) AS hint
