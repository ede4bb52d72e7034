"""My message groups while something is slow, damaged or behind."""

import time
from typing import Any

import pytest

from backend_flask.lib import deadline
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Member, MessageGroup, row_key
from backend_flask.lib.uuid7 import Uuid7
from tests.messages_table import a_person, eventually, row_of


def test_counts_of_a_page_are_asked_side_by_side(table: MessageTable, me: Member) -> None:
    others = [a_person() for _ in range(20)]
    for other in others:
        table.create_direct_message(other, me, "hello")
    eventually(lambda: table.list_message_groups(me.uuid, 100, counts=False).items, lambda rows: len(rows) == 20)
    asked: list[float] = []

    def slow(**_: Any) -> None:
        asked.append(time.monotonic())
        time.sleep(0.05)

    table.client.meta.events.register_first("before-send", slow)
    rows = table.list_message_groups(me.uuid, 100).items
    assert [row.unread_count for row in rows] == [1] * 20
    assert len(asked) == 21
    # One after the other they would begin a whole second apart.
    assert asked[-1] - asked[1] < 0.5


def test_a_count_keeps_the_deadline_of_its_request(table: MessageTable, me: Member, you: Member) -> None:
    table.create_direct_message(you, me, "hello")
    eventually(lambda: table.list_message_groups(me.uuid, 1, counts=False).items, bool)
    client, calls = table.client, []

    def late(**_: Any) -> None:
        calls.append(1)
        deadline.start(0.1)

    client.meta.events.register("after-call", late)
    deadline.start(60)
    with pytest.raises(deadline.DeadlineExceeded):
        table.list_message_groups(me.uuid, 1)
    deadline.clear()
    assert len(calls) == 1


def test_a_damaged_row_hides_no_other(table: MessageTable, me: Member, you: Member) -> None:
    other = a_person()
    damaged = table.create_direct_message(other, me, "damaged")
    table.create_direct_message(you, me, "whole")
    table.client.update_item(
        TableName=table.name,
        Key=row_key(me.uuid, damaged.message_group_uuid),
        UpdateExpression="REMOVE message",
    )

    def shown() -> list[str]:
        return [row.message for row in table.list_message_groups(me.uuid, 10).items]

    # The index follows: for some milliseconds it may still have the row as it was, and not yet the other.
    assert eventually(shown, lambda found: found == ["whole"]) == ["whole"]


def test_a_message_from_a_clock_behind_is_read_with_what_lies_above_it(
    table: MessageTable, me: Member, you: Member
) -> None:
    """What docs/decisions.md owns up to: ids of two processes interleave by their clocks."""
    newest = table.create_direct_message(you, me, "newest")
    table.mark_read(me.uuid, newest.message_group_uuid, newest.message_uuid)
    behind = MessageTable(table.client, table.name, Uuid7(lambda: newest.created_at_ms - 5000))
    late = behind.create_message(you, newest.message_group_uuid, "late")
    table.update_message_groups([late])
    assert [each.message for each in table.list_messages(me.uuid, newest.message_group_uuid, 2).items] == [
        "newest",
        "late",
    ]
    found = row_of(table, me.uuid, newest.message_group_uuid)
    assert found
    assert not MessageGroup.from_item(found).unread
