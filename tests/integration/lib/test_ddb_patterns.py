"""Each access pattern: what it gives, how many calls it takes and what they cost, as design section 4 budgets it.

Both engines report units as AWS does for reads and for single writes, entries of the index included. For a
transaction dynoxide adds the index entries and ExtendDB does not, so D's units are held from both sides.
"""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backend_flask.lib.ddb import DamagedMessageGroup, MessageGroupNotFound, MessageTable
from backend_flask.lib.ddb_items import Member, MessageGroup, direct_group_uuid, message_key, row_key
from backend_flask.lib.metering import Meter, meter
from tests.messages_table import a_person, eventually, row_of, stored


@pytest.fixture
def group(table: MessageTable, me: Member, you: Member) -> str:
    """Three messages: first and third of me, second of you."""
    first = table.create_direct_message(me, you, "first")
    table.create_message(you, first.message_group_uuid, "second")
    table.create_message(me, first.message_group_uuid, "third")
    return first.message_group_uuid


@pytest.fixture
def spent(client: Any, group: str) -> Meter:  # noqa: ARG001  # counts from when the group is there
    return meter(client)


def texts(page: Any) -> list[str]:
    return [each.message for each in page.items]


# A


def test_the_first_page_is_one_consistent_query(table: MessageTable, me: Member, group: str, spent: Meter) -> None:
    page = table.list_messages(me.uuid, group, 2)
    assert texts(page) == ["third", "second"]
    assert page.more
    assert spent.calls == ["Query"]
    assert (spent.read_units, spent.write_units) == (1, 0)


def test_both_members_read_the_same_messages(table: MessageTable, me: Member, you: Member, group: str) -> None:
    assert table.list_messages(me.uuid, group, 10) == table.list_messages(you.uuid, group, 10)


def test_a_page_that_ends_with_the_first_message_has_no_more(table: MessageTable, me: Member, group: str) -> None:
    assert texts(table.list_messages(me.uuid, group, 3)) == ["third", "second", "first"]
    assert not table.list_messages(me.uuid, group, 3).more
    assert not table.list_messages(me.uuid, group, 100).more


def test_an_older_page_is_a_get_and_a_query(table: MessageTable, me: Member, group: str, spent: Meter) -> None:
    third = table.list_messages(me.uuid, group, 1).items[0]
    spent.reset()
    page = table.list_messages(me.uuid, group, 1, before=third.message_uuid)
    assert texts(page) == ["second"]
    assert page.more
    assert spent.calls == ["GetItem", "Query"]
    assert spent.read_units == 2
    last = table.list_messages(me.uuid, group, 5, before=page.items[0].message_uuid)
    assert texts(last) == ["first"]
    assert not last.more
    assert texts(table.list_messages(me.uuid, group, 5, before=last.items[0].message_uuid)) == []


@pytest.mark.parametrize(
    "before", [None, "ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000000"]
)
def test_a_stranger_learns_nothing(table: MessageTable, group: str, spent: Meter, before: str | None) -> None:
    absent = direct_group_uuid(a_person().uuid, a_person().uuid)
    costs = []
    for group_uuid in (group, absent):
        stranger = a_person().uuid
        spent.reset()
        with pytest.raises(MessageGroupNotFound) as refused:
            table.list_messages(stranger, group_uuid, 20, before)
        assert str(refused.value) == ""
        costs.append(spent.calls[:])
    assert costs[0] == costs[1]


def test_a_former_member_reads_nothing_any_more(table: MessageTable, me: Member, you: Member, group: str) -> None:
    third = table.list_messages(me.uuid, group, 1).items[0]
    key = message_key(group, "~GROUP")
    table.client.update_item(
        TableName=table.name,
        Key=key,
        UpdateExpression="DELETE member_uuids :me",
        ExpressionAttributeValues={":me": {"SS": [me.uuid]}},
    )
    table.client.delete_item(TableName=table.name, Key=row_key(me.uuid, group))
    for before in (None, third.message_uuid):
        with pytest.raises(MessageGroupNotFound):
            table.list_messages(me.uuid, group, 20, before)
    with pytest.raises(MessageGroupNotFound):
        table.create_message(me, group, "let me in")
    assert len(table.list_messages(you.uuid, group, 20).items) == 3


def test_messages_without_their_group_item_are_shown_to_nobody(table: MessageTable, me: Member, group: str) -> None:
    table.client.delete_item(TableName=table.name, Key=message_key(group, "~GROUP"))
    with pytest.raises(MessageGroupNotFound):
        table.list_messages(me.uuid, group, 20)


def test_a_page_of_the_longest_messages_is_whole(table: MessageTable, me: Member, group: str) -> None:
    # 102 items of 4 KB and more are below the megabyte at which DynamoDB ends a page by itself.
    longest = replace(table.list_messages(me.uuid, group, 1).items[0], message="\N{GRINNING FACE}" * 1024)
    for _ in range(101):
        table.client.put_item(TableName=table.name, Item=replace(longest, message_uuid=table._make_id()).to_item())
    page = table.list_messages(me.uuid, group, 100)
    assert len(page.items) == 100
    assert page.more
    assert {each.message for each in page.items} == {longest.message}


# B


def test_the_list_is_one_query_on_the_index(table: MessageTable, me: Member, you: Member, group: str) -> None:
    eventually(lambda: table.list_message_groups(me.uuid, 10).items, bool)
    spent = meter(table.client)
    (row,) = table.list_message_groups(me.uuid, 10).items
    assert spent.calls == ["Query"]
    assert (spent.read_units, spent.write_units) == (0.5, 0)
    assert (row.uuid, row.other, row.message, row.unread, row.unread_count) == (group, you, "first", False, 0)
    spent.reset()
    (row,) = table.list_message_groups(you.uuid, 10).items
    assert spent.calls == ["Query", "Query"]
    assert spent.read_units == 1
    assert (row.other, row.unread, row.unread_count) == (me, True, 2)


def test_without_counts_the_list_counts_nothing(table: MessageTable, you: Member, group: str, spent: Meter) -> None:
    eventually(lambda: table.list_message_groups(you.uuid, 10, counts=False).items, bool)
    spent.reset()
    (row,) = table.list_message_groups(you.uuid, 10, counts=False).items
    assert (row.uuid, row.unread, row.unread_count) == (group, True, None)
    assert spent.calls == ["Query"]


def test_a_person_without_message_groups_has_an_empty_list(table: MessageTable) -> None:
    page = table.list_message_groups(a_person().uuid, 10)
    assert (page.items, page.more) == ([], False)


# C


def test_a_message_costs_one_write_and_one_read(table: MessageTable, me: Member, group: str, spent: Meter) -> None:
    sent = table.create_message(me, group, "fourth")
    assert spent.calls == ["GetItem", "PutItem"]
    assert (spent.read_units, spent.write_units) == (1, 1)
    assert stored(table, group)[-1] == sent


def test_a_send_key_costs_one_write_more(table: MessageTable, me: Member, group: str, spent: Meter) -> None:
    table.create_message(me, group, "fourth", "a key")
    assert spent.calls == ["GetItem", "PutItem", "PutItem"]
    assert (spent.read_units, spent.write_units) == (1, 2)


@pytest.mark.parametrize("send_key", [None, "a key"])
def test_a_stranger_writes_nothing(table: MessageTable, group: str, spent: Meter, send_key: str | None) -> None:
    with pytest.raises(MessageGroupNotFound):
        table.create_message(a_person(), group, "let me in", send_key)
    assert spent.calls == ["GetItem"]
    assert len(stored(table, group)) == 3


def test_a_message_is_never_overwritten(table: MessageTable, you: Member, group: str) -> None:
    again = MessageTable(table.client, table.name, make_id=lambda: first.message_uuid)
    first = stored(table, group)[0]
    assert again.create_message(you, group, "in its place") == first
    assert stored(table, group)[0] == first
    assert len(stored(table, group)) == 3


# D


def test_a_new_message_group_is_two_looks_and_one_transaction(table: MessageTable, me: Member, spent: Meter) -> None:
    you = a_person()
    sent = table.create_direct_message(me, you, "hello")
    assert spent.calls == ["GetItem", "GetItem", "TransactWriteItems"]
    assert 8 <= spent.write_units <= 12
    assert spent.read_units == 2
    assert sent.message_group_uuid == direct_group_uuid(you.uuid, me.uuid)
    for owner, other in ((me, you), (you, me)):
        item = row_of(table, owner.uuid, sent.message_group_uuid)
        assert item
        row = MessageGroup.from_item(item)
        assert (row.other, row.message, row.last_message_uuid) == (other, "hello", sent.message_uuid)
        assert row.unread == (owner is you)


def test_a_message_to_a_person_one_has_written_to_goes_on(
    table: MessageTable, me: Member, you: Member, group: str
) -> None:
    spent = meter(table.client)
    sent = table.create_direct_message(you, me, "fourth")
    assert spent.calls == ["GetItem", "PutItem"]
    assert sent.message_group_uuid == group
    assert [each.message for each in stored(table, group)] == ["first", "second", "third", "fourth"]


# E


def test_the_rows_of_both_cost_six_writes_and_one_read(
    table: MessageTable, me: Member, you: Member, group: str, spent: Meter
) -> None:
    newest = stored(table, group)[-1]
    table.update_message_groups(stored(table, group))
    assert spent.calls[-3:] == ["GetItem", "UpdateItem", "UpdateItem"]
    assert spent.write_units == 6
    for owner in (me, you):
        item = row_of(table, owner.uuid, group)
        assert item
        row = MessageGroup.from_item(item)
        assert (row.message, row.last_message_uuid, row.last_sender_uuid) == ("third", newest.message_uuid, me.uuid)
        assert item["last_message_at"] == {"S": newest.created_at}
        assert item["inbox_sk"] == {"S": newest.message_uuid}


def test_an_update_that_comes_again_writes_nothing(table: MessageTable, group: str, spent: Meter) -> None:
    messages = stored(table, group)
    table.update_message_groups(messages)
    spent.reset()
    table.update_message_groups(messages)
    table.update_message_groups(messages[:2])
    assert spent.calls == ["GetItem", "UpdateItem", "UpdateItem"] * 2
    assert (spent.read_units, spent.write_units) == (2, 0)


def test_messages_of_a_group_that_has_no_item_are_refused(table: MessageTable, me: Member, group: str) -> None:
    lost = replace(stored(table, group)[0], message_group_uuid=direct_group_uuid(me.uuid, a_person().uuid))
    with pytest.raises(DamagedMessageGroup):
        table.update_message_groups([lost])


def test_a_row_that_is_gone_is_not_made_again(table: MessageTable, me: Member, you: Member, group: str) -> None:
    table.client.delete_item(TableName=table.name, Key=row_key(me.uuid, group))
    table.update_message_groups(stored(table, group))
    assert row_of(table, me.uuid, group) is None
    yours = row_of(table, you.uuid, group)
    assert yours
    assert yours["message"] == {"S": "third"}


# The engine itself


def test_the_engine_refuses_reserved_words(table: MessageTable, me: Member, group: str) -> None:
    # So every expression that the engine takes in these tests is free of them.
    with pytest.raises(ClientError, match="reserved"):
        table.client.update_item(
            TableName=table.name,
            Key=row_key(me.uuid, group),
            UpdateExpression="SET status = :s",
            ExpressionAttributeValues={":s": {"S": "x"}},
        )


def test_a_missing_table_is_an_error_that_says_so(client: Any) -> None:
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        MessageTable(client, "test-nothing", str).ping()
