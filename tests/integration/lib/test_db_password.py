"""A password that is asked for with each new connection, as a token of AWS is. Held to a Postgres that looks at it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from botocore.exceptions import NoCredentialsError
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout

from backend_flask.lib.db import Database, connected
from backend_flask.lib.live import Ear

ROLE = "test_rotating"


@pytest.fixture
def rotating_url(database_url: str) -> Iterator[str]:
    """The address with a role of which the server wants the password, which is `one`."""
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f"DROP ROLE IF EXISTS {ROLE}")
        server.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'one'")
        [path] = server.execute("SHOW hba_file").fetchone() or [""]
        before = Path(path).read_text()
        Path(path).write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n{before}")
        server.execute("SELECT pg_reload_conf()")
        yield make_conninfo(database_url, user=ROLE)
        Path(path).write_text(before)
        server.execute("SELECT pg_reload_conf()")
        server.execute(f"DROP ROLE {ROLE}")


def rotate(database_url: str, password: str) -> None:
    """As a rotation does, and ends what was connected."""
    with psycopg.connect(database_url, autocommit=True) as server:
        server.execute(f"ALTER ROLE {ROLE} PASSWORD '{password}'")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [ROLE])


def test_the_server_does_look_at_it(rotating_url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"), connected(rotating_url, lambda: "wrong"):
        pass


def test_the_pool_goes_on_with_the_new_password(rotating_url: str, database_url: str) -> None:
    current = "one"
    with Database(rotating_url, pool_size=2, password=lambda: current) as db:
        db.ping()
        rotate(database_url, "two")
        current = "two"
        db.ping()


def test_each_new_connection_asks_anew_and_an_open_one_does_not(rotating_url: str) -> None:
    asked: list[str] = []

    def password() -> str:
        asked.append("one")
        return "one"

    with Database(rotating_url, pool_size=1, password=password) as db:
        for _ in range(5):
            db.ping()
        assert len(asked) == 1
    with connected(rotating_url, password):
        assert len(asked) == 2


def test_credentials_that_are_missing_are_a_silent_postgres_to_who_asks(database_url: str) -> None:
    """So a request is answered 503, as for every other trouble with it."""

    def password() -> str:
        raise NoCredentialsError

    with Database(database_url, password=password) as db, pytest.raises(PoolTimeout):
        db.ping()
    with pytest.raises(psycopg.OperationalError, match="NoCredentialsError"), connected(database_url, password):
        pass


def test_who_listens_signs_in_in_the_same_way(rotating_url: str) -> None:
    heard = threading.Event()
    ear = Ear(rotating_url, lambda: "one", lambda _: None, heard.set)
    ear.open(5)
    ear.close()
    assert heard.is_set()
