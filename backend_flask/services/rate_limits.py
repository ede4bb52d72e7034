"""How much one user may send. All processes share what is used up, by one row a user in Postgres.

Each limit is a generic cell rate algorithm (as in ITU-T I.371): the one instant at which it is whole again says all.
Taking one moves that instant by `pause`; nothing can be taken while it lies more than `slack` ahead.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from backend_flask.errors import RateLimited
from backend_flask.lib import db, deadline
from backend_flask.lib.breaker import Breaker
from backend_flask.lib.db import Database

log = logging.getLogger(__name__)

# Sending must not wait for what it can do without: a Postgres that is well answers within milliseconds.
WAIT_SECONDS = 0.3
PAUSE_AFTER_FAILURE_SECONDS = 5.0

T = TypeVar("T")


@dataclass(frozen=True)
class Limit:
    """`burst` at once, and then one more every `pause`."""

    burst: int
    pause: timedelta

    @property
    def slack(self) -> timedelta:
        return self.pause * (self.burst - 1)

    def wait(self, used: timedelta) -> int:
        """Whole seconds until one may be taken, if it takes so long until the limit is whole again; 0 if one may be."""
        return max(0, math.ceil((used - self.slack).total_seconds()))


MESSAGES = Limit(burst=60, pause=timedelta(seconds=1))
NEW_MESSAGE_GROUPS = Limit(burst=10, pause=timedelta(minutes=1))

_MESSAGE = {"message_pause": MESSAGES.pause, "message_slack": MESSAGES.slack}
_GROUP = {"group_pause": NEW_MESSAGE_GROUPS.pause, "group_slack": NEW_MESSAGE_GROUPS.slack}


class NoLimits:
    """For scripts, and where limits are off: everything may be taken."""

    def take_message(self, user_uuid: str) -> None:
        """One message. Raises RateLimited if there is none left."""

    def take_message_and_group(self, user_uuid: str) -> int:  # noqa: ARG002
        """One message and one new message group, or neither. Raises RateLimited if there is no message left.

        0, or in how many seconds there is a new message group again.
        """
        return 0

    def give_back_group(self, user_uuid: str) -> None:
        """The new message group that was taken last: it was not made."""


class RateLimits(NoLimits):
    """The limits as Postgres keeps them. When it fails, nobody is limited, and it is left alone for some seconds."""

    def __init__(self, database: Database, breaker: Breaker | None = None) -> None:
        self._db = database
        self._breaker = breaker or Breaker(PAUSE_AFTER_FAILURE_SECONDS)

    def take_message(self, user_uuid: str) -> None:
        if not self._take("rate_limits/take_message", user_uuid, **_MESSAGE):
            raise RateLimited(max(1, self._waits(user_uuid)[0]))

    def take_message_and_group(self, user_uuid: str) -> int:
        if self._take("rate_limits/take_message_and_group", user_uuid, **_MESSAGE, **_GROUP):
            return 0
        until_message, until_group = self._waits(user_uuid)
        if until_message:
            raise RateLimited(until_message)
        return max(1, until_group)

    def give_back_group(self, user_uuid: str) -> None:
        pause = NEW_MESSAGE_GROUPS.pause
        self._ask(lambda: self._db.execute("rate_limits/give_back_group", user_uuid=user_uuid, group_pause=pause), 0)

    def _take(self, query: str, user_uuid: str, **limits: timedelta) -> bool:
        return self._ask(lambda: self._db.execute(query, user_uuid=user_uuid, **limits), 1) == 1

    def _waits(self, user_uuid: str) -> tuple[int, int]:
        """Until there is a message, and a new message group. Asked apart, as the statement that takes does not see what
        others took while it waited for them."""
        used = self._ask(lambda: self._db.one("rate_limits/used", user_uuid=user_uuid), None)
        if used is None:
            return 0, 0
        return MESSAGES.wait(used["messages"]), NEW_MESSAGE_GROUPS.wait(used["message_groups"])

    def _ask(self, ask: Callable[[], T], otherwise: T) -> T:
        if not self._breaker.lets_through():
            return otherwise
        try:
            with deadline.within(WAIT_SECONDS):
                answer = ask()
        except db.Error as error:
            if self._breaker.failed():
                log.warning("rate_limits_fail_open", extra={"error": type(error).__name__})
            return otherwise
        if self._breaker.worked():
            log.info("rate_limits_hold_again")
        return answer
