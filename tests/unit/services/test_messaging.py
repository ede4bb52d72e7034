"""What the service adds to the table: the same time for everybody who is no member."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from backend_flask.errors import NotFound
from backend_flask.lib.ddb import MessageGroupNotFound, Page
from backend_flask.services.messaging import NOT_FOUND_SECONDS, Messaging
from backend_flask.services.users import User

SOME_GROUP = "018bcfe5-6800-7000-8000-0123456789ab"


class SlowTable:
    """Takes so long to find out, by a clock that moves with it and with whoever sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float, *, is_member: bool) -> None:
        self.now = 100.0
        self.seconds = seconds
        self.is_member = is_member
        clock = SimpleNamespace(monotonic=lambda: self.now, sleep=self.wait)
        monkeypatch.setattr("backend_flask.services.messaging.time", clock)

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def list_messages(self, *_: object) -> Page[Any]:
        self.wait(self.seconds)
        if self.is_member:
            return Page([], more=False)
        raise MessageGroupNotFound


def reading(table: SlowTable, group: str = SOME_GROUP) -> Page[Any]:
    me = User("5f1b7c9e-4d2a-4f3b-9c8d-7e6f5a4b3c2d", "londo", "Londo")
    return Messaging(cast(Any, table), cast(Any, None), me).list_messages(group, 20)


@pytest.mark.parametrize(("seconds", "answered_after"), [(0, 1), (0.002, 1), (0.0055, 1), (0.09, 1), (0.11, 2)])
def test_a_stranger_is_answered_after_the_same_time_whatever_there_is_to_read(
    monkeypatch: pytest.MonkeyPatch, seconds: float, answered_after: int
) -> None:
    table = SlowTable(monkeypatch, seconds, is_member=False)
    with pytest.raises(NotFound):
        reading(table)
    assert table.now - 100 == pytest.approx(answered_after * NOT_FOUND_SECONDS)


def test_what_is_no_group_takes_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    table = SlowTable(monkeypatch, 0, is_member=False)
    with pytest.raises(NotFound):
        reading(table, "no uuid")
    assert table.now - 100 == pytest.approx(NOT_FOUND_SECONDS)


def test_a_member_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    table = SlowTable(monkeypatch, 0.002, is_member=True)
    reading(table)
    assert table.now - 100 == pytest.approx(0.002)
