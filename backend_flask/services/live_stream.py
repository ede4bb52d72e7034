"""What one listener is told, in which order, and where it goes on after a break: the life of one stream.

Each stream looks at the table when it begins, now and then, and whenever hints may have been lost; in between it is
told by the hub. Each event has a key (see `live_position`), and what a position knows already is not told again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from backend_flask.errors import Invalid
from backend_flask.lib.ddb_changes import Happened, TooMuchMissed
from backend_flask.lib.ddb_items import milliseconds_of
from backend_flask.lib.uuid7 import wall_clock_ms
from backend_flask.services.live import Listener
from backend_flask.services.live_position import Position, key_of

DAY_MS = 86_400_000
# So long the table remembers what has happened.
RESUME_DAYS = 7
# Longer than a change can take from the time that it bears until the table tells of it. What takes longer bears a
# later time.
OVERLAP_MS = 30_000
LOOK_SECONDS = 60.0
# If the table does not answer.
RETRY_LOOK_SECONDS = 5.0
HEARTBEAT_SECONDS = 15.0
LIFE_SECONDS = 600.0
# When a client is to come back: at once, but not all in the same instant.
COME_BACK_MS = (500, 3000)


@dataclass(frozen=True, slots=True)
class Event:
    """`id` is the position once this is told. `happened` is None of the events that only say where the stream is."""

    kind: str
    id: str
    happened: Happened | None = None


@dataclass(frozen=True, slots=True)
class Moved:
    """Nothing has happened, but the client should go on here."""

    id: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing, so that both sides notice when the other is gone."""


@dataclass(frozen=True, slots=True)
class ComeBack:
    """After how many milliseconds to connect again, once the stream ends."""

    milliseconds: int


Part = Event | Moved | Heartbeat | ComeBack


def last_event_id(text: str | None) -> Position | None:
    """Raises Invalid."""
    if text is None:
        return None
    try:
        return Position.parse(text)
    except ValueError:
        raise Invalid("last_event_id_invalid") from None


class Stream:
    """From `position`, or, without one, from now on; for no more than so many seconds.

    `catch_up` gives what has happened after an instant in milliseconds, oldest first. It may raise TooMuchMissed; and
    whatever else: then it is asked again later, and `complain` is told. `events` counts those that were told.
    """

    def __init__(
        self,
        listener: Listener,
        position: Position | None,
        catch_up: Callable[[int], list[Happened]],
        complain: Callable[[Exception], None],
        *,
        seconds: float = LIFE_SECONDS,
    ) -> None:
        self._listener = listener
        self._catch_up = catch_up
        self._complain = complain
        self._ends_at = time.monotonic() + min(seconds, LIFE_SECONDS * random.uniform(0.8, 1))  # noqa: S311
        # What the next look ends with, if it is the first: until then nothing is told.
        self._opening = "ready" if position is None else ""
        self._has_begun = False
        self._position = position or self._anew()
        if self._position.horizon < wall_clock_ms() - RESUME_DAYS * DAY_MS:
            self._reset()
        self.events = 0

    def parts(self) -> Iterator[Part]:
        yield ComeBack(random.randint(*COME_BACK_MS))  # noqa: S311
        spoken_at = time.monotonic()
        while not self._is_over:
            for part in self._next_parts():
                yield part
                spoken_at = time.monotonic()
            if time.monotonic() >= spoken_at + HEARTBEAT_SECONDS:
                yield Heartbeat()
                spoken_at = time.monotonic()
            until = min(spoken_at + HEARTBEAT_SECONDS, self._ends_at)
            self._listener.wait(until, for_what_is_untold=self._has_begun)
        yield ComeBack(random.randint(*COME_BACK_MS))  # noqa: S311

    @property
    def _is_over(self) -> bool:
        return self._listener.is_over or time.monotonic() >= self._ends_at

    def _next_parts(self) -> Iterator[Part]:
        if time.monotonic() >= self._listener.look_at:
            yield from self._look()
        if self._has_begun:
            for happened in self._listener.take():
                yield from self._tell(happened)

    def _look(self) -> Iterator[Part]:
        began = wall_clock_ms()
        # Before it begins: who asks for a look from now on wants another.
        self._listener.look_at = _after(LOOK_SECONDS)
        try:
            found = self._catch_up(self._position.horizon)
        except TooMuchMissed:
            # Of the little that lies within the overlap, nothing is known then: it may be told once more.
            found = []
            self._reset()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next look may find all
            self._complain(error)
            self._listener.look_at = _after(RETRY_LOOK_SECONDS)
            return
        if self._opening:
            for happened in found:
                self._position.note(key(happened))
        for happened in found:
            yield from self._tell(happened)
        self._position.advance(
            max(self._position.horizon, began - OVERLAP_MS),
            {key(happened): milliseconds_of(happened.at_uuid) for happened in found},
        )
        yield self._event(self._opening) if self._opening else Moved(str(self._position))
        self._opening, self._has_begun = "", True

    def _tell(self, happened: Happened) -> Iterator[Part]:
        own_key = key(happened)
        if not self._position.knows(own_key):
            self._position.note(own_key)
            yield self._event(happened.kind, happened)

    def _event(self, kind: str, happened: Happened | None = None) -> Event:
        self.events += 1
        return Event(kind, str(self._position), happened)

    def _reset(self) -> None:
        self._opening, self._position = self._opening or "reset", self._anew()

    def _anew(self) -> Position:
        return Position(wall_clock_ms() - OVERLAP_MS)


def key(happened: Happened) -> str:
    """The same for one version of a message, or one place of a read marker, on whichever way it comes."""
    return key_of(*happened.version)


def _after(seconds: float) -> float:
    return time.monotonic() + seconds * random.uniform(0.8, 1.2)  # noqa: S311
