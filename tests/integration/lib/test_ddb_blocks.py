"""Blocks: nobody is heard by those who block them, and nobody can tell."""

from __future__ import annotations

from typing import Any

import pytest

from backend_flask.lib import ddb_verify
from backend_flask.lib.ddb import MessageGroupNotFound, MessageTable, UserBlocked
from backend_flask.lib.ddb_items import Member, Message, MessageGroup, direct_group_uuid, row_key
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.metering import meter
from backend_flask.lib.uuid7 import Uuid7
from tests.messages_table import a_person, eventually, row_of, stored


@pytest.fixture
def membership(table: MessageTable) -> Membership:
    return Membership(table, Uuid7())


def listed(table: MessageTable, who: Member) -> list[str]:
    return [group.uuid for group in table.list_message_groups(who.uuid, 10).items]


def blocked(membership: Membership, who: Member) -> list[str]:
    return [group.other.uuid for group in membership.list_blocks(who.uuid, 10, None).items if group.other]


def told(table: MessageTable, message: Message) -> Message:
    """The stream function has seen it."""
    table.update_message_groups([message])
    return message


def row(table: MessageTable, owner: Member, group: str) -> MessageGroup:
    found = row_of(table, owner.uuid, group)
    assert found
    return MessageGroup.from_item(found)


def is_sound(table: MessageTable, group: str) -> bool:
    items = [i for i in ddb_verify.scan(table) if group in {i["pk"]["S"].removeprefix("MSG#"), i["sk"]["S"]}]
    return not list(ddb_verify.differences(table, lambda _: {}, iter(items)))


def test_a_blocked_person_is_not_heard_and_finds_everything_as_before(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    first = told(table, table.create_direct_message(you, me, "hello"))
    group = first.message_group_uuid
    membership.block(me, you)
    second = told(table, table.create_message(you, group, "do you hear me?"))
    third = told(table, table.create_direct_message(you, me, "hello?", "a key"))
    assert table.list_messages(you.uuid, group, 5).items == [third, second, first]
    assert row(table, you, group).last_message_uuid == third.message_uuid
    assert table.list_messages(me.uuid, group, 5).items == [first]
    assert table.list_messages(me.uuid, group, 5, before=third.message_uuid).items == [first]
    assert table.list_messages_after(me.uuid, group, 5, first.message_uuid).items == []
    assert row(table, me, group).last_message_uuid == first.message_uuid
    assert eventually(lambda: listed(table, me), lambda found: not found) == []
    assert eventually(lambda: listed(table, you), bool) == [group]
    assert is_sound(table, group)


def test_sending_costs_a_blocked_person_the_same_calls(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    group = table.create_direct_message(you, me, "hello").message_group_uuid
    counted = meter(table.client)
    table.create_message(you, group, "before")
    before, units = counted.calls[:], counted.write_units
    membership.block(me, you)
    counted.reset()
    table.create_message(you, group, "after!")
    assert (counted.calls, counted.write_units) == (before, units)


def test_who_is_blocked_before_they_ever_wrote_starts_a_group_of_their_own(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    membership.block(me, you)
    group = direct_group_uuid(me.uuid, you.uuid)
    with pytest.raises(MessageGroupNotFound):
        table.list_messages(you.uuid, group, 5)
    with pytest.raises(MessageGroupNotFound):
        membership.read(you.uuid, group)
    assert table.find_message_group(you.uuid, group).items == []
    assert table.find_message_group(me.uuid, group).items == []
    assert is_sound(table, group)
    first = told(table, table.create_direct_message(you, me, "hello", "a key"))
    assert first == table.create_direct_message(you, me, "hello", "a key")
    second = told(table, table.create_message(you, group, "and again"))
    assert table.list_messages(you.uuid, group, 5).items == [second, first]
    assert eventually(lambda: listed(table, you), bool) == [group]
    assert (listed(table, me), table.find_message_group(me.uuid, group).items) == ([], [])
    assert is_sound(table, group)
    membership.unblock(me.uuid, you.uuid)
    assert is_sound(table, group)
    third = told(table, table.create_message(you, group, "hello!"))
    assert table.list_messages(me.uuid, group, 5).items == [third]
    assert eventually(lambda: listed(table, me), bool) == [group]
    assert is_sound(table, group)


def test_unblocking_somebody_who_never_wrote_leaves_nothing_behind(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    membership.block(me, you)
    membership.unblock(me.uuid, you.uuid)
    membership.unblock(me.uuid, you.uuid)
    group = direct_group_uuid(me.uuid, you.uuid)
    assert (row_of(table, me.uuid, group), row_of(table, you.uuid, group)) == (None, None)
    first = told(table, table.create_direct_message(you, me, "hello"))
    assert table.list_messages(me.uuid, group, 5).items == [first]


def test_after_unblocking_the_group_is_back_without_what_was_sent_meanwhile(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    first = told(table, table.create_direct_message(you, me, "hello"))
    group = first.message_group_uuid
    membership.block(me, you)
    told(table, table.create_message(you, group, "unheard"))
    eventually(lambda: listed(table, me), lambda found: not found)
    membership.unblock(me.uuid, you.uuid)
    assert eventually(lambda: listed(table, me), bool) == [group]
    (shown,) = table.list_message_groups(me.uuid, 5).items
    assert (shown.message, shown.unread_count) == ("hello", 1)
    heard = told(table, table.create_message(you, group, "heard"))
    assert table.list_messages(me.uuid, group, 5).items == [heard, first]
    assert is_sound(table, group)


def test_a_message_that_was_on_its_way_does_not_bring_the_group_back(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    first = told(table, table.create_direct_message(you, me, "hello"))
    on_its_way = table.create_message(you, first.message_group_uuid, "just before")
    membership.block(me, you)
    told(table, on_its_way)
    assert row(table, me, first.message_group_uuid).last_message_uuid == on_its_way.message_uuid
    assert row(table, me, first.message_group_uuid).blocked
    membership.unblock(me.uuid, you.uuid)
    assert row(table, me, first.message_group_uuid).inbox_sk == on_its_way.message_uuid


def test_nobody_writes_to_whom_they_block(table: MessageTable, membership: Membership, me: Member, you: Member) -> None:
    group = table.create_direct_message(you, me, "hello").message_group_uuid
    membership.block(me, you)
    with pytest.raises(UserBlocked):
        table.create_message(me, group, "hello")
    with pytest.raises(UserBlocked):
        table.create_direct_message(me, you, "hello")
    stranger = a_person()
    membership.block(me, stranger)
    with pytest.raises(UserBlocked):
        table.create_direct_message(me, stranger, "hello")
    assert len(stored(table, group)) == 1


def test_two_who_block_each_other_are_both_unheard(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    group = table.create_direct_message(you, me, "hello").message_group_uuid
    membership.block(me, you)
    membership.block(you, me)
    membership.unblock(you.uuid, me.uuid)
    unheard = told(table, table.create_message(you, group, "sorry"))
    assert unheard.only_sender
    membership.unblock(me.uuid, you.uuid)
    assert not told(table, table.create_message(me, group, "me too")).only_sender
    assert is_sound(table, group)


def test_blocks_are_listed_newest_first_page_by_page(membership: Membership, table: MessageTable, me: Member) -> None:
    others = [a_person() for _ in range(3)]
    for other in others:
        membership.block(me, other)
        membership.block(me, other)
    everybody = [other.uuid for other in reversed(others)]
    assert eventually(lambda: blocked(membership, me), lambda found: len(found) == 3) == everybody
    first = membership.list_blocks(me.uuid, 2, None)
    assert first.more
    second = membership.list_blocks(me.uuid, 2, first.items[-1].block_uuid)
    assert [group.other.uuid for group in second.items if group.other] == everybody[2:]
    assert not second.more
    assert listed(table, me) == []


def test_nobody_blocks_themself(membership: Membership, me: Member) -> None:
    with pytest.raises(ValueError, match="themself"):
        membership.block(me, me)


def test_a_block_and_a_first_message_at_the_same_time_leave_a_block(
    table: MessageTable, membership: Membership, me: Member, you: Member, client: Any
) -> None:
    """The message group is started after the block has seen none."""
    started: list[Message] = []

    def start(**_: Any) -> None:
        if not started:
            started.append(Message("", "", "", "", "", ""))
            started[0] = table.create_direct_message(you, me, "first")

    client.meta.events.register("before-call.dynamodb.PutItem", start)
    membership.block(me, you)
    group = started[0].message_group_uuid
    assert row(table, me, group).blocked
    assert told(table, table.create_message(you, group, "second")).only_sender
    assert is_sound(table, group)


def test_a_first_message_after_the_look_at_a_block_is_unheard(
    table: MessageTable, membership: Membership, me: Member, you: Member, client: Any
) -> None:
    """The block comes after the sender's row was looked for."""
    done: list[bool] = []

    def block(**_: Any) -> None:
        if not done:
            done.append(True)
            membership.block(me, you)

    client.meta.events.register("before-call.dynamodb.TransactWriteItems", block)
    first = table.create_direct_message(you, me, "first")
    assert first.only_sender
    assert is_sound(table, first.message_group_uuid)


def test_a_missing_row_of_the_other_person_keeps_nobody_from_blocking_them(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    group = told(table, table.create_direct_message(you, me, "hello")).message_group_uuid
    table.client.delete_item(TableName=table.name, Key=row_key(you.uuid, group))
    membership.block(me, you)
    assert row(table, me, group).blocked
    for difference in ddb_verify.differences(table, lambda _: {}, ddb_verify.scan(table)):
        ddb_verify.repair(table, difference)
    assert told(table, table.create_message(you, group, "do you hear me?")).only_sender
    table.client.delete_item(TableName=table.name, Key=row_key(you.uuid, group))
    membership.unblock(me.uuid, you.uuid)
    assert not row(table, me, group).blocked
