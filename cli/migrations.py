"""Brings a database to the current schema: db/schema.sql, then the files of db/migrations, each once and in order.

Each file is one transaction together with its line in schema_migrations. Any number of runners may start at once:
an advisory lock lets one work while the others wait and then find nothing to do.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

DB = Path(__file__).resolve().parents[1] / "db"
# Any number that nobody else locks in this database.
LOCK = 4_567_001
CONNECT_TIMEOUT = 5

_FILE_NAME = re.compile(r"\d{4}_[a-z0-9_]+\.sql")
_RECORD = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)"""

Connection = psycopg.Connection[tuple[Any, ...]]


class SchemaError(Exception):
    """The schema cannot be brought up to date; the text is one line that says what to do."""


class SchemaIsNewer(SchemaError):
    """The database has had migrations that this code does not know."""


@dataclass(frozen=True)
class Step:
    name: str
    text: bytes

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text).hexdigest()


def steps(folder: Path = DB) -> list[Step]:
    """All of the schema in the order in which it is applied."""
    migrations = sorted((folder / "migrations").glob("*.sql"))
    for path in migrations:
        if not _FILE_NAME.fullmatch(path.name):
            raise SchemaError(f"{path.name} is no name for a migration. Call it like 0001_what_it_does.sql")
    return [Step(path.name, path.read_bytes()) for path in [folder / "schema.sql", *migrations]]


def apply(url: str, folder: Path = DB) -> list[str]:
    """Applies what is missing and gives the names of it. Raises SchemaError or psycopg.Error."""
    wanted = steps(folder)
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
        # Held until the connection ends, however it ends.
        connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        connection.execute(_RECORD)
        missing = _missing(wanted, _applied(connection))
        for step in missing:
            _apply(connection, step)
    return [step.name for step in missing]


def pending(url: str, folder: Path = DB) -> list[str]:
    """The names of what `apply` would apply now."""
    with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT) as connection:
        found = connection.execute("SELECT to_regclass('schema_migrations')").fetchone()
        applied = _applied(connection) if found and found[0] else {}
    return [step.name for step in _missing(steps(folder), applied)]


def _applied(connection: Connection) -> dict[str, str]:
    return dict(connection.execute("SELECT name, checksum FROM schema_migrations").fetchall())


def _missing(wanted: list[Step], applied: dict[str, str]) -> list[Step]:
    unknown = sorted(applied.keys() - {step.name for step in wanted})
    if unknown:
        raise SchemaIsNewer(f"the database is newer than this code: it has {', '.join(unknown)}. Update the code")
    for step in wanted[: len(applied)]:
        if step.name not in applied:
            raise SchemaError(f"{step.name} comes before what is applied already. Give it the highest number")
        if applied[step.name] != step.checksum:
            raise SchemaError(f"{step.name} has changed since it was applied. Put the change into a new migration")
    return wanted[len(applied) :]


def _apply(connection: Connection, step: Step) -> None:
    try:
        with connection.transaction():
            connection.execute(step.text)
            connection.execute("INSERT INTO schema_migrations VALUES (%s, %s)", [step.name, step.checksum])
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        raise SchemaError(f"{step.name} failed and nothing of it was kept: {str(error).splitlines()[0]}") from error
