"""Who is in a message group, and what follows for their rows."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from backend_flask.lib import ddb_verify
from backend_flask.lib.ddb import MAX_MEMBERS, MessageGroupNotFound, MessageTable
from backend_flask.lib.ddb_items import Group, Member, Message, MessageGroup
from backend_flask.lib.ddb_members import (
    DirectMessageGroup,
    MemberNotFound,
    Membership,
    MessageGroupFull,
    NotTheCreator,
)
from backend_flask.lib.metering import meter
from backend_flask.lib.uuid7 import Uuid7
from tests.messages_table import a_person, row_of, stored


@pytest.fixture
def membership(table: MessageTable) -> Membership:
    return Membership(table, Uuid7())


@pytest.fixture
def them() -> Member:
    return a_person()


@pytest.fixture
def first(table: MessageTable, me: Member, you: Member, them: Member) -> Message:
    return table.create_message_group(me, [you, them], "Three", "welcome")


def row(table: MessageTable, owner: Member, message: Message) -> MessageGroup:
    found = row_of(table, owner.uuid, message.message_group_uuid)
    assert found
    return MessageGroup.from_item(found)


def is_sound(table: MessageTable, message: Message) -> bool:
    """Whether every row is as the group and its messages say."""
    items = [
        item
        for item in ddb_verify.scan(table)
        if message.message_group_uuid in {item["pk"]["S"].removeprefix("MSG#"), item["sk"]["S"]}
    ]
    return not list(ddb_verify.differences(table, lambda _: {}, iter(items)))


def test_everybody_added_sees_what_was_written_and_nothing_is_unread(
    table: MessageTable, membership: Membership, you: Member, first: Message
) -> None:
    new = a_person()
    group = membership.add(you.uuid, first.message_group_uuid, [new])
    assert new.uuid in group.member_uuids
    assert membership.read(new.uuid, first.message_group_uuid) == group
    assert table.list_messages(new.uuid, first.message_group_uuid, 5).items == [first]
    joined = row(table, new, first)
    assert (joined.title, joined.members, joined.unread, joined.last_message_uuid) == (
        "Three",
        4,
        False,
        first.message_uuid,
    )
    assert row(table, you, first).members == 4
    assert is_sound(table, first)


def test_who_is_a_member_stays_one_and_nothing_is_written(
    membership: Membership, me: Member, you: Member, first: Message
) -> None:
    before = membership.read(me.uuid, first.message_group_uuid)
    counted = meter(membership.table.client)
    assert membership.add(me.uuid, first.message_group_uuid, [you, me]) == before
    assert counted.calls == ["GetItem", "Query"]


def test_a_message_group_takes_fifty_and_no_more(
    table: MessageTable, membership: Membership, me: Member, first: Message
) -> None:
    many = [a_person() for _ in range(MAX_MEMBERS - 3)]
    with pytest.raises(MessageGroupFull):
        membership.add(me.uuid, first.message_group_uuid, [*many, a_person()])
    group = membership.add(me.uuid, first.message_group_uuid, many)
    assert len(group.member_uuids) == MAX_MEMBERS
    assert membership.change(many[0].uuid, first.message_group_uuid, title="Fifty").title == "Fifty"
    assert {row(table, member, first).title for member in many} == {"Fifty"}


def test_a_former_member_finds_nothing_and_keeps_no_row(
    table: MessageTable, membership: Membership, me: Member, you: Member, first: Message
) -> None:
    membership.remove(me.uuid, first.message_group_uuid, you.uuid)
    group = first.message_group_uuid
    assert row_of(table, you.uuid, group) is None
    asks: list[Callable[[], object]] = [
        lambda: table.list_messages(you.uuid, group, 5),
        lambda: table.list_messages(you.uuid, group, 5, before=first.message_uuid),
        lambda: table.create_message(you, group, "still here"),
        lambda: table.edit_message(you.uuid, group, first.message_uuid, "changed"),
        lambda: table.mark_read(you.uuid, group, first.message_uuid),
        lambda: membership.read(you.uuid, group),
        lambda: membership.add(you.uuid, group, [a_person()]),
        lambda: membership.change(you.uuid, group, title="Mine"),
        lambda: membership.mute(you.uuid, group, muted=True),
        lambda: membership.hide(you.uuid, group),
    ]
    for ask in asks:
        with pytest.raises(MessageGroupNotFound):
            ask()
    assert stored(table, group) == [first]
    assert is_sound(table, first)


def test_no_late_batch_gives_a_former_member_a_row_again(
    table: MessageTable, membership: Membership, me: Member, you: Member, first: Message
) -> None:
    second = table.create_message(me, first.message_group_uuid, "second")
    membership.remove(you.uuid, first.message_group_uuid, you.uuid)
    table.update_message_groups([first, second])
    table.refresh_message_group(first.message_group_uuid)
    assert row_of(table, you.uuid, first.message_group_uuid) is None


def test_only_the_creator_takes_others_out(membership: Membership, you: Member, them: Member, first: Message) -> None:
    with pytest.raises(NotTheCreator):
        membership.remove(you.uuid, first.message_group_uuid, them.uuid)
    with pytest.raises(MemberNotFound):
        membership.remove(you.uuid, first.message_group_uuid, a_person().uuid)


def test_all_may_leave_and_an_empty_group_is_nobodys(
    table: MessageTable, membership: Membership, me: Member, you: Member, them: Member, first: Message
) -> None:
    for member in (me, you, them):
        group = membership.remove(member.uuid, first.message_group_uuid, member.uuid)
    assert group.member_uuids == frozenset()
    table.update_message_groups([first])
    assert is_sound(table, first)
    with pytest.raises(MessageGroupNotFound):
        membership.read(me.uuid, first.message_group_uuid)


def test_who_comes_back_begins_anew(
    table: MessageTable, membership: Membership, me: Member, you: Member, first: Message
) -> None:
    membership.remove(you.uuid, first.message_group_uuid, you.uuid)
    missed = table.create_message(me, first.message_group_uuid, "while you were away")
    membership.add(me.uuid, first.message_group_uuid, [you])
    assert row(table, you, first).last_message_uuid == missed.message_uuid


def test_a_direct_message_group_has_its_two_people_for_good(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    direct = table.create_direct_message(me, you, "hello").message_group_uuid
    changes: list[Callable[[], object]] = [
        lambda: membership.add(me.uuid, direct, [a_person()]),
        lambda: membership.remove(me.uuid, direct, me.uuid),
        lambda: membership.change(me.uuid, direct, title="Us"),
    ]
    for change in changes:
        with pytest.raises(DirectMessageGroup):
            change()


def test_changes_at_the_same_time_all_happen(
    table: MessageTable, membership: Membership, me: Member, first: Message
) -> None:
    new = [a_person() for _ in range(6)]
    with ThreadPoolExecutor(len(new)) as pool:
        list(pool.map(lambda person: membership.add(me.uuid, first.message_group_uuid, [person]), new))
    group = membership.read(me.uuid, first.message_group_uuid)
    assert {person.uuid for person in new} < group.member_uuids
    assert {row(table, person, first).members for person in new} == {9}
    assert is_sound(table, first)


def test_a_message_on_its_way_reaches_who_joins_meanwhile(
    table: MessageTable, membership: Membership, me: Member, first: Message, client: Any
) -> None:
    """It is stored after the newcomer's row was planned, and the stream function sees it before they are a member."""
    sent: list[Message] = []

    def send(**_: Any) -> None:
        if not sent:
            sent.append(table.create_message(me, first.message_group_uuid, "on its way"))
            table.update_message_groups(sent)

    client.meta.events.register("before-call.dynamodb.TransactWriteItems", send)
    new = a_person()
    membership.add(me.uuid, first.message_group_uuid, [new])
    assert row(table, new, first).last_message_uuid == first.message_uuid
    table.refresh_message_group(first.message_group_uuid)
    assert row(table, new, first).last_message_uuid == sent[0].message_uuid


def test_a_missing_row_keeps_nobody_from_changing_the_group(
    table: MessageTable, membership: Membership, me: Member, you: Member, them: Member, first: Message
) -> None:
    key = {name: (row_of(table, them.uuid, first.message_group_uuid) or {})[name] for name in ("pk", "sk")}
    table.client.delete_item(TableName=table.name, Key=key)
    assert membership.change(me.uuid, first.message_group_uuid, title="Still three").title == "Still three"
    assert row(table, you, first).title == "Still three"
    assert row_of(table, them.uuid, first.message_group_uuid) is None


def test_a_group_of_before_has_no_version_and_can_be_changed(
    table: MessageTable, membership: Membership, me: Member, first: Message
) -> None:
    group = membership.read(me.uuid, first.message_group_uuid)
    item = group.to_item()
    del item["rev"]
    table.client.put_item(TableName=table.name, Item=item)
    assert membership.change(me.uuid, first.message_group_uuid, title="Renamed") == replace(
        group, title="Renamed", rev=1
    )
    assert isinstance(membership.read(me.uuid, first.message_group_uuid), Group)


# One's own side


def test_what_is_muted_is_muted_for_oneself_alone(
    table: MessageTable, membership: Membership, me: Member, you: Member, first: Message
) -> None:
    membership.mute(me.uuid, first.message_group_uuid, muted=True)
    table.update_message_groups([table.create_message(you, first.message_group_uuid, "louder")])
    assert (row(table, me, first).muted, row(table, you, first).muted) == (True, False)
    assert is_sound(table, first)
    membership.mute(me.uuid, first.message_group_uuid, muted=False)
    assert not row(table, me, first).muted


def test_what_is_hidden_comes_back_with_the_next_message_and_not_with_an_edit(
    table: MessageTable, membership: Membership, me: Member, you: Member, first: Message
) -> None:
    membership.hide(you.uuid, first.message_group_uuid)
    assert row(table, you, first).inbox_sk is None
    assert is_sound(table, first)
    table.update_message_groups(
        [table.edit_message(me.uuid, first.message_group_uuid, first.message_uuid, "welcome all")]
    )
    assert (row(table, you, first).inbox_sk, row(table, you, first).message) == (None, "welcome all")
    table.update_message_groups([first])
    assert row(table, you, first).inbox_sk is None
    second = table.create_message(me, first.message_group_uuid, "second")
    table.update_message_groups([second])
    assert row(table, you, first).inbox_sk == second.message_uuid
    assert "is_hidden" not in (row_of(table, you.uuid, first.message_group_uuid) or {})
