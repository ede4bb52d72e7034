"""Makes a database ready for this version of the code: its schema, then what the API's own role may do.

Each task on AWS does so before it serves. Any number may at once, and an older version may come after a newer one.
"""

from __future__ import annotations

import psycopg

from cli import migrations

ROLES = migrations.DB / "roles.sql"


def release(url: str) -> list[str]:
    """What was done, as lines for a person. Raises SchemaError or psycopg.Error, and has then changed nothing half."""
    try:
        done = [f"applied {name}" for name in migrations.apply(url)]
    except migrations.SchemaIsNewer:
        # The way back to the version before: migrations only ever add what it does not know.
        done = ["the database is newer than this code, so nothing was applied"]
    with psycopg.connect(url, autocommit=True, connect_timeout=migrations.CONNECT_TIMEOUT) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [migrations.LOCK])
        with connection.transaction():
            connection.execute(ROLES.read_bytes())
    return [*done, "cruddur_api may use it"]
