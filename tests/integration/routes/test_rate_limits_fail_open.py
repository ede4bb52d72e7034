"""A Postgres that is away, hangs, is full or has no such table limits nobody, and nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from werkzeug.test import TestResponse

from backend_flask.lib.breaker import Breaker
from backend_flask.services.rate_limits import PAUSE_AFTER_FAILURE_SECONDS, RateLimits
from backend_flask.stores import EXTENSION
from tests.api import Api, Person, eventually
from tests.proxy import Stopwatch
from tests.tokens import Clock

Fault = Callable[["World"], AbstractContextManager[object]]


class World:
    """Somebody who has sent too much, while the limits still hold."""

    def __init__(self, api: Api, neighbours: Any, database_url: str) -> None:
        self.api, self.neighbours, self.database_url = api, neighbours, database_url
        self.clock = Clock()
        breaker = Breaker(PAUSE_AFTER_FAILURE_SECONDS, self.clock)
        api.app.extensions[EXTENSION] = replace(api.stores, limits=RateLimits(api.stores.db, breaker))
        self.londo: Person = api.person("londo")
        self.group = self.londo.send("hi", to=api.person("gkar"))["message_group_uuid"]
        self.sql("UPDATE rate_limits SET messages_whole_at = now() + interval '1 hour'")
        assert self.send().status_code == 429

    def sql(self, statement: str) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def send(self) -> TestResponse:
        return self.londo.post("/api/messages", {"message": "sent", "message_group_uuid": self.group})

    def tried_again(self) -> int:
        self.clock.now += PAUSE_AFTER_FAILURE_SECONDS
        return self.send().status_code


@pytest.fixture
def world(cut_off: Callable[..., Api], neighbours: Any, database_url: str) -> World:
    """With a database of its own, and one connection to it through a line that can be cut."""
    line = make_conninfo(database_url, host="127.0.0.1", port=neighbours.postgres.port)
    return World(cut_off(CONNECTION_URL=line, RATE_LIMITS="on", DB_POOL_SIZE="1"), neighbours, database_url)


@contextmanager
def away(world: World) -> Iterator[None]:
    world.neighbours.postgres.refuse()
    yield
    world.neighbours.postgres.answer()


@contextmanager
def hanging(world: World) -> Iterator[None]:
    world.neighbours.postgres.freeze()
    yield
    world.neighbours.postgres.answer()


@contextmanager
def busy(world: World) -> Iterator[None]:
    """Something else has the row, and keeps it."""
    with psycopg.connect(world.database_url) as connection:
        connection.execute("SELECT FROM rate_limits FOR UPDATE")
        yield


@contextmanager
def full(world: World) -> Iterator[None]:
    """All connections are in use."""
    with world.api.stores.db.transaction():
        yield


@contextmanager
def without_table(world: World) -> Iterator[None]:
    """The schema is older than the API."""
    world.sql("ALTER TABLE rate_limits RENAME TO gone")
    yield
    world.sql("ALTER TABLE gone RENAME TO rate_limits")


@pytest.mark.parametrize("fault", [away, hanging, busy, full, without_table])
def test_messages_are_sent_at_once_while_postgres_fails_and_limited_again_after_it(
    world: World, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "backend_flask.services.rate_limits")
    with fault(world):
        with Stopwatch(1):
            assert world.send().status_code == 200
        queries: list[str] = []
        world.api.stores.db.on_query = queries.append
        for _ in range(3):
            assert world.send().status_code == 200
        assert queries == [], "Postgres is left alone for a while"
    eventually(world.tried_again, wanted=429, seconds=5)
    assert world.send().status_code == 429
    ours = [record for record in caplog.records if record.name == "backend_flask.services.rate_limits"]
    *failures, last = [record.message for record in ours]
    assert (set(failures), last) == ({"rate_limits_not_shared"}, "rate_limits_shared_again")
