"""Pages that begin elsewhere than at the newest: after and around a message; message groups since, unread, or one."""

import pytest

from backend_flask.lib.ddb import LOOKED_AT, MessageGroupNotFound, MessageTable
from backend_flask.lib.ddb_items import Member, Message, direct_group_uuid
from backend_flask.lib.metering import meter
from tests.messages_table import a_person, eventually


@pytest.fixture
def sent(table: MessageTable, me: Member, you: Member) -> list[Message]:
    """Ten messages, oldest first."""
    first = table.create_direct_message(me, you, "0")
    return [first, *(table.create_message(me, first.message_group_uuid, str(number)) for number in range(1, 10))]


def uuids(messages: list[Message]) -> list[str]:
    return [message.message_uuid for message in messages]


def test_after_a_message_come_the_oldest_of_the_newer_ones(
    table: MessageTable, me: Member, sent: list[Message]
) -> None:
    group = sent[0].message_group_uuid
    page = table.list_messages_after(me.uuid, group, 3, sent[4].message_uuid)
    assert uuids(page.items) == uuids(sent[7:4:-1])
    assert page.newer
    page = table.list_messages_after(me.uuid, group, 3, page.items[0].message_uuid)
    assert uuids(page.items) == uuids(sent[:7:-1])
    assert not page.newer


def test_after_the_newest_there_is_nothing(table: MessageTable, me: Member, sent: list[Message]) -> None:
    page = table.list_messages_after(me.uuid, sent[0].message_group_uuid, 3, sent[-1].message_uuid)
    assert (page.items, page.newer) == ([], False)


def test_around_a_message_are_as_many_newer_as_older_ones(table: MessageTable, me: Member, sent: list[Message]) -> None:
    page = table.list_messages_around(me.uuid, sent[0].message_group_uuid, 4, sent[5].message_uuid)
    assert uuids(page.items) == uuids(sent[7:3:-1])
    assert page.more
    assert page.newer


def test_around_the_ends_the_page_says_that_nothing_follows(
    table: MessageTable, me: Member, sent: list[Message]
) -> None:
    group = sent[0].message_group_uuid
    newest = table.list_messages_around(me.uuid, group, 4, sent[9].message_uuid)
    oldest = table.list_messages_around(me.uuid, group, 4, sent[0].message_uuid)
    assert (uuids(newest.items), newest.newer, newest.more) == (uuids(sent[9:7:-1]), False, True)
    assert (uuids(oldest.items), oldest.newer, oldest.more) == (uuids(sent[2::-1]), True, False)


def test_one_message_around_itself(table: MessageTable, me: Member, sent: list[Message]) -> None:
    page = table.list_messages_around(me.uuid, sent[0].message_group_uuid, 1, sent[5].message_uuid)
    assert uuids(page.items) == [sent[5].message_uuid]


def test_a_stranger_is_told_of_no_place(table: MessageTable, sent: list[Message]) -> None:
    group, somewhere = sent[0].message_group_uuid, sent[3].message_uuid
    for listed in (table.list_messages_after, table.list_messages_around):
        with pytest.raises(MessageGroupNotFound):
            listed(a_person().uuid, group, 3, somewhere)


def test_a_place_costs_one_check_and_one_query_a_direction(
    table: MessageTable, me: Member, sent: list[Message]
) -> None:
    group, somewhere = sent[0].message_group_uuid, sent[3].message_uuid
    spent = meter(table.client)
    table.list_messages_after(me.uuid, group, 3, somewhere)
    assert spent.calls == ["GetItem", "Query"]
    spent.reset()
    table.list_messages_around(me.uuid, group, 3, somewhere)
    assert spent.calls == ["GetItem", "Query", "Query"]


@pytest.fixture
def started(table: MessageTable, me: Member) -> list[Message]:
    """The only messages of six message groups, oldest first; I wrote every second one."""
    pairs = [(me, a_person()) if number % 2 else (a_person(), me) for number in range(6)]
    messages = [table.create_direct_message(sender, receiver, "hello") for sender, receiver in pairs]
    eventually(lambda: table.list_message_groups(me.uuid, 10).items, lambda rows: len(rows) == 6)
    return messages


def listed(page: object) -> list[str]:
    return [group.last_message_uuid for group in page.items]  # type: ignore[attr-defined]


def test_since_a_message_only_newer_groups_are_listed(table: MessageTable, me: Member, started: list[Message]) -> None:
    since = started[2].message_uuid
    page = table.list_message_groups(me.uuid, 2, since=since)
    assert (listed(page), page.more) == (uuids(started[:3:-1]), True)
    page = table.list_message_groups(me.uuid, 2, listed(page)[-1], since=since)
    assert (listed(page), page.more) == ([started[3].message_uuid], False)


def test_before_and_since_leave_both_ends_out(table: MessageTable, me: Member, started: list[Message]) -> None:
    page = table.list_message_groups(me.uuid, 10, started[4].message_uuid, since=started[1].message_uuid)
    assert listed(page) == uuids(started[3:1:-1])


def test_only_unread_groups_are_listed(table: MessageTable, me: Member, started: list[Message]) -> None:
    page = table.list_unread_message_groups(me.uuid, 10)
    assert (listed(page), page.more) == (uuids(started[4::-2]), False)
    assert [group.unread_count for group in page.items] == [1, 1, 1]


def test_unread_groups_come_in_pages(table: MessageTable, me: Member, started: list[Message]) -> None:
    page = table.list_unread_message_groups(me.uuid, 2, counts=False)
    assert (listed(page), page.more) == (uuids(started[4:0:-2]), True)
    page = table.list_unread_message_groups(me.uuid, 2, listed(page)[-1], counts=False)
    assert (listed(page), page.more) == ([started[0].message_uuid], False)


def test_where_all_rows_looked_at_are_read_the_page_says_where_to_go_on(
    table: MessageTable, me: Member, started: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend_flask.lib.ddb.LOOKED_AT", 1)
    page = table.list_unread_message_groups(me.uuid, 10, counts=False)
    assert (page.items, page.more, page.resume) == ([], True, started[5].message_uuid)
    page = table.list_unread_message_groups(me.uuid, 10, page.resume, counts=False)
    assert listed(page) == [started[4].message_uuid]


def test_the_unread_ones_cost_one_query(table: MessageTable, me: Member, started: list[Message]) -> None:
    assert started
    assert LOOKED_AT == 100
    spent = meter(table.client)
    table.list_unread_message_groups(me.uuid, 10, counts=False)
    assert spent.calls == ["Query"]


def test_one_message_group_is_found_by_its_row(table: MessageTable, me: Member, you: Member) -> None:
    group_uuid = direct_group_uuid(me.uuid, you.uuid)
    assert table.find_message_group(me.uuid, group_uuid).items == []
    sent = table.create_direct_message(you, me, "hello")
    spent = meter(table.client)
    page = table.find_message_group(me.uuid, group_uuid)
    assert listed(page) == [sent.message_uuid]
    assert [group.unread_count for group in page.items] == [1]
    assert spent.calls == ["GetItem", "Query"]
