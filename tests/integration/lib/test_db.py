"""The pool against a real Postgres, and against one that is gone, frozen, full or restarted."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend_flask.lib import deadline
from backend_flask.lib.db import FRESH_SECONDS, SQL_FOLDER, Database, sql
from backend_flask.services.users import User
from tests.line import Line

LONGEST_SECONDS = 4.5
ROOT = SQL_FOLDER.parents[1]


@pytest.fixture
def line(database_url: str) -> Iterator[Line]:
    parts = conninfo_to_dict(database_url)
    made = Line((str(parts["host"]), int(str(parts["port"]))))
    yield made
    made.close()


@pytest.fixture
def db_on_line(line: Line, database_url: str) -> Iterator[Database]:
    with Database(make_conninfo(database_url, host="127.0.0.1", port=line.port), pool_size=5) as opened:
        opened.ping()
        yield opened


@pytest.fixture
def in_a_request() -> Iterator[None]:
    deadline.start(LONGEST_SECONDS)
    yield
    deadline.clear()


def seconds_to_fail(ask: Callable[[], object]) -> float:
    started = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        ask()
    return time.monotonic() - started


def find(db: Database) -> object:
    return db.one("users/short", handle="londo")


def test_one_all_execute_and_the_hook_that_counts(database_url: str) -> None:
    asked: list[str] = []
    with Database(database_url, on_query=asked.append) as db:
        made = db.one("users/create", handle="londo", display_name="Londo", email=None, cognito_user_id=None)
        assert made
        assert db.all("users/short", handle="LONDO") == [made]
        assert db.execute("users/set_cognito_user_id", uuid=made["uuid"], new="s1") == 1
        assert find(db) == made
    assert asked == ["users/create", "users/short", "users/set_cognito_user_id", "users/short"]


def test_a_transaction_keeps_all_or_nothing(db: Database, add_user: Callable[..., User]) -> None:
    uuid = add_user("londo").uuid

    def fail_half_way() -> None:
        with db.transaction() as queries:
            assert queries.execute("users/set_cognito_user_id", uuid=uuid, new="s1") == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert db.one("users/uuid_from_cognito_user_id", cognito_user_id="s1") is None
    with db.transaction() as queries:
        queries.execute("users/set_cognito_user_id", uuid=uuid, new="s1")
    assert db.one("users/uuid_from_cognito_user_id", cognito_user_id="s1")


def fill(db: Database, connections: int) -> None:
    """Makes the pool hold so many idle connections."""
    with contextlib.ExitStack() as borrowed:
        for _ in range(connections):
            borrowed.enter_context(db.transaction())


def test_a_restarted_server_costs_no_error_and_no_pause(db_on_line: Database, line: Line) -> None:
    fill(db_on_line, 5)
    line.cut()
    started = time.monotonic()
    assert find(db_on_line) is None
    assert time.monotonic() - started < 0.8


def test_connections_that_a_firewall_has_dropped_cost_a_second_once(db_on_line: Database, line: Line) -> None:
    fill(db_on_line, 5)
    time.sleep(FRESH_SECONDS)
    line.forget()
    assert find(db_on_line) is None
    started = time.monotonic()
    assert find(db_on_line) is None
    assert time.monotonic() - started < 0.8


def test_a_server_that_is_gone_is_an_error_in_time(database_url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with Database(make_conninfo(database_url, port=port)) as db:
        assert seconds_to_fail(lambda: find(db)) < LONGEST_SECONDS


@pytest.mark.usefixtures("in_a_request")
def test_a_frozen_server_is_an_error_in_time_and_is_used_again_when_it_thaws(db_on_line: Database, line: Line) -> None:
    line.frozen = True
    assert seconds_to_fail(lambda: find(db_on_line)) < LONGEST_SECONDS
    line.frozen = False
    deadline.start(LONGEST_SECONDS)
    assert find(db_on_line) is None


@pytest.mark.usefixtures("in_a_request")
def test_a_server_that_freezes_inside_a_transaction_is_an_error_in_time(db_on_line: Database, line: Line) -> None:
    def write() -> None:
        with db_on_line.transaction() as queries:
            queries.one("users/short", handle="londo")
            line.frozen = True
            queries.one("users/short", handle="londo")

    assert seconds_to_fail(write) < LONGEST_SECONDS
    line.frozen = False


def test_no_time_left_is_an_error_at_once(db: Database) -> None:
    deadline.start(0)
    try:
        assert seconds_to_fail(lambda: find(db)) < 0.5
    finally:
        deadline.clear()


def two_connections(db: Database) -> set[int]:
    with db.transaction() as one, db.transaction() as other:
        return {queries._connection.info.backend_pid for queries in (one, other)}


def test_a_caller_whose_time_is_over_costs_the_others_no_connection(db: Database) -> None:
    before = two_connections(db)
    with db._connection() as connection, deadline.within(-1), pytest.raises(psycopg.OperationalError):
        db._check(connection)
    assert two_connections(db) == before


def test_a_caller_whose_time_ends_while_it_waits_costs_one_connection(db_on_line: Database, line: Line) -> None:
    before = two_connections(db_on_line)
    with db_on_line._connection() as connection:
        time.sleep(FRESH_SECONDS)
        line.frozen = True
        with deadline.within(0.1), pytest.raises(psycopg.OperationalError):
            db_on_line._check(connection)
        line.frozen = False
    assert len(two_connections(db_on_line) & before) == 1


def test_a_connection_that_has_just_answered_is_not_asked_whether_it_is_there(db_on_line: Database, line: Line) -> None:
    with db_on_line._connection() as connection:
        line.frozen = True
        db_on_line._check(connection)
        line.frozen = False


def test_a_connection_that_the_server_has_ended_is_not_taken_for_fresh(db: Database, postgres_url: str) -> None:
    with db._connection() as connection, psycopg.connect(postgres_url, autocommit=True) as other:
        assert connection.is_fresh
        other.execute("SELECT pg_terminate_backend(%s, 1000)", [connection.info.backend_pid])
        assert not connection.is_fresh
        with pytest.raises(psycopg.OperationalError):
            db._check(connection)


def test_a_used_up_pool_is_an_error_in_time(database_url: str) -> None:
    with Database(database_url, pool_size=1) as db, db.transaction():
        assert seconds_to_fail(lambda: find(db)) < LONGEST_SECONDS


def test_a_server_that_takes_no_more_connections_is_an_error_in_time(database_url: str, postgres_url: str) -> None:
    name = conninfo_to_dict(database_url)["dbname"]
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f'ALTER DATABASE "{name}" CONNECTION LIMIT 0'.encode())
        server.execute("DROP ROLE IF EXISTS test_limited")
        server.execute("CREATE ROLE test_limited LOGIN")
    try:
        with Database(make_conninfo(database_url, user="test_limited", password="")) as db:
            assert seconds_to_fail(lambda: find(db)) < LONGEST_SECONDS
    finally:
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute("DROP ROLE test_limited")


def test_a_statement_is_ended_by_the_server_after_two_seconds(db: Database) -> None:
    with db.transaction() as queries:
        shown = queries._connection.execute("SHOW statement_timeout").fetchone()
    assert shown == {"statement_timeout": "2s"}


def test_the_slow_answer_to_one_query_is_never_taken_for_that_to_the_next(db_on_line: Database, line: Line) -> None:
    def write() -> None:
        with db_on_line.transaction() as queries:
            queries.one("users/short", handle="londo")
            line.frozen = True
            queries.one("users/create", handle="londo", display_name="Londo", email=None, cognito_user_id=None)

    deadline.start(0.3)
    assert seconds_to_fail(write) < 1
    deadline.clear()
    line.frozen = False
    assert db_on_line.all("users/all") == []


def test_threads_share_a_small_pool(database_url: str) -> None:
    with Database(database_url, pool_size=3) as db:
        found: list[object] = []
        threads = [threading.Thread(target=lambda: found.append(db.all("users/all"))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [[]] * 20


def test_a_query_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no query"):
        sql("users/drop")


UNDER_GEVENT = """
from gevent import monkey; monkey.patch_all()
import socket, gevent
from backend_flask.lib.db import Database

silent = socket.create_server(("127.0.0.1", 0))
ticks = 0

def tick():
    global ticks
    while True:
        ticks += 1
        gevent.sleep(0.05)

gevent.spawn(tick)
with Database(f"postgresql://londo@127.0.0.1:{silent.getsockname()[1]}/cruddur") as db:
    try:
        db.ping()
    except Exception as error:
        print(type(error).__name__, ticks > 20)
"""


def test_greenlets_go_on_while_one_waits_for_a_server_that_says_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNDER_GEVENT], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )
    assert done.stdout == "PoolTimeout True\n", done.stderr
