"""No gap and no double: many days of a client whose connection breaks, whose hints get lost and whose table is late.

The day is played with a clock that goes on when somebody waits, so each takes some milliseconds.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import cast

import pytest

from backend_flask.lib.ddb_changes import Happened
from backend_flask.lib.ddb_items import milliseconds_of
from backend_flask.services import live_position, live_stream
from backend_flask.services.live import Listener
from backend_flask.services.live_stream import Event, Moved, Stream, key, last_event_id
from tests.happenings import PatientListener, Timeline, happened, message_at, read_at

DAYS = 60
CHANGES = 120
SECONDS = 1500.0
# A change whose record takes longer bears the time of when it is there.
PUNCTUAL_SECONDS = 25.0
LATE_SECONDS = 300.0


class Day:
    """What happens, and one client who wants to know it all."""

    def __init__(self, seed: int, timeline: Timeline) -> None:
        self.luck = random.Random(seed)  # noqa: S311
        self.timeline = timeline
        self.listener: PatientListener | None = None
        self.there: list[Happened] = []
        self.happened: list[str] = []
        self.fetched: set[str] = set()
        self.told: list[str] = []
        for at in (self.luck.uniform(1, SECONDS) for _ in range(CHANGES)):
            timeline.at(at, self.change)

    def change(self) -> None:
        now = self.timeline.ms
        change = read_at(now) if self.luck.random() < 0.2 else happened(message_at(now), now)
        self.happened.append(key(change))
        lag = self.luck.choice([self.luck.uniform(0, 1), self.luck.uniform(0, PUNCTUAL_SECONDS), LATE_SECONDS])
        self.timeline.at(self.timeline.seconds + lag, lambda: self.record(change, late=lag > PUNCTUAL_SECONDS))
        if self.luck.random() < 0.7:
            hint_at = self.timeline.seconds + self.luck.uniform(0, 3)
            self.timeline.at(hint_at, lambda: self.hint(change))

    def hint(self, change: Happened) -> None:
        if self.listener:
            self.listener.tell(change)

    def record(self, change: Happened, *, late: bool) -> None:
        at = read_at(self.timeline.ms).at_uuid if late else change.at_uuid
        self.there.append(replace(change, at_uuid=at))

    def catch_up(self, since_ms: int) -> list[Happened]:
        if self.luck.random() < 0.1:
            raise TimeoutError
        found = [each for each in self.there if milliseconds_of(each.at_uuid) > since_ms]
        return sorted(found, key=lambda each: each.at_uuid)

    def play(self) -> None:
        """The client's connection breaks after any part, and it comes back after a while."""
        last_id: str | None = None
        while self.timeline.seconds < SECONDS + 3 * LATE_SECONDS:
            self.listener = PatientListener(self.timeline)
            listener = cast(Listener, self.listener)
            stream = Stream(listener, last_event_id(last_id), self.catch_up, lambda _: None)
            for part in stream.parts():
                if self.luck.random() < 0.05 and not self.is_calm:
                    break
                if isinstance(part, Event | Moved):
                    last_id = part.id
                if isinstance(part, Event):
                    self.hear(part)
            self.listener = None
            self.timeline.go_on(0.1 if self.is_calm else self.luck.choice([0.1, 5, self.luck.uniform(0, 200)]))

    def hear(self, event: Event) -> None:
        if event.happened:
            self.told.append(key(event.happened))
        else:
            # Who is ready fetches the lists, and sees there what was before.
            self.fetched.update(self.happened)

    @property
    def is_calm(self) -> bool:
        """In the end, so that even the latest is told."""
        return self.timeline.seconds > SECONDS + LATE_SECONDS


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> list[Day]:
    days = []
    for seed in range(DAYS):
        timeline = Timeline()
        monkeypatch.setattr(live_stream, "time", timeline)
        monkeypatch.setattr(live_stream, "wall_clock_ms", lambda: timeline.ms)  # noqa: B023  # played before the next
        random.seed(seed)
        day = Day(seed, timeline)
        day.play()
        days.append(day)
    return days


def gaps(days: list[Day]) -> int:
    return sum(len(set(day.happened) - set(day.told) - day.fetched) for day in days)


def doubles(days: list[Day]) -> int:
    return sum(len(day.told) - len(set(day.told)) for day in days)


def test_whatever_breaks_each_change_is_told_exactly_once(play: list[Day]) -> None:
    assert sum(len(day.told) for day in play) > 0.9 * DAYS * CHANGES
    assert (gaps(play), doubles(play)) == (0, 0)


@pytest.fixture
def no_overlap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_stream, "OVERLAP_MS", 0)


@pytest.fixture
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_position.Position, "knows", lambda _, __: False)


@pytest.fixture
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_position, "MOST_KEYS", 2)


@pytest.mark.usefixtures("no_overlap")
def test_without_the_overlap_there_would_be_gaps(play: list[Day]) -> None:
    assert gaps(play) > 0


@pytest.mark.usefixtures("no_memory")
def test_without_the_keys_there_would_be_doubles_and_no_gaps(play: list[Day]) -> None:
    assert gaps(play) == 0
    assert doubles(play) > 0


@pytest.mark.usefixtures("short_memory")
def test_with_too_few_keys_there_are_doubles_and_never_gaps(play: list[Day]) -> None:
    assert gaps(play) == 0
    assert doubles(play) > 0
