"""Messages that change, and a clock that goes on when somebody waits: a day of a stream in no time."""

from __future__ import annotations

import heapq
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from backend_flask.lib.ddb_changes import Happened
from backend_flask.lib.ddb_items import Message

START_MS = 1_795_290_189_000
_numbers = itertools.count(1)


def uuid_at(ms: int) -> str:
    """A new UUIDv7 of this millisecond."""
    return str(uuid.UUID(int=ms << 80 | 0x7 << 76 | 0b10 << 62 | next(_numbers)))


def message_at(ms: int, rev: int = 0, **more: object) -> Message:
    sender = {"user_uuid": "londo", "user_display_name": "Londo", "user_handle": "londo"}
    return Message("group", uuid_at(ms), **sender, message="hi", rev=rev, **more)  # type: ignore[arg-type]


def happened(message: Message, at_ms: int) -> Happened:
    return Happened.of(message, uuid_at(at_ms))


def read_at(ms: int) -> Happened:
    at = uuid_at(ms)
    return Happened.marker("group", at, at)


@dataclass
class Timeline:
    """Time goes on only while somebody waits, and what is due meanwhile is done. It stands in for the module `time`."""

    seconds: float = 0.0
    _due: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.seconds

    @property
    def ms(self) -> int:
        return START_MS + round(self.seconds * 1000)

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (seconds, next(_numbers), action))

    def step(self, until: float) -> None:
        """Goes on to the next thing that is due, or until then."""
        if not self._due or self._due[0][0] > until:
            self.seconds = max(self.seconds, until)
            return
        seconds, _, action = heapq.heappop(self._due)
        self.seconds = max(self.seconds, seconds)
        action()

    def go_on(self, seconds: float) -> None:
        until = self.seconds + seconds
        while self.seconds < until:
            self.step(until)


class PatientListener:
    """A listener for which time goes on when it waits."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.is_over = False
        self.look_at = 0.0
        self.untold: list[Happened] = []

    def tell(self, happened: Happened) -> None:
        self.untold.append(happened)

    def wait(self, until: float, *, for_what_is_untold: bool = True) -> None:
        def is_enough() -> bool:
            return self.is_over or bool(for_what_is_untold and self.untold)

        def is_due() -> bool:
            return is_enough() or self.timeline.seconds >= min(until, self.look_at)

        while not is_due():
            self.timeline.step(min(until, self.look_at))

    def take(self) -> list[Happened]:
        taken, self.untold = self.untold, []
        return taken
