"""The limits on a real Postgres. Inside a transaction its clock stands still, so that every number is exact."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import psycopg
import pytest
from psycopg.rows import dict_row

from backend_flask.errors import RateLimited
from backend_flask.lib.db import Database, Queries, Row
from backend_flask.services import rate_limits
from backend_flask.services.rate_limits import MESSAGES, NEW_MESSAGE_GROUPS, NoLimits, RateLimits


@dataclass(frozen=True)
class Instant:
    """A transaction. Time passes only for one user, and only when it is told to."""

    connection: psycopg.Connection[Row]

    @property
    def queries(self) -> Queries:
        return Queries(self.connection)

    @property
    def limits(self) -> RateLimits:
        return RateLimits(cast(Database, self.queries))

    def used(self, user: str) -> Row | None:
        return self.queries.one("rate_limits/until_whole", user_uuid=user)

    def passes(self, seconds: float, user: str) -> None:
        self.connection.execute(
            "UPDATE rate_limits SET messages_whole_at = messages_whole_at - make_interval(secs => %(seconds)s),"
            " message_groups_whole_at = message_groups_whole_at - make_interval(secs => %(seconds)s)"
            " WHERE user_uuid = %(user)s",
            {"seconds": seconds, "user": user},
        )


@pytest.fixture
def instant(database_url: str) -> Iterator[Instant]:
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        yield Instant(connection)


@pytest.fixture
def me() -> str:
    return str(uuid.uuid4())


def messages_taken(limits: RateLimits, user: str, most: int = 1000) -> tuple[int, int]:
    """How many messages could be taken, and how long it was to wait then."""
    for taken in range(most):
        try:
            limits.take_message(user)
        except RateLimited as refused:
            return taken, refused.retry_after
    return most, 0


def groups_taken(limits: RateLimits, user: str) -> tuple[int, int]:
    """The same of new message groups, each with its first message."""
    for taken in range(100):
        if wait := wait_for_a_group(limits, user):
            return taken, wait
    return 100, 0


def wait_for_a_group(limits: NoLimits, user: str) -> int:
    """0 if one was taken."""
    try:
        limits.take_message_and_group(user)
    except RateLimited as refused:
        return refused.retry_after
    return 0


def test_of_messages_a_burst_may_be_sent_and_then_one_each_second(instant: Instant, me: str) -> None:
    assert messages_taken(instant.limits, me) == (60, 1)
    for passed, more in ((0.5, 0), (0.5, 1), (7.5, 7), (0.5, 1), (3600, 60)):
        instant.passes(passed, me)
        assert messages_taken(instant.limits, me) == (more, 1)


def test_of_new_groups_a_burst_may_be_made_and_then_one_each_minute(instant: Instant, me: str) -> None:
    assert groups_taken(instant.limits, me) == (10, 60)
    for passed, more, wait in ((18.5, 0, 42), (41.5, 1, 60), (150, 2, 30), (3600, 10, 60)):
        instant.passes(passed, me)
        assert groups_taken(instant.limits, me) == (more, wait)


def test_a_group_counts_as_a_message_too(instant: Instant, me: str) -> None:
    assert groups_taken(instant.limits, me)[0] == 10
    assert messages_taken(instant.limits, me) == (50, 1)
    with pytest.raises(RateLimited):
        instant.limits.take_message_and_group(me)


def test_what_is_refused_takes_nothing_of_either_limit(instant: Instant, me: str) -> None:
    groups_taken(instant.limits, me)
    before = instant.used(me)
    assert wait_for_a_group(instant.limits, me) == 60
    assert instant.used(me) == before
    messages_taken(instant.limits, me)
    instant.limits._give_back_group(me)
    before = instant.used(me)
    for take in (instant.limits.take_message_and_group, instant.limits.take_message):
        with pytest.raises(RateLimited):
            take(me)
    assert instant.used(me) == before


def test_a_group_that_is_given_back_can_be_taken_again_and_its_message_not(instant: Instant, me: str) -> None:
    for _ in range(30):
        instant.limits.take_message_and_group(me)()
    used = instant.used(me)
    assert used
    assert used["messages"] == 30 * MESSAGES.pause
    assert groups_taken(instant.limits, me)[0] == 10


def test_giving_back_adds_nothing_to_a_whole_burst(instant: Instant, me: str) -> None:
    instant.limits._give_back_group(me)
    instant.limits.take_message(me)
    for _ in range(3):
        instant.limits._give_back_group(me)
    assert groups_taken(instant.limits, me)[0] == 10


def test_one_user_takes_nothing_from_another(instant: Instant, me: str) -> None:
    messages_taken(instant.limits, me)
    assert messages_taken(instant.limits, str(uuid.uuid4())) == (60, 1)


def test_an_update_of_a_row_touches_no_index(instant: Instant, me: str) -> None:
    messages_taken(instant.limits, me, most=21)
    counted = instant.connection.execute(
        "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'rate_limits'"
    ).fetchone()
    assert counted == {"n_tup_upd": 20, "n_tup_hot_upd": 20}


def test_many_at_once_never_take_more_than_there_is(
    db: Database, database_url: str, me: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A machine that is busy must not look like a Postgres that fails.
    monkeypatch.setattr(rate_limits, "WAIT_SECONDS", 5)
    friend = str(uuid.uuid4())
    with Database(database_url) as another, ThreadPoolExecutor(8) as threads:
        both = (RateLimits(db), RateLimits(another))
        begun = time.monotonic()
        took = list(threads.map(lambda number: messages_taken(both[number % 2], me, 25)[0], range(8)))
        passed = time.monotonic() - begun
        waits = list(threads.map(lambda number: wait_for_a_group(both[number % 2], friend), range(24)))
    assert MESSAGES.burst <= sum(took) <= MESSAGES.burst + passed + 1
    assert waits.count(0) == NEW_MESSAGE_GROUPS.burst
    assert all(50 < wait <= 60 for wait in waits if wait)
