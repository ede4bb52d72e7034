"""The listeners of one process, and what they are told of a hint."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from backend_flask.errors import RateLimited, Unavailable
from backend_flask.lib import deadline
from backend_flask.lib.ddb import Hint
from backend_flask.lib.ddb_items import Message
from backend_flask.services import live
from backend_flask.services.live import MAX_STREAMS_OF_A_USER, MOST_UNTOLD, Hub, Listener
from tests.api import eventually
from tests.happenings import START_MS, message_at, read_at


class Ear:
    def __init__(self) -> None:
        self.opened = 0
        self.is_stopped = False
        self.is_closed = False

    def open(self, wait_seconds: float = 0) -> None:  # noqa: ARG002
        self.opened += 1

    def stop(self) -> None:
        self.is_stopped = True

    def close(self) -> None:
        self.is_closed = True


class Shelf:
    """The messages that can be read, and who has read them."""

    def __init__(self) -> None:
        self.messages: dict[str, Message] = {}
        self.read: list[str] = []
        self.left: list[float | None] = []
        self.raises: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def put(self, message: Message) -> Hint:
        self.messages[message.message_uuid] = message
        return Hint(message.message_group_uuid, message.message_uuid, to=("londo", "gkar"))

    def __call__(self, group_uuid: str, message_uuid: str) -> Message | None:  # noqa: ARG002
        self.read.append(message_uuid)
        self.left.append(deadline.remaining())
        self.gate.wait(5)
        if self.raises:
            raise self.raises
        return self.messages.get(message_uuid)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def hub(ear: Ear, shelf: Shelf) -> Iterator[Hub]:
    made = Hub(lambda _hear, _connected: ear, shelf, most=20)
    yield made
    shelf.gate.set()
    made.close()


def told(listener: Listener) -> list[Message | None]:
    listener.wait(time.monotonic() + 5)
    return [each.message for each in listener.take()]


def calm(listener: Listener) -> Listener:
    """It has just looked."""
    listener.look_at = time.monotonic() + 60
    return listener


def test_a_hint_is_read_once_and_told_to_all_whom_it_concerns(hub: Hub, shelf: Shelf) -> None:
    concerned = [calm(hub.join(user)) for user in ("londo", "londo", "gkar")]
    stranger = calm(hub.join("vir"))
    message = message_at(START_MS)
    hub.hear(shelf.put(message))
    assert [told(listener) for listener in concerned] == [[message]] * 3
    assert shelf.read == [message.message_uuid]
    assert stranger.take() == []


def test_a_hint_for_nobody_here_reads_nothing_and_starts_nothing(hub: Hub, shelf: Shelf) -> None:
    hub.join("vir")
    before = threading.active_count()
    hub.hear(shelf.put(message_at(START_MS)))
    hub.hear(Hint("group", "x", ("londo",), is_marker=True))
    assert threading.active_count() == before
    assert shelf.read == []


def test_who_may_not_see_a_message_is_not_told(hub: Hub, shelf: Shelf) -> None:
    sender, other = (calm(hub.join(user)) for user in ("londo", "gkar"))
    unseen, gone, seen = (
        message_at(START_MS, only_sender=True),
        message_at(START_MS, expires_at=1),
        message_at(START_MS),
    )
    for message in (unseen, gone, seen):
        hub.hear(shelf.put(message))
    heard: list[Message | None] = []
    while seen not in heard:
        heard += told(sender)
    assert heard == [unseen, seen]
    assert told(other) == [seen]


def test_what_is_not_there_any_more_is_not_told(hub: Hub, shelf: Shelf) -> None:
    listener = calm(hub.join("londo"))
    hub.hear(Hint("group", "gone", to=("londo",)))
    message = message_at(START_MS)
    hub.hear(shelf.put(message))
    assert told(listener) == [message]
    assert shelf.read[0] == "gone"


def test_a_read_marker_is_told_without_reading_anything(hub: Hub, shelf: Shelf) -> None:
    listener, other = calm(hub.join("londo")), calm(hub.join("gkar"))
    marker = read_at(START_MS)
    hub.hear(Hint("group", marker.message_uuid, ("londo",), is_marker=True))
    assert listener.take() == [marker]
    assert (other.take(), shelf.read) == ([], [])


def test_messages_of_one_group_are_told_in_the_order_of_their_hints(hub: Hub, shelf: Shelf) -> None:
    listener = calm(hub.join("londo"))
    messages = [message_at(START_MS + at) for at in range(50)]
    hints = [shelf.put(message) for message in messages]
    for hint in hints:
        hub.hear(hint)
    eventually(lambda: len(shelf.read), 50)
    got: list[Message | None] = []
    while len(got) < 50:
        got += told(listener)
    assert got == messages


def test_a_message_that_cannot_be_read_makes_them_look(
    hub: Hub, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "SPREAD_SECONDS", 0.0)
    caplog.set_level(logging.INFO, "backend_flask")
    listener, stranger = calm(hub.join("londo")), calm(hub.join("vir"))
    shelf.raises = TimeoutError("secret")
    for _ in range(3):
        hub.hear(shelf.put(message_at(START_MS)))
    eventually(lambda: listener.look_at <= time.monotonic(), True)
    assert stranger.look_at > time.monotonic() + 30
    eventually(lambda: len(shelf.read), 3)
    assert [(record.message, vars(record)["error"]) for record in caplog.records] == [
        ("live_read_failed", "TimeoutError")
    ]


def test_a_read_has_a_deadline_of_its_own(hub: Hub, shelf: Shelf) -> None:
    calm(hub.join("londo"))
    with deadline.within(0.001):
        hub.hear(shelf.put(message_at(START_MS)))
    eventually(lambda: len(shelf.left), 1)
    (left,) = shelf.left
    assert left is not None
    assert left > 3


def test_too_many_hints_at_once_make_them_look(hub: Hub, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "SPREAD_SECONDS", 0.0)
    monkeypatch.setattr(live, "MOST_UNREAD", 2)
    listener = calm(hub.join("londo"))
    shelf.gate.clear()
    for _ in range(4):
        hub.hear(shelf.put(message_at(START_MS)))
    assert listener.look_at <= time.monotonic()


def test_whoever_does_not_take_what_is_told_is_ended(hub: Hub) -> None:
    listener, other = calm(hub.join("londo")), calm(hub.join("londo"))
    for at in range(MOST_UNTOLD + 1):
        assert not listener.is_over
        listener.tell(read_at(START_MS + at))
    assert listener.is_over
    assert not other.is_over


def test_one_person_has_so_many_streams_and_no_more(hub: Hub) -> None:
    streams = [hub.join("londo") for _ in range(MAX_STREAMS_OF_A_USER)]
    with pytest.raises(RateLimited):
        hub.join("londo")
    hub.join("gkar")
    hub.leave(streams[0])
    hub.join("londo")
    assert len(hub) == MAX_STREAMS_OF_A_USER + 1


def test_a_process_has_so_many_streams_and_no_more(hub: Hub) -> None:
    streams = [hub.join(f"user {number}") for number in range(20)]
    with pytest.raises(Unavailable):
        hub.join("one more")
    hub.leave(streams[0])
    hub.join("one more")


def test_to_leave_twice_is_to_leave_once(hub: Hub, shelf: Shelf) -> None:
    staying, leaving = hub.join("londo"), hub.join("londo")
    for _ in range(2):
        hub.leave(leaving)
    assert len(hub) == 1
    message = message_at(START_MS)
    hub.hear(shelf.put(message))
    assert told(calm(staying)) == [message]
    assert leaving.take() == []


def test_the_ear_is_opened_by_the_first_who_listens(hub: Hub, ear: Ear) -> None:
    assert ear.opened == 0
    hub.join("londo")
    assert ear.opened > 0


def test_an_ear_that_cannot_be_opened_leaves_no_listener_behind(
    hub: Hub, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more_threads(wait_seconds: float = 0) -> None:
        raise RuntimeError(f"can't start new thread within {wait_seconds} s")

    monkeypatch.setattr(ear, "open", no_more_threads)
    with pytest.raises(Unavailable):
        hub.join("londo")
    assert len(hub) == 0


def test_all_look_when_hints_may_have_been_missed(hub: Hub) -> None:
    listeners = [calm(hub.join(user)) for user in ("londo", "gkar")]
    hub.look()
    assert all(listener.look_at <= time.monotonic() + live.SPREAD_SECONDS for listener in listeners)


def test_a_hub_that_ends_ends_all_streams_and_lets_nobody_in(hub: Hub, ear: Ear) -> None:
    listener = calm(hub.join("londo"))
    begun, ended = time.monotonic(), threading.Timer(0.05, hub.end)
    ended.start()
    listener.wait(time.monotonic() + 5)
    assert listener.is_over
    assert ear.is_stopped
    assert time.monotonic() - begun < 2
    with pytest.raises(Unavailable):
        hub.join("gkar")
    hub.close()
    assert ear.is_closed


def test_who_waits_is_woken_by_what_is_told_and_by_a_look(hub: Hub) -> None:
    wake: list[Callable[[Listener], None]] = [lambda it: it.tell(read_at(START_MS)), lambda it: it.look()]
    for action in wake:
        listener = calm(hub.join("londo"))
        threading.Timer(0.02, action, [listener]).start()
        begun = time.monotonic()
        listener.wait(begun + 5)
        assert time.monotonic() - begun < 2


def test_what_is_told_wakes_nobody_who_does_not_want_it_yet() -> None:
    listener = calm(Listener("londo"))
    listener.tell(read_at(START_MS))
    begun = time.monotonic()
    listener.wait(begun + 0.05, for_what_is_untold=False)
    assert time.monotonic() - begun >= 0.05
    assert len(listener.take()) == 1


def test_few_look_at_once_and_nobody_waits_for_their_turn_for_ever(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "TURN_SECONDS", 0.01)
    with ExitStack() as turns:
        for _ in range(live.LOOKS_AT_ONCE):
            turns.enter_context(hub.turn())
        with pytest.raises(Unavailable), hub.turn():
            pass
    with hub.turn():
        pass
