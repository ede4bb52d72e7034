"""Messages that live for some time: what has expired is not there, whether DynamoDB has removed it or not."""

from __future__ import annotations

import time

import pytest

from backend_flask.lib import ddb_verify
from backend_flask.lib.ddb import LOOKED_AT, MAX_LOOKS, MessageNotFound, MessageTable
from backend_flask.lib.ddb_items import Member, Message, message_key
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.uuid7 import Uuid7, wall_clock_ms
from tests.messages_table import eventually, row_of, stored


class Clock:
    """The real time, and what is added to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return wall_clock_ms() / 1000 + self.ahead

    def pass_by(self, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(table: MessageTable, clock: Clock) -> MessageTable:
    """The table, for which time passes faster."""
    return MessageTable(table.client, table.name, Uuid7(lambda: int(clock() * 1000)), clock)


@pytest.fixture
def group(timed: MessageTable, me: Member, you: Member) -> str:
    """Two messages for good, then one for an hour, which `you` has not read."""
    made = timed.create_direct_message(you, me, "for good")
    group = made.message_group_uuid
    Membership(timed, Uuid7()).change(you.uuid, group, ttl_seconds=3600)
    timed.update_message_groups([made, timed.create_message(me, group, "for an hour")])
    return group


def texts(messages: list[Message]) -> list[str]:
    return [message.message for message in messages]


def test_messages_that_are_sent_from_then_on_carry_their_end(timed: MessageTable, me: Member, group: str) -> None:
    first, second = stored(timed, group)
    assert first.expires_at is None
    assert second.expires_at == second.created_at_ms // 1000 + 3600
    Membership(timed, Uuid7()).change(me.uuid, group, ttl_seconds=0)
    assert timed.create_message(me, group, "for good again").expires_at is None


def test_what_has_expired_is_nowhere(timed: MessageTable, clock: Clock, me: Member, you: Member, group: str) -> None:
    first, second = stored(timed, group)
    assert texts(timed.list_messages(you.uuid, group, 5).items) == ["for an hour", "for good"]
    clock.pass_by(3601)
    assert texts(timed.list_messages(you.uuid, group, 5).items) == ["for good"]
    assert texts(timed.list_messages(you.uuid, group, 5, before="f" * 8).items) == ["for good"]
    assert timed.list_messages_after(you.uuid, group, 5, first.message_uuid).items == []
    assert texts(timed.list_messages_around(you.uuid, group, 5, first.message_uuid).items) == ["for good"]
    with pytest.raises(MessageNotFound):
        timed.edit_message(me.uuid, group, second.message_uuid, "more")
    with pytest.raises(MessageNotFound):
        timed.delete_message(me.uuid, group, second.message_uuid)
    assert stored(timed, group) == [first, second]


def test_a_list_shows_nothing_of_it_and_counts_it_not(
    timed: MessageTable, clock: Clock, you: Member, group: str
) -> None:
    def shown() -> tuple[str, bool, int | None]:
        (row,) = timed.list_message_groups(you.uuid, 5).items
        return row.message, row.unread, row.unread_count

    assert eventually(shown, lambda found: found[2] == 1) == ("for an hour", True, 1)
    clock.pass_by(3601)
    assert shown() == ("", False, 0)
    timed.update_message_groups([timed.create_message(you, group, "anybody?")])
    assert eventually(shown, lambda found: found[0] != "") == ("anybody?", False, 0)


def test_a_page_is_read_on_where_all_of_it_has_expired(
    timed: MessageTable, clock: Clock, me: Member, group: str
) -> None:
    for number in range(7):
        timed.create_message(me, group, str(number))
    clock.pass_by(3601)
    page = timed.list_messages(me.uuid, group, 2)
    assert (texts(page.items), page.more) == (["for good"], False)


def test_a_page_says_where_to_go_on_if_a_part_of_it_has_expired(
    timed: MessageTable, clock: Clock, me: Member, group: str
) -> None:
    Membership(timed, Uuid7()).change(me.uuid, group, ttl_seconds=0)
    for number in range(3):
        timed.create_message(me, group, str(number))
    clock.pass_by(3601)
    page = timed.list_messages(me.uuid, group, 4)
    assert (texts(page.items), page.more) == (["2", "1", "0"], True)
    assert texts(timed.list_messages(me.uuid, group, 4, before=page.resume).items) == ["for good"]
    assert MAX_LOOKS * LOOKED_AT >= 1000


def test_a_row_is_right_whether_its_newest_message_was_removed_or_not(
    timed: MessageTable, clock: Clock, you: Member, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.pass_by(3601)
    monkeypatch.setattr(time, "time", clock)
    second = stored(timed, group)[1]

    def wrong() -> list[str]:
        items = [i for i in ddb_verify.scan(timed) if group in {i["pk"]["S"].removeprefix("MSG#"), i["sk"]["S"]}]
        return [str(each) for each in ddb_verify.differences(timed, lambda _: {}, iter(items))]

    assert wrong() == []
    before = row_of(timed, you.uuid, group)
    timed.client.delete_item(TableName=timed.name, Key=message_key(group, second.message_uuid))
    assert wrong() == []
    timed.client.delete_item(TableName=timed.name, Key=message_key(group, stored(timed, group)[0].message_uuid))
    assert wrong() == []
    assert row_of(timed, you.uuid, group) == before
