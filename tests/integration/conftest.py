"""Databases for tests: each test has its own, a copy of one that has the schema."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from backend_flask.lib.db import Database
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.services.users import User
from cli import migrations
from tests.arena import Arena, client_at, key_set

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """The name of a database that has the schema and no rows."""
    name = "test_template"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        migrations.apply(make_conninfo(postgres_url, dbname=name))
        yield name
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """A database with the schema and no rows."""
    yield from _fresh(postgres_url, f"TEMPLATE {template_database}")


@pytest.fixture(scope="session")
def arena(
    engine_folder: Path, postgres_url: str, template_database: str, dynamodb_endpoint: str, message_table: MessageTable
) -> Iterator[Arena]:
    """The engines of all tests, with one database for all who ask for this: each test makes its own people."""
    with key_set() as key_set_url:
        for database_url in _fresh(postgres_url, f"TEMPLATE {template_database}"):
            yield Arena(engine_folder, database_url, dynamodb_endpoint, message_table.name, key_set_url)


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    """A database without even the schema."""
    yield from _fresh(postgres_url, "")


def _fresh(server_url: str, how: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name} {how}")
        yield make_conninfo(server_url, dbname=name)
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


@pytest.fixture
def add_user(db: Database) -> Callable[..., User]:
    """Writes a row of `users`; what is not given is made from the handle or left empty."""

    def add(handle: str, email: str | None = None, sub: str | None = None) -> User:
        row = db.one("users/create", handle=handle, display_name=handle.title(), email=email, cognito_user_id=sub)
        assert row
        return User(**row)

    return add


@pytest.fixture
def client(dynamodb_endpoint: str) -> Iterator[Any]:
    """A client of DynamoDB of the test's own, which it may burden with hooks."""
    with client_at(dynamodb_endpoint) as made:
        yield made


@pytest.fixture
def table(client: Any, message_table: MessageTable) -> MessageTable:
    """The table of all tests through the test's own client."""
    return MessageTable(client, message_table.name, Uuid7())


@pytest.fixture
def own_table(client: Any) -> Iterator[MessageTable]:
    """A table that no other test writes to."""
    made = MessageTable(client, f"test-{uuid.uuid4()}", Uuid7())
    made.create()
    yield made
    made.drop()
