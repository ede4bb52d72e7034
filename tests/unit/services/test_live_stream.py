"""The life of one stream, with a clock that goes on when the stream waits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any, cast

import pytest

from backend_flask.errors import Invalid
from backend_flask.lib.ddb_changes import Happened, TooMuchMissed
from backend_flask.lib.ddb_items import milliseconds_of
from backend_flask.services import live_stream
from backend_flask.services.live import Listener
from backend_flask.services.live_position import Position
from backend_flask.services.live_stream import (
    LIFE_SECONDS,
    OVERLAP_MS,
    RESUME_DAYS,
    ComeBack,
    Event,
    Heartbeat,
    Moved,
    Part,
    Stream,
    last_event_id,
)
from tests.happenings import START_MS, PatientListener, Timeline, happened, message_at, read_at

DAY_MS = 86_400_000
A_MINUTE_AGO = START_MS - 60_000


class Stage:
    """A stream, what the table would find, and what it is told meanwhile."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.listener = PatientListener(timeline)
        self.found: list[Happened] = []
        self.raises: list[Exception] = []
        self.looks: list[tuple[float, int]] = []
        self.complaints: list[Exception] = []

    def catch_up(self, since_ms: int) -> list[Happened]:
        self.looks.append((self.timeline.seconds, since_ms))
        if self.raises:
            raise self.raises.pop(0)
        return [each for each in self.found if milliseconds_of(each.at_uuid) > since_ms]

    def stream(self, position: Position | None = None, **more: float) -> Stream:
        return Stream(cast(Listener, self.listener), position, self.catch_up, self.complaints.append, **more)

    def parts(self, many: int, position: Position | None = None, **more: float) -> list[Part]:
        """The first so many, after the one that says when to come back."""
        _, *parts = itertools.islice(self.stream(position, **more).parts(), many + 1)
        return parts


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    timeline = Timeline()
    monkeypatch.setattr(live_stream, "time", timeline)
    monkeypatch.setattr(live_stream, "wall_clock_ms", lambda: timeline.ms)
    return Stage(timeline)


def told(parts: list[Part]) -> list[Any]:
    """What a client hears of it."""
    return [part.happened or part.kind for part in parts if isinstance(part, Event)]


def last_id(parts: list[Part]) -> Position:
    position = last_event_id([part.id for part in parts if isinstance(part, Event | Moved)][-1])
    assert position
    return position


def test_the_first_bytes_come_before_anything_is_asked(stage: Stage) -> None:
    first = next(iter(stage.stream().parts()))
    assert isinstance(first, ComeBack)
    assert stage.looks == []


def test_who_comes_for_the_first_time_is_told_to_fetch_the_lists_and_nothing_of_before(stage: Stage) -> None:
    stage.found = [happened(message_at(START_MS - 10), START_MS - 10)]
    parts = stage.parts(1)
    assert told(parts) == ["ready"]
    assert stage.looks == [(0, START_MS - OVERLAP_MS)]
    later = Stage(stage.timeline)
    later.found = stage.found
    assert told(later.parts(1, last_id(parts))) == []


def test_who_comes_back_is_told_what_was_missed_in_its_order(stage: Stage) -> None:
    stage.found = [happened(message_at(START_MS - 900 + at), START_MS - 900 + at) for at in range(3)]
    parts = stage.parts(4, Position(A_MINUTE_AGO))
    assert stage.looks == [(0, A_MINUTE_AGO)]
    assert told(parts) == stage.found
    assert isinstance(parts[3], Moved)
    assert last_id(parts).horizon == START_MS - OVERLAP_MS


def test_what_is_known_is_not_told_again_after_any_break(stage: Stage) -> None:
    """Whatever the last id is that the client has got."""
    stage.found = [happened(message_at(START_MS - 900 + at), START_MS - 900 + at) for at in range(3)]
    whole = stage.parts(4, Position(A_MINUTE_AGO))
    for cut in range(1, 5):
        again = Stage(stage.timeline)
        again.found = stage.found
        assert told(whole[:cut] + again.parts(4 - min(cut, 3), last_id(whole[:cut]))) == stage.found, cut


def test_what_is_told_meanwhile_waits_until_the_missed_is_told(stage: Stage) -> None:
    missed, new = (happened(message_at(START_MS + at), START_MS + at) for at in (-900, 0))
    stage.found = [missed]
    stage.listener.tell(new)
    assert told(stage.parts(3, Position(A_MINUTE_AGO))) == [missed, new]


def test_a_change_comes_once_whether_by_hint_or_by_look(stage: Stage) -> None:
    message = message_at(START_MS + 1000)
    stage.timeline.at(1, lambda: stage.listener.tell(happened(message, START_MS + 1000)))
    stage.timeline.at(2, lambda: stage.listener.tell(happened(message, START_MS + 1000)))
    stage.timeline.at(3, lambda: stage.found.append(happened(message, START_MS + 1001)))
    parts = stage.parts(30)
    assert [each if each == "ready" else each.message for each in told(parts)] == ["ready", message]
    assert len(stage.looks) > 2


def test_another_version_and_another_read_marker_are_told(stage: Stage) -> None:
    message = message_at(START_MS)
    edited = Happened.of(replace(message, rev=1))
    changes = [happened(message, START_MS), edited, read_at(START_MS), read_at(START_MS + 1)]
    for change in changes:
        stage.listener.tell(change)
    assert told(stage.parts(5)) == ["ready", *changes]


def test_a_hint_that_was_lost_is_made_up_for_within_the_time_of_a_look(stage: Stage) -> None:
    lost = happened(message_at(START_MS + 1000), START_MS + 1000)
    stage.timeline.at(1, lambda: stage.found.append(lost))
    parts = stage.parts(7)
    assert told(parts) == ["ready", lost]
    assert len(stage.looks) == 2
    assert stage.looks[1][0] <= 72


def test_a_silent_stream_has_a_heartbeat_and_moves_the_id_forward(stage: Stage) -> None:
    parts = stage.parts(13)
    beats = [part for part in parts if isinstance(part, Heartbeat)]
    moves = [part for part in parts if isinstance(part, Moved)]
    assert len(beats) >= 8
    assert len(moves) >= 2
    assert last_id(parts).horizon >= START_MS + 90_000 - OVERLAP_MS


def test_the_silence_is_never_longer_than_a_heartbeat(stage: Stage) -> None:
    spoken_at = 0.0
    for _ in itertools.islice(stage.stream().parts(), 40):
        assert stage.timeline.seconds - spoken_at <= 15.01
        spoken_at = stage.timeline.seconds


@pytest.mark.parametrize(("seconds", "least", "most"), [(1e9, 0.8 * LIFE_SECONDS, LIFE_SECONDS), (33, 33, 33)])
def test_a_stream_ends_after_some_minutes_or_with_the_token(
    stage: Stage, seconds: float, least: float, most: float
) -> None:
    *_, last = stage.stream(seconds=seconds).parts()
    assert least <= stage.timeline.seconds <= most
    assert isinstance(last, ComeBack)
    assert 500 <= last.milliseconds <= 3000


def test_a_token_whose_time_is_over_gets_a_stream_that_is(stage: Stage) -> None:
    assert [type(part) for part in stage.stream(seconds=-1).parts()] == [ComeBack, ComeBack]
    assert stage.looks == []


def test_a_stream_that_is_ended_says_when_to_come_back(stage: Stage) -> None:
    stage.timeline.at(5, lambda: setattr(stage.listener, "is_over", True))
    *_, last = stage.stream().parts()
    assert isinstance(last, ComeBack)
    assert stage.timeline.seconds == 5


def test_a_table_that_does_not_answer_ends_nothing_and_is_asked_again_soon(stage: Stage) -> None:
    """Nothing is told before what was missed, so that it stays in order."""
    missed, new = (happened(message_at(START_MS + at), START_MS + at) for at in (-900, 0))
    stage.raises, stage.found = [TimeoutError("one"), OSError("two")], [missed]
    stage.listener.tell(new)
    parts = stage.parts(3, Position(A_MINUTE_AGO))
    assert told(parts) == [missed, new]
    assert [type(error) for error in stage.complaints] == [TimeoutError, OSError]
    assert 8 <= stage.timeline.seconds <= 12
    assert [since for _, since in stage.looks] == [A_MINUTE_AGO] * 3


def test_a_look_that_fails_later_leaves_the_stream_as_it_is(stage: Stage) -> None:
    stage.timeline.at(1, lambda: stage.raises.append(TimeoutError()))
    new = happened(message_at(START_MS), START_MS)
    stage.timeline.at(75, lambda: stage.listener.tell(new))
    assert new in told(stage.parts(10))
    assert len(stage.complaints) == 1


def test_who_was_away_for_too_long_begins_anew(stage: Stage) -> None:
    stage.found = [happened(message_at(START_MS - 10), START_MS - 10)]
    parts = stage.parts(1, Position(START_MS - RESUME_DAYS * DAY_MS - 1))
    assert told(parts) == ["reset"]
    assert stage.looks == [(0, START_MS - OVERLAP_MS)]


def test_who_missed_too_much_begins_anew(stage: Stage) -> None:
    stage.raises = [TooMuchMissed()]
    parts = stage.parts(1, Position(A_MINUTE_AGO))
    assert told(parts) == ["reset"]
    assert last_id(parts).horizon == START_MS - OVERLAP_MS
    assert stage.complaints == []


def test_a_look_that_was_asked_for_comes_at_once(stage: Stage) -> None:
    stage.timeline.at(5, lambda: setattr(stage.listener, "look_at", 6.0))
    stage.parts(2)
    assert [at for at, _ in stage.looks] == [0, 6]


def test_no_last_event_id_is_none() -> None:
    assert last_event_id(None) is None


@pytest.mark.parametrize("text", ["", "17"])
def test_a_last_event_id_that_is_none_of_ours_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        last_event_id(text)
    assert refused.value.codes == ["last_event_id_invalid"]


def test_the_events_are_counted(stage: Stage) -> None:
    stage.found = [happened(message_at(START_MS - at), START_MS - at) for at in (3, 2, 1)]
    stream = stage.stream(Position(A_MINUTE_AGO))
    list(itertools.islice(stream.parts(), 8))
    assert stream.events == 3
