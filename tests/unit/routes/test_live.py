"""How the parts of a stream are written, as server-sent events (HTML Standard, section 9.2)."""

from __future__ import annotations

from contextvars import ContextVar

import pytest

from backend_flask.lib import deadline, metering
from backend_flask.lib.ddb_changes import Happened
from backend_flask.routes.live import in_this_request, text_of
from backend_flask.services.live_stream import ComeBack, Event, Heartbeat, Moved, Part
from tests.happenings import START_MS, message_at, read_at
from tests.listening import Told, parse


def test_a_message_is_one_event_with_one_line_of_json() -> None:
    message = message_at(START_MS, rev=1)
    text = text_of(Event("edited", "1a.01234567", Happened.of(message)))
    (told,) = parse(text)
    assert (told.kind, told.id) == ("edited", "1a.01234567")
    assert told.data["uuid"] == message.message_uuid
    assert told.data["message_group_uuid"] == "group"
    assert text.count("\n") == 4


def test_a_text_with_line_breaks_stays_on_its_line() -> None:
    """Or somebody could write events into the streams of others."""
    evil = "hi\n\nevent: deleted\rdata: {}\u2028\x85"
    message = type(message_at(START_MS))("g", message_at(START_MS).message_uuid, "londo", "Londo", "londo", evil)
    text = text_of(Event("message", "1a.", Happened.of(message)))
    (told,) = parse(text)
    assert (told.kind, told.data["message"]) == ("message", evil)
    assert len(text.splitlines()) == 4


def test_a_read_marker_is_an_event_without_a_message() -> None:
    happened = read_at(START_MS)
    (told,) = parse(text_of(Event("read", "1a.", happened)))
    assert told == Told("read", "1a.", {"message_group_uuid": "group", "read_up_to": happened.at_uuid})


@pytest.mark.parametrize("kind", ["ready", "reset"])
def test_what_says_only_where_the_stream_is_has_no_data(kind: str) -> None:
    assert parse(text_of(Event(kind, "1a."))) == [Told(kind, "1a.", {})]


@pytest.mark.parametrize(
    ("part", "text"), [(Moved("1a."), "id: 1a.\n\n"), (Heartbeat(), ": \n\n"), (ComeBack(700), "retry: 700\n\n")]
)
def test_what_is_no_event_has_no_data_either(part: Part, text: str) -> None:
    assert text_of(part) == text
    assert all(told.kind == "" for told in parse(text))


def test_what_is_asked_later_counts_for_the_request_and_has_no_more_its_deadline() -> None:
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")
    asked = metering.start()
    token = whose.set("mine")
    seen: list[tuple[str, float | None]] = []

    def ask(since_ms: int) -> int:
        metering.count_query("users/short")
        seen.append((whose.get(), deadline.remaining()))
        return since_ms

    with deadline.within(0.001):
        later = in_this_request(ask)
    whose.reset(token)
    metering.stop()
    assert [later(7), later(8)] == [7, 8]
    assert asked.queries == 2
    assert seen == [("mine", None)] * 2
    assert deadline.remaining() is None
