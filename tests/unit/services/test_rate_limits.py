"""The arithmetic of a limit, and what happens when its store fails."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any, cast

import psycopg
import pytest

from backend_flask.errors import RateLimited
from backend_flask.lib import deadline
from backend_flask.lib.breaker import Breaker
from backend_flask.lib.db import Database
from backend_flask.services.rate_limits import (
    MESSAGES,
    NEW_MESSAGE_GROUPS,
    PAUSE_AFTER_FAILURE_SECONDS,
    WAIT_SECONDS,
    Limit,
    LimitsOfOneProcess,
    NoLimits,
    RateLimits,
)
from tests.tokens import Clock

ME = "00000000-0000-7000-8000-000000000001"


class Store:
    """Counts what it is asked, and fails or changes no row as it is told. `used` are seconds."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.left: list[float | None] = []
        self.error: Exception | None = None
        self.changes = 1
        self.used: tuple[float, float] | None = (0, 0)

    def execute(self, query: str, **_: Any) -> int:
        self._ask(query)
        return self.changes

    def one(self, query: str, **_: Any) -> dict[str, timedelta] | None:
        self._ask(query)
        if self.used is None:
            return None
        messages, groups = self.used
        return {"messages": timedelta(seconds=messages), "message_groups": timedelta(seconds=groups)}

    def _ask(self, query: str) -> None:
        self.asked.append(query.removeprefix("rate_limits/"))
        self.left.append(deadline.remaining())
        if self.error:
            raise self.error


class World:
    def __init__(self) -> None:
        self.store, self.clock = Store(), Clock()
        self.limits = RateLimits(cast(Database, self.store), Breaker(PAUSE_AFTER_FAILURE_SECONDS, self.clock))

    def refused(self, messages: float, groups: float = 0) -> None:
        self.store.changes, self.store.used = 0, (messages, groups)


@pytest.fixture
def world() -> World:
    return World()


def test_the_limits_are_those_that_are_promised() -> None:
    assert (MESSAGES.burst, MESSAGES.pause) == (60, timedelta(seconds=1))
    assert (NEW_MESSAGE_GROUPS.burst, NEW_MESSAGE_GROUPS.pause) == (10, timedelta(minutes=1))


@pytest.mark.parametrize(
    ("used", "wait"),
    [(-1e9, 0), (0, 0), (6, 0), (6.000_001, 1), (7, 1), (7.1, 2), (9, 3), (600, 594)],
)
def test_one_may_be_taken_while_the_rest_of_the_burst_is_used_up(used: float, wait: int) -> None:
    assert Limit(burst=3, pause=timedelta(seconds=3)).wait(timedelta(seconds=used)) == wait


def test_a_message_that_may_be_sent_costs_one_query(world: World) -> None:
    world.limits.take_message(ME)
    world.limits.take_message_and_group(ME)
    world.limits.take_message_and_group(ME)()
    assert world.store.asked == ["take_message", "take_message_and_group", "take_message_and_group", "give_back_group"]


@pytest.mark.parametrize(("used", "wait"), [(59.5, 1), (60, 1), (61.2, 3), (58, 1)])
def test_a_message_too_many_is_refused_with_the_time_to_wait(world: World, used: float, wait: int) -> None:
    """Of 58 seconds one could be taken again: the instant has passed between the two queries."""
    world.refused(used)
    with pytest.raises(RateLimited) as refused:
        world.limits.take_message(ME)
    assert refused.value.retry_after == wait


def wait_for_a_group(limits: NoLimits) -> int:
    """0 if one was taken."""
    try:
        limits.take_message_and_group(ME)
    except RateLimited as refused:
        return refused.retry_after
    return 0


def test_of_two_limits_the_longer_wait_counts(world: World) -> None:
    for used, wait in (((61, 599), 59), ((61, 10), 2), ((700, 599), 641), ((10, 599), 59), ((10, 540), 1)):
        world.refused(*used)
        assert wait_for_a_group(world.limits) == wait


def test_a_row_that_has_just_gone_is_worth_a_second(world: World) -> None:
    world.store.changes, world.store.used = 0, None
    with pytest.raises(RateLimited) as refused:
        world.limits.take_message(ME)
    assert refused.value.retry_after == wait_for_a_group(world.limits) == 1


def test_the_store_gets_a_part_of_the_time_of_the_request(world: World) -> None:
    deadline.start(5)
    world.limits.take_message(ME)
    left, after = world.store.left[0], deadline.remaining()
    deadline.clear()
    assert left is not None
    assert WAIT_SECONDS - 0.1 < left <= WAIT_SECONDS
    assert after is not None
    assert after > 4


ERRORS = [psycopg.OperationalError(), psycopg.errors.UndefinedTable(), psycopg.errors.ReadOnlySqlTransaction(),
          psycopg.errors.DiskFull(), psycopg.errors.TooManyConnections()]  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_store_that_fails_stops_nobody_and_is_left_alone(
    world: World, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    world.store.error = error
    for _ in range(3):
        world.limits.take_message(ME)
        world.limits.take_message_and_group(ME)
        world.limits.take_message_and_group(ME)()
    assert world.store.asked == ["take_message"]
    world.clock.now += PAUSE_AFTER_FAILURE_SECONDS
    world.limits.take_message(ME)
    assert len(world.store.asked) == 2
    assert [record.message for record in caplog.records] == ["rate_limits_not_shared"] * 2

    world.store.error = None
    world.refused(61)
    world.limits.take_message(ME)
    world.clock.now += PAUSE_AFTER_FAILURE_SECONDS
    with pytest.raises(RateLimited):
        world.limits.take_message(ME)
    assert [record.message for record in caplog.records] == [
        "rate_limits_not_shared",
        "rate_limits_not_shared",
        "rate_limits_shared_again",
    ]


def test_a_refusal_holds_when_nobody_can_say_for_how_long(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.store.changes = 0

    def fail(*_: Any, **__: Any) -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr(world.store, "one", fail)
    with pytest.raises(RateLimited) as refused:
        world.limits.take_message(ME)
    assert refused.value.retry_after == 1


def test_what_is_no_failure_of_postgres_is_not_hidden(world: World) -> None:
    world.store.error = ValueError("no query is called so")
    with pytest.raises(ValueError, match="no query"):
        world.limits.take_message(ME)


def test_without_limits_everything_may_be_taken() -> None:
    limits = NoLimits()
    limits.take_message(ME)
    limits.take_message_and_group(ME)()
    assert wait_for_a_group(limits) == 0


@pytest.fixture
def alone(world: World) -> RateLimits:
    """The limits while Postgres fails, by the same clock."""
    world.store.error = psycopg.OperationalError()
    breaker = Breaker(PAUSE_AFTER_FAILURE_SECONDS, world.clock)
    return RateLimits(cast(Database, world.store), breaker, LimitsOfOneProcess(world.clock))


def test_while_the_store_fails_each_process_counts_by_itself(world: World, alone: RateLimits) -> None:
    for _ in range(MESSAGES.burst):
        alone.take_message(ME)
    with pytest.raises(RateLimited) as refused:
        alone.take_message(ME)
    assert refused.value.retry_after == 1
    alone.take_message("somebody else")
    world.clock.now += 2
    alone.take_message(ME)
    alone.take_message(ME)
    with pytest.raises(RateLimited):
        alone.take_message(ME)


def test_while_the_store_fails_new_groups_are_counted_too_and_given_back(world: World, alone: RateLimits) -> None:
    for _ in range(30):
        alone.take_message_and_group(ME)()
    world.clock.now += 60
    assert [wait_for_a_group(alone) for _ in range(12)] == [0] * 10 + [60, 60]
    world.clock.now += 60
    assert [wait_for_a_group(alone) for _ in range(2)] == [0, 60]


def test_while_the_store_fails_what_is_refused_takes_nothing_of_either_limit(world: World, alone: RateLimits) -> None:
    for _ in range(10):
        alone.take_message_and_group(ME)
    for _ in range(100):
        assert wait_for_a_group(alone) == 60
    for _ in range(50):
        alone.take_message(ME)
    world.clock.now += 540
    for _ in range(60):
        alone.take_message(ME)
    for _ in range(100):
        assert wait_for_a_group(alone) == 1
    world.clock.now += 1
    for _ in range(9):
        assert wait_for_a_group(alone) == 0
        world.clock.now += 1


def test_what_was_taken_alone_is_not_given_back_to_all(world: World, alone: RateLimits) -> None:
    give_back = alone.take_message_and_group(ME)
    world.store.error = None
    world.clock.now += PAUSE_AFTER_FAILURE_SECONDS
    alone.take_message(ME)
    give_back()
    assert "give_back_group" not in world.store.asked
