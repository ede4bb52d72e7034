"""My message groups: order, paging, what is unread, and the read marker."""

from collections.abc import Callable

import pytest

from backend_flask.lib.ddb import MessageGroupNotFound, MessageNotFound, MessageTable
from backend_flask.lib.ddb_items import Member, Message, MessageGroup, row_key
from backend_flask.lib.metering import meter
from backend_flask.lib.uuid7 import Uuid7
from tests.messages_table import a_person, eventually, lose_answers, row_of, stored

Drain = Callable[[str], None]


@pytest.fixture
def first(table: MessageTable, me: Member, you: Member) -> Message:
    """Sent by you to me."""
    return table.create_direct_message(you, me, "first")


@pytest.fixture
def drain(table: MessageTable) -> Drain:
    """What the stream does with all messages of a group."""
    return lambda group: table.update_message_groups(stored(table, group))


def row(table: MessageTable, owner: Member, group: str) -> MessageGroup:
    found = row_of(table, owner.uuid, group)
    assert found
    return MessageGroup.from_item(found)


def unread_count(table: MessageTable, owner: Member, group: str) -> int | None:
    """As the list says it, once the index shows what the row says."""
    wanted = row(table, owner, group)

    def is_current(groups: list[MessageGroup]) -> bool:
        return any(
            (each.uuid, each.last_message_uuid, each.read_up_to) == (group, wanted.last_message_uuid, wanted.read_up_to)
            for each in groups
        )

    groups = eventually(lambda: table.list_message_groups(owner.uuid, 100).items, is_current)
    assert is_current(groups)
    return next(each.unread_count for each in groups if each.uuid == group)


# The list


def test_the_list_is_newest_first_and_moves_when_a_message_arrives(
    table: MessageTable, me: Member, drain: Drain
) -> None:
    sent = [table.create_direct_message(me, a_person(), f"group {number}") for number in range(4)]
    groups = [message.message_group_uuid for message in sent]

    def listed() -> list[str]:
        return [each.uuid for each in table.list_message_groups(me.uuid, 10).items]

    assert eventually(listed, lambda seen: seen == groups[::-1]) == groups[::-1]
    table.create_message(me, groups[1], "on top")
    drain(groups[1])
    wanted = [groups[1], groups[3], groups[2], groups[0]]
    assert eventually(listed, lambda seen: seen == wanted) == wanted


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_the_list_is_paged_without_repeat_and_gap(table: MessageTable, me: Member, limit: int) -> None:
    groups = [table.create_direct_message(me, a_person(), "hello").message_group_uuid for _ in range(7)]
    eventually(lambda: table.list_message_groups(me.uuid, 10, counts=False).items, lambda found: len(found) == 7)
    seen, before, more = [], None, True
    while more:
        page = table.list_message_groups(me.uuid, limit, before)
        assert 1 <= len(page.items) <= limit
        seen += [each.uuid for each in page.items]
        before, more = page.items[-1].last_message_uuid, page.more
    assert seen == groups[::-1]


def test_a_person_sees_only_their_own_groups(table: MessageTable, me: Member, you: Member, first: Message) -> None:
    table.create_direct_message(you, a_person(), "not for me")
    found = eventually(lambda: table.list_message_groups(me.uuid, 10).items, bool)
    assert [each.uuid for each in found] == [first.message_group_uuid]


def test_only_unread_rows_are_counted(table: MessageTable, me: Member, drain: Drain) -> None:
    for number in range(5):
        other = a_person()
        sent = table.create_direct_message(me, other, "hello")
        if number in {1, 3}:
            table.create_message(other, sent.message_group_uuid, "answer")
            drain(sent.message_group_uuid)
    eventually(
        lambda: table.list_message_groups(me.uuid, 10, counts=False).items,
        lambda found: [each.message for each in found].count("answer") == 2 and len(found) == 5,
    )
    spent = meter(table.client)
    page = table.list_message_groups(me.uuid, 10)
    assert spent.calls == ["Query"] * 3
    assert sorted(each.unread_count or 0 for each in page.items) == [0, 0, 0, 1, 1]
    assert all(each.unread == bool(each.unread_count) for each in page.items)


# The count


def test_the_count_equals_a_count_by_hand(
    table: MessageTable, me: Member, you: Member, first: Message, drain: Drain
) -> None:
    group = first.message_group_uuid
    written = "ymyyymymyyyy"
    for number, who in enumerate(written):
        table.create_message(me if who == "m" else you, group, who)
        drain(group)
        by_hand = len(written[: number + 1].rpartition("m")[2]) + ("m" not in written[: number + 1])
        assert unread_count(table, me, group) == by_hand
        assert unread_count(table, you, group) == (1 if who == "m" else 0)


def test_own_messages_between_unread_ones_are_not_counted(
    table: MessageTable, me: Member, you: Member, first: Message
) -> None:
    # The stream has brought the row up to your last message, and not yet told it of mine in between.
    group = first.message_group_uuid
    for who in (you, me, you, me, you):
        last = table.create_message(who, group, "x")
    table.update_message_groups([last])
    assert unread_count(table, me, group) == 4


@pytest.mark.parametrize(("sent", "shown"), [(98, 99), (99, 100), (100, 100), (130, 100)])
def test_the_count_ends_at_a_hundred(
    table: MessageTable, me: Member, you: Member, first: Message, sent: int, shown: int
) -> None:
    for _ in range(sent):
        last = table.create_message(you, first.message_group_uuid, "x")
    table.update_message_groups([last])
    assert unread_count(table, me, first.message_group_uuid) == shown


def test_the_count_starts_behind_the_read_marker(
    table: MessageTable, me: Member, you: Member, first: Message, drain: Drain
) -> None:
    group = first.message_group_uuid
    sent = [table.create_message(you, group, str(number)) for number in range(5)]
    drain(group)
    for left, message in zip((5, 4, 3, 2, 1, 0), [first, *sent], strict=True):
        table.mark_read(me.uuid, group, message.message_uuid)
        assert unread_count(table, me, group) == left
        assert row(table, me, group).unread == bool(left)


# The read marker


def test_the_marker_costs_one_update_and_one_note_for_other_devices(
    table: MessageTable, me: Member, first: Message
) -> None:
    spent = meter(table.client)
    table.mark_read(me.uuid, first.message_group_uuid, first.message_uuid)
    assert spent.calls == ["UpdateItem", "PutItem"]
    # One for the row, one for its entry in the index, one for the note.
    assert spent.write_units == 3
    assert row(table, me, first.message_group_uuid).read_up_to == first.message_uuid


def test_the_marker_moves_only_forward(
    table: MessageTable, me: Member, you: Member, first: Message, drain: Drain
) -> None:
    group = first.message_group_uuid
    second = table.create_message(you, group, "second")
    drain(group)
    for message in (second, first, second):
        spent = meter(table.client)
        table.mark_read(me.uuid, group, message.message_uuid)
        assert row(table, me, group).read_up_to == second.message_uuid
    assert "PutItem" not in spent.calls


@pytest.mark.parametrize("later", ["made-now", "ffffffff-ffff-ffff-ffff-ffffffffffff"])
def test_the_marker_never_passes_the_newest_message(
    table: MessageTable, me: Member, first: Message, later: str
) -> None:
    before = row_of(table, me.uuid, first.message_group_uuid)
    with pytest.raises(MessageNotFound):
        table.mark_read(me.uuid, first.message_group_uuid, Uuid7()() if later == "made-now" else later)
    assert row_of(table, me.uuid, first.message_group_uuid) == before


def test_a_message_of_another_group_does_not_move_the_marker(table: MessageTable, me: Member, first: Message) -> None:
    other = table.create_direct_message(me, a_person(), "elsewhere")
    with pytest.raises(MessageNotFound):
        table.mark_read(me.uuid, first.message_group_uuid, other.message_uuid)


def test_the_marker_moves_while_the_row_lags_behind_the_messages(
    table: MessageTable, me: Member, you: Member, first: Message, drain: Drain
) -> None:
    group = first.message_group_uuid
    second = table.create_message(you, group, "second")
    table.mark_read(me.uuid, group, second.message_uuid)
    assert row(table, me, group).read_up_to == second.message_uuid
    assert not row(table, me, group).unread
    drain(group)
    assert row(table, me, group).last_message_uuid == second.message_uuid
    assert not row(table, me, group).unread


def test_a_stranger_has_no_marker(table: MessageTable, first: Message) -> None:
    stranger = a_person()
    with pytest.raises(MessageGroupNotFound):
        table.mark_read(stranger.uuid, first.message_group_uuid, first.message_uuid)
    assert row_of(table, stranger.uuid, first.message_group_uuid) is None


def test_a_lost_answer_to_a_marker_is_no_error(table: MessageTable, me: Member, first: Message) -> None:
    lost = lose_answers(table.client, "UpdateItem")
    table.mark_read(me.uuid, first.message_group_uuid, first.message_uuid)
    assert lost == [200]
    assert row(table, me, first.message_group_uuid).read_up_to == first.message_uuid


def test_a_row_that_was_removed_is_not_made_by_a_marker(table: MessageTable, me: Member, first: Message) -> None:
    table.client.delete_item(TableName=table.name, Key=row_key(me.uuid, first.message_group_uuid))
    with pytest.raises(MessageGroupNotFound):
        table.mark_read(me.uuid, first.message_group_uuid, first.message_uuid)
    assert row_of(table, me.uuid, first.message_group_uuid) is None
