"""Postgres: the pool, and the queries of db/sql by name.

A query `users/short` is the file db/sql/users/short.sql: one statement with parameters like `%(handle)s`.

Whatever is wrong with the server (gone, frozen, full, unreachable), a call ends with psycopg.OperationalError
after at most POOL_TIMEOUT and, once it has a connection, WAIT_LIMIT for each statement; never after the deadline.
"""

from __future__ import annotations

import fcntl
import re
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from backend_flask.lib import deadline

STATEMENT_TIMEOUT_MS = 2000
WAIT_LIMIT = 2.0
CHECK_LIMIT = 1.0
# A connection on which the server has answered within so many seconds is used again without asking whether it is there.
FRESH_SECONDS = 0.5
POOL_TIMEOUT = 2.0
# libpq's and psycopg's lowest.
CONNECT_TIMEOUT = 2
# A pool that has given up tries again for the next caller; one that has not waits longer and longer.
RECONNECT_SECONDS = 1.0

SQL_FOLDER = Path(__file__).resolve().parents[2] / "db" / "sql"
_QUERY_NAME = re.compile(r"[a-z_]+/[a-z_]+")

# Whatever a call here may end with.
Error = psycopg.Error
Row = dict[str, Any]
OnQuery = Callable[[str], None]
OnWait = Callable[[float], None]
Password = Callable[[], str]


class BoundedConnection(psycopg.Connection[Row]):
    """A connection on which no wait is endless. psycopg has no limit for a server that accepts and never answers."""

    wait_limit = WAIT_LIMIT
    # By time.monotonic, when the server has last answered.
    heard_at = float("-inf")

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        """Raises OperationalError, and closes the connection, if the server has not answered in time."""
        limits = (self.wait_limit, timeout, deadline.remaining())
        limit = max(0.0, min(limit for limit in limits if limit is not None))
        try:
            answer = super().wait(gen, interval=interval, timeout=limit)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == psycopg.pq.TransactionStatus.ACTIVE:
                # The answer may still come, and must not be taken for that to the next query.
                self.pgconn.finish()
            raise
        self.heard_at = time.monotonic()
        return answer

    @property
    def is_fresh(self) -> bool:
        """The server has just answered and has said nothing since, not even farewell, as one that restarts does."""
        if time.monotonic() > self.heard_at + FRESH_SECONDS or _waiting_bytes(self.pgconn.socket):
            return False
        try:
            # Reads what has come in the meantime, if it is only that the server has hung up.
            self.pgconn.consume_input()
        except psycopg.OperationalError:
            return False
        return self.pgconn.status == psycopg.pq.ConnStatus.OK


class Queries:
    """The queries of db/sql on one connection. Parameters are given by name."""

    def __init__(self, connection: psycopg.Connection[Row], on_query: OnQuery | None = None) -> None:
        self._connection = connection
        self._on_query = on_query

    def one(self, query: str, **params: Any) -> Row | None:
        """The first row, or None."""
        return self._run(query, params).fetchone()

    def all(self, query: str, **params: Any) -> list[Row]:
        return self._run(query, params).fetchall()

    def execute(self, query: str, **params: Any) -> int:
        """How many rows were changed."""
        return self._run(query, params).rowcount

    def _run(self, query: str, params: Row) -> psycopg.Cursor[Row]:
        if self._on_query:
            self._on_query(query)
        return self._connection.execute(sql(query), params)


class Database:
    """A pool of connections, to be opened once in each process. Usable by many threads or greenlets at once.

    Each call of `one`, `all` and `execute` is a transaction of its own; `transaction` holds several together.
    `on_query` is called with the name of each query that is run, `on_wait` with the seconds that each connection was
    waited for, `password` for each new connection, if it is given.
    """

    def __init__(
        self,
        url: str,
        pool_size: int = 10,
        on_query: OnQuery | None = None,
        on_wait: OnWait = lambda _: None,
        password: Password | None = None,
    ) -> None:
        self.on_query = on_query
        self._on_wait = on_wait
        self._pool = ConnectionPool(
            url,
            connection_class=BoundedConnection,
            kwargs=lambda: _arguments(password),
            min_size=1,
            max_size=pool_size,
            open=False,
            configure=_configure,
            check=self._check,
            timeout=POOL_TIMEOUT,
            reconnect_timeout=RECONNECT_SECONDS,
            name="postgres",
        )

    def open(self) -> None:
        """Starts to connect, without waiting for it."""
        self._pool.open()

    def close(self) -> None:
        self._pool.close()

    def __enter__(self) -> Database:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ping(self) -> None:
        """Raises if Postgres does not answer."""
        with self._connection() as connection:
            connection.execute("SELECT 1")

    def one(self, query: str, **params: Any) -> Row | None:
        """The first row, or None."""
        with self._queries() as queries:
            return queries.one(query, **params)

    def all(self, query: str, **params: Any) -> list[Row]:
        with self._queries() as queries:
            return queries.all(query, **params)

    def execute(self, query: str, **params: Any) -> int:
        """How many rows were changed."""
        with self._queries() as queries:
            return queries.execute(query, **params)

    @contextmanager
    def transaction(self) -> Iterator[Queries]:
        """All queries inside are committed together, or none if an exception leaves it."""
        with self._connection() as connection, connection.transaction():
            yield Queries(connection, self.on_query)

    @contextmanager
    def _queries(self) -> Iterator[Queries]:
        with self._connection() as connection:
            yield Queries(connection, self.on_query)

    @contextmanager
    def _connection(self) -> Iterator[BoundedConnection]:
        left, begun = deadline.remaining(), time.monotonic()
        with self._pool.connection(POOL_TIMEOUT if left is None else min(POOL_TIMEOUT, left)) as connection:
            self._on_wait(time.monotonic() - begun)
            yield connection

    def _check(self, connection: BoundedConnection) -> None:
        """Raises if the connection is of no use. Then the idle ones are replaced too: what broke one broke them all,
        and the pool would try them one after the other, with longer and longer pauses."""
        left = deadline.remaining()
        if left is not None and left <= 0:
            # The connection is good still, and goes back to the pool for the others.
            raise psycopg.OperationalError("no time is left to look at the connection")
        if connection.is_fresh:
            return
        connection.wait_limit = CHECK_LIMIT
        try:
            connection.execute("")
        except psycopg.Error:
            connection.close()
            # Of a caller whose own time was over nobody can know what is wrong with the connection, if anything.
            left = deadline.remaining()
            if left is None or left > 0:
                self._pool.drain()
            raise
        connection.wait_limit = WAIT_LIMIT


@contextmanager
def connected(url: str, password: Password | None = None) -> Iterator[Queries]:
    """The queries on one connection of its own, which ends with this. For who asks seldom."""
    with BoundedConnection.connect(url, **_arguments(password)) as connection:
        _configure(connection)
        yield Queries(connection)


@cache
def sql(query: str) -> bytes:
    """The text of db/sql/<query>.sql. Raises ValueError if there is no such query."""
    path = SQL_FOLDER / f"{query}.sql"
    if not _QUERY_NAME.fullmatch(query) or not path.is_file():
        raise ValueError(f"no query is called {query!r}")
    return path.read_bytes()


def _waiting_bytes(descriptor: int) -> int:
    """How much has come that nobody has read yet. Does not wait, under gevent neither."""
    return int.from_bytes(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)), sys.byteorder)


def secret_of(password: Password | None) -> dict[str, Any]:
    """What a new connection needs besides its address. A password is asked for anew, as it may have changed.

    Raises OperationalError if it cannot be had, so that who connects has one kind of trouble to reckon with.
    """
    try:
        return {"password": password()} if password else {}
    except Exception as error:
        raise psycopg.OperationalError(f"no password for Postgres: {type(error).__name__}") from error


def _arguments(password: Password | None) -> dict[str, Any]:
    return {"autocommit": True, "row_factory": dict_row, "connect_timeout": CONNECT_TIMEOUT, **secret_of(password)}


def _configure(connection: psycopg.Connection[Row]) -> None:
    connection.execute(f"SET statement_timeout = {STATEMENT_TIMEOUT_MS}")
