"""How much one user may send. All processes share what is used up, by one row a user in Postgres.

Each limit is a generic cell rate algorithm (as in ITU-T I.371): the one instant at which it is whole again says all.
Taking one moves that instant by `pause`; nothing can be taken while it lies more than `slack` ahead.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from cachetools import TTLCache

from backend_flask.errors import RateLimited
from backend_flask.lib import db, deadline
from backend_flask.lib.breaker import Breaker
from backend_flask.lib.db import Database

log = logging.getLogger(__name__)

# Sending must not wait for what it can do without: a Postgres that is well answers within milliseconds.
WAIT_SECONDS = 0.3
PAUSE_AFTER_FAILURE_SECONDS = 5.0
USERS_OF_ONE_PROCESS = 100_000

T = TypeVar("T")


@dataclass(frozen=True)
class Limit:
    """`burst` at once, and then one more every `pause`."""

    burst: int
    pause: timedelta

    @property
    def slack(self) -> timedelta:
        return self.pause * (self.burst - 1)

    def wait(self, until_whole: timedelta) -> int:
        """Whole seconds to wait for the next one, where the limit is whole again after this; 0 if there is one now."""
        return max(0, math.ceil((until_whole - self.slack).total_seconds()))


MESSAGES = Limit(burst=60, pause=timedelta(seconds=1))
NEW_MESSAGE_GROUPS = Limit(burst=10, pause=timedelta(minutes=1))

_MESSAGE = {"message_pause": MESSAGES.pause, "message_slack": MESSAGES.slack}
_GROUP = {"group_pause": NEW_MESSAGE_GROUPS.pause, "group_slack": NEW_MESSAGE_GROUPS.slack}


class NoLimits:
    """For scripts, and where limits are off: everything may be taken."""

    def take_message(self, user_uuid: str) -> None:
        """One message. Raises RateLimited if there is none left."""

    def take_message_and_group(self, user_uuid: str) -> Callable[[], None]:  # noqa: ARG002
        """One message and one new message group, or neither. What it gives gives the group back where it was taken.

        Raises RateLimited if there are not both left.
        """
        return lambda: None


class LimitsOfOneProcess(NoLimits):
    """What stands in for the shared limits: each process counts what it lets through itself. `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        forgotten_after = NEW_MESSAGE_GROUPS.burst * NEW_MESSAGE_GROUPS.pause.total_seconds()
        self._whole_at: TTLCache[tuple[str, Limit], float] = TTLCache(USERS_OF_ONE_PROCESS, forgotten_after, clock)

    def take_message(self, user_uuid: str) -> None:
        with self._lock:
            self._take(user_uuid, MESSAGES)

    def take_message_and_group(self, user_uuid: str) -> Callable[[], None]:
        with self._lock:
            self._take(user_uuid, MESSAGES, NEW_MESSAGE_GROUPS)
        return lambda: self._give_back_group(user_uuid)

    def _give_back_group(self, user_uuid: str) -> None:
        with self._lock:
            self._move(user_uuid, NEW_MESSAGE_GROUPS, -1)

    def _take(self, user_uuid: str, *limits: Limit) -> None:
        wait = max(self._wait(user_uuid, limit) for limit in limits)
        if wait:
            raise RateLimited(wait)
        for limit in limits:
            self._move(user_uuid, limit, 1)

    def _wait(self, user_uuid: str, limit: Limit) -> int:
        return limit.wait(timedelta(seconds=self._whole_at.get((user_uuid, limit), 0) - self._clock()))

    def _move(self, user_uuid: str, limit: Limit, by: int) -> None:
        whole_at = max(self._whole_at.get((user_uuid, limit), 0), self._clock())
        self._whole_at[user_uuid, limit] = whole_at + by * limit.pause.total_seconds()


class RateLimits(NoLimits):
    """The limits as Postgres keeps them. When it fails or is too slow, it is left alone for some seconds, and `alone`
    stands in for it."""

    def __init__(self, database: Database, breaker: Breaker | None = None, alone: NoLimits | None = None) -> None:
        self._db = database
        self._breaker = breaker or Breaker(PAUSE_AFTER_FAILURE_SECONDS)
        self._alone = alone or LimitsOfOneProcess()

    def take_message(self, user_uuid: str) -> None:
        taken = self._take("rate_limits/take_message", user_uuid, **_MESSAGE)
        if taken is None:
            self._alone.take_message(user_uuid)
        elif not taken:
            raise RateLimited(max(1, self._waits(user_uuid)[0]))

    def take_message_and_group(self, user_uuid: str) -> Callable[[], None]:
        taken = self._take("rate_limits/take_message_and_group", user_uuid, **_MESSAGE, **_GROUP)
        if taken is None:
            return self._alone.take_message_and_group(user_uuid)
        if not taken:
            raise RateLimited(max(1, *self._waits(user_uuid)))
        return lambda: self._give_back_group(user_uuid)

    def _give_back_group(self, user_uuid: str) -> None:
        pause = NEW_MESSAGE_GROUPS.pause
        self._ask(lambda: self._db.execute("rate_limits/give_back_group", user_uuid=user_uuid, group_pause=pause))

    def _take(self, query: str, user_uuid: str, **limits: timedelta) -> bool | None:
        """None if Postgres cannot say."""
        changed = self._ask(lambda: self._db.execute(query, user_uuid=user_uuid, **limits))
        return None if changed is None else changed == 1

    def _waits(self, user_uuid: str) -> tuple[int, int]:
        """In how many seconds a message and a new message group are allowed again. A query of its own, because the
        statement that takes does not see what others took while it waited for them."""
        left = self._ask(lambda: self._db.one("rate_limits/until_whole", user_uuid=user_uuid))
        if left is None:
            return 0, 0
        return MESSAGES.wait(left["messages"]), NEW_MESSAGE_GROUPS.wait(left["message_groups"])

    def _ask(self, ask: Callable[[], T]) -> T | None:
        """None if Postgres does not answer, or is left alone."""
        if not self._breaker.lets_through():
            return None
        try:
            with deadline.within(WAIT_SECONDS):
                answer = ask()
        except db.Error as error:
            if self._breaker.failed():
                log.warning("rate_limits_not_shared", extra={"error": type(error).__name__})
            return None
        if self._breaker.worked():
            log.info("rate_limits_shared_again")
        return answer
