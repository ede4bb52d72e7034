"""Hints as they are written down, and the thread that sends them."""

import logging
import threading
import time
from typing import Any

import pytest

from backend_flask.lib import deadline
from backend_flask.lib.ddb import Hint
from backend_flask.lib.live import GATHER_SECONDS, MOST_AT_ONCE, Publisher, dump, load
from tests.api import eventually

ONE = Hint("group", "message", to=("londo", "gkar"))


class Sender:
    """What was sent, one list each time; waits at the gate, if that is shut."""

    def __init__(self) -> None:
        self.sent: list[list[Hint]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Event()
        self.raises: Exception | None = None

    def __call__(self, hints: list[str]) -> None:
        self.begun.set()
        self.gate.wait()
        if self.raises:
            raise self.raises
        self.sent.append([load(hint) for hint in hints])

    @property
    def all(self) -> list[Hint]:
        return [hint for hints in self.sent for hint in hints]


def nobody(_: str) -> list[str]:
    raise AssertionError("nobody is to be asked for the members")


@pytest.fixture
def sender() -> Sender:
    return Sender()


@pytest.mark.parametrize("hint", [ONE, Hint("group", "m", ("londo",), is_marker=True), Hint("group", "m", ())])
def test_a_hint_comes_back_as_it_was_written(hint: Hint) -> None:
    assert load(dump(hint)) == hint


def test_a_hint_for_the_largest_group_fits_into_a_notification() -> None:
    uuid = "01a1f9cc-1a11-7a52-9d0f-5d1d1c2f7b10"
    assert len(dump(Hint(uuid, uuid, (uuid,) * 50))) < 8000


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "1", '["g","m",null,false]', '["g","m",[]]', "[1,2,3,4]", '["g","m",[["u"]],false]'],
)
def test_what_is_no_hint_is_refused(text: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        load(text)


def test_a_hint_holds_nothing_but_ids() -> None:
    assert set(Hint.__slots__) == {"message_group_uuid", "message_uuid", "to", "is_marker"}


def test_hints_are_sent_in_their_order_and_many_at_a_time(sender: Sender) -> None:
    publisher = Publisher(sender, nobody)
    hints = [Hint("group", str(number), to=("londo",)) for number in range(MOST_AT_ONCE + 10)]
    sender.gate.clear()
    publisher.publish(hints[0])
    sender.begun.wait(5)
    for hint in hints[1:]:
        publisher.publish(hint)
    sender.gate.set()
    eventually(lambda: sender.all, hints)
    assert [len(sent) for sent in sender.sent] == [1, MOST_AT_ONCE, 9]
    publisher.close()


def test_no_thread_is_started_before_there_is_something_to_send(sender: Sender) -> None:
    before = threading.active_count()
    publisher = Publisher(sender, nobody)
    assert threading.active_count() == before
    publisher.close()


def test_a_request_waits_for_nothing_and_its_deadline_is_not_that_of_the_hints(sender: Sender) -> None:
    left: list[float | None] = []

    def send(hints: list[str]) -> None:
        left.append(deadline.remaining())
        sender(hints)

    sender.gate.clear()
    publisher = Publisher(send, nobody)
    with deadline.within(0.001):
        publisher.publish(ONE)
    assert sender.sent == []
    sender.gate.set()
    eventually(lambda: sender.all, [ONE])
    assert left == [None]
    publisher.close()


def test_the_members_of_a_group_are_asked_for_in_the_thread(sender: Sender) -> None:
    asked: list[tuple[str, str]] = []

    def members_of(group: str) -> set[str]:
        asked.append((group, threading.current_thread().name))
        return {"londo"}

    publisher = Publisher(sender, members_of)
    publisher.publish(Hint("group", "message", None))
    publisher.close()
    assert sender.all == [Hint("group", "message", to=("londo",))]
    assert asked == [("group", "live-hints")]


def words(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [(record.message, getattr(record, "error", None)) for record in caplog.records]


def test_what_cannot_be_sent_is_dropped_counted_and_said_once(sender: Sender, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "backend_flask")
    sender.raises = TimeoutError("secret")
    publisher = Publisher(sender, nobody)
    for dropped in (1, 2):
        publisher.publish(ONE)
        eventually(lambda: publisher.dropped, dropped)
    assert words(caplog) == [("live_hints_dropped", "TimeoutError")]
    sender.raises = None
    publisher.publish(ONE)
    eventually(lambda: sender.all, [ONE])
    sender.raises = TimeoutError()
    publisher.publish(ONE)
    publisher.close()
    assert publisher.dropped == 3
    assert len(words(caplog)) == 2


def test_one_group_that_cannot_be_asked_for_does_not_take_the_others_with_it(sender: Sender) -> None:
    def members_of(_: str) -> list[str]:
        raise TimeoutError

    publisher = Publisher(sender, members_of)
    sender.gate.clear()
    publisher.publish(ONE)
    sender.begun.wait(5)
    publisher.publish(Hint("of many", "message", None))
    publisher.publish(ONE)
    sender.gate.set()
    publisher.close()
    assert sender.all == [ONE, ONE]
    assert publisher.dropped == 1


def test_what_there_is_no_room_for_is_dropped_without_waiting(sender: Sender) -> None:
    publisher = Publisher(sender, nobody, most=2)
    sender.gate.clear()
    publisher.publish(ONE)
    sender.begun.wait(5)
    for _ in range(5):
        publisher.publish(ONE)
    assert publisher.dropped == 3
    sender.gate.set()
    publisher.close()
    assert len(sender.all) == 3


def test_a_farewell_sends_what_is_left(sender: Sender) -> None:
    publisher = Publisher(sender, nobody)
    for _ in range(3):
        publisher.publish(ONE)
    publisher.close()
    assert sender.all == [ONE] * 3


def test_a_farewell_does_not_wait_for_ever(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend_flask.lib.live.FAREWELL_SECONDS", 0.01)
    publisher = Publisher(sender, nobody)
    sender.gate.clear()
    publisher.publish(ONE)
    publisher.close()
    sender.gate.set()


def test_the_first_hint_goes_at_once_and_those_soon_after_it_go_together() -> None:
    statements: list[list[str]] = []
    publisher = Publisher(statements.append, nobody)
    publisher.publish(ONE)
    eventually(lambda: len(statements), 1)
    for _ in range(10):
        publisher.publish(ONE)
        time.sleep(GATHER_SECONDS / 50)
    eventually(lambda: sum(map(len, statements)), 11)
    assert len(statements) <= 3
    publisher.close()
