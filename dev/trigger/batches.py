"""Lambda's rules for a batch of stream records: partial failures, bisecting, a limit of attempts. No engine here.

Sources: AWS Lambda Developer Guide, "Configuring partial batch response with DynamoDB and Lambda" and
"Retain discarded records for a DynamoDB event source in Lambda":
- what lies before the lowest failed record is done, and only the rest is tried again;
- a batch that fails whole is split in two, and the halves are tried one after the other;
- splitting does not count as an attempt, so only a record that stands alone uses attempts up;
- a record that has used them up is given up, and the ones behind it go on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dev.trigger.event import Record
from dev.trigger.invoke import Invoke

FIRST_WAIT = 0.1
LONGEST_WAIT = 2.0


@dataclass(frozen=True)
class Step:
    """What one invocation brought."""

    done: Sequence[Record] = field(default_factory=list)
    given_up: Record | None = None
    attempts: int = 0
    error: str = ""
    wait: float = 0.0

    @property
    def passed(self) -> Sequence[Record]:
        """The records that need no further attempt, in order."""
        return self.done if self.given_up is None else [self.given_up]


class Delivery:
    """The records of one read of one shard, on their way through the function in order.

    `may_give_up` is asked before a record is given up. While it says no, the record is tried without end: a
    neighbour that is away says nothing about the record.
    """

    def __init__(self, records: Sequence[Record], max_attempts: int, may_give_up: Callable[[], bool]) -> None:
        self._parts = deque([records])
        self._attempts = 0
        self._max_attempts = max_attempts
        self._may_give_up = may_give_up

    @property
    def is_finished(self) -> bool:
        return not self._parts

    def step(self, invoke: Invoke) -> Step:
        """Invokes the function once, with the next part."""
        part = self._parts.popleft()
        verdict = invoke(part)
        if verdict.first_failed is None:
            self._attempts = 0
            return Step(done=part)
        if verdict.first_failed > 0:
            self._parts.appendleft(part[verdict.first_failed :])
            return Step(done=part[: verdict.first_failed], error=verdict.error)
        if len(part) > 1:
            self._bisect(part)
            return Step(error=verdict.error)
        return self._try_again_or_give_up(part, verdict.error)

    def _bisect(self, part: Sequence[Record]) -> None:
        middle = len(part) // 2
        self._parts.extendleft([part[middle:], part[:middle]])

    def _try_again_or_give_up(self, part: Sequence[Record], error: str) -> Step:
        self._attempts += 1
        attempts = self._attempts
        if attempts >= self._max_attempts and self._may_give_up():
            self._attempts = 0
            return Step(given_up=part[0], attempts=attempts, error=error)
        self._parts.appendleft(part)
        return Step(attempts=attempts, error=error, wait=min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(attempts - 1, 10)))
