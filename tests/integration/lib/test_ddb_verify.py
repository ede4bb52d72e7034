"""Damage of every kind is found and put right, and live traffic is not undone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from backend_flask.lib import ddb_verify
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Message, MessageGroup, message_key, row_key
from tests import arena
from tests.damaged_rows import DAMAGE, Town, put
from tests.messages_table import a_person, row_of, stored

ZERO = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def message_table(dynamodb_endpoint: str) -> Iterator[MessageTable]:
    """A table of this file's own: what is in it is scanned again and again."""
    with arena.table(dynamodb_endpoint) as made:
        yield made


@pytest.fixture
def town(table: MessageTable) -> Town:
    return Town(table, 2)


def test_right_rows_are_not_reported(town: Town) -> None:
    assert town.differences() == []


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_of_every_kind_is_found_and_repaired(town: Town, kind: str) -> None:
    before = town.state()
    owner, group = town.rows[1]
    item = DAMAGE[kind](row_of(town.table, owner, group) or {})
    if item is None:
        town.table.client.delete_item(TableName=town.table.name, Key=row_key(owner, group))
    else:
        put(town.table, item)
    (found,) = town.differences()
    assert (found.user_uuid, found.message_group_uuid) == (owner, group)
    assert found.reason
    assert ddb_verify.repair(town.table, found)
    assert town.differences() == []
    after = town.state()
    # A marker that is lost cannot be known: what was read is unread again, and never the other way round.
    marker = (after[owner, group] or {}).get("read_up_to", {})
    assert marker["S"] <= max(
        (before[owner, group] or {})["read_up_to"]["S"], (item or {}).get("inbox_sk", marker)["S"]
    )
    expected = {**(before[owner, group] or {}), "read_up_to": marker}
    assert after == before | {(owner, group): expected}


def test_much_random_damage_is_repaired_in_one_run_and_a_second_changes_nothing(table: MessageTable) -> None:
    town, chance = Town(table, 12), random.Random(11)  # noqa: S311
    damaged = chance.sample(town.rows, 15)
    for owner, group in damaged:
        row = row_of(table, owner, group) or {}
        item = DAMAGE[chance.choice(sorted(DAMAGE))](row)
        put(table, item) if item else table.client.delete_item(TableName=table.name, Key=row_key(owner, group))
    strangers = [a_person() for _ in range(3)]
    for stranger, group in zip(strangers, town.groups, strict=False):
        put(
            table,
            MessageGroup.of(stored(table, group)[0], stranger, [stranger, a_person()], None).to_item(stranger.uuid),
        )
    found = town.differences()
    wanted = {*damaged, *zip((stranger.uuid for stranger in strangers), town.groups, strict=False)}
    assert {(each.user_uuid, each.message_group_uuid) for each in found} == wanted
    assert len(found) == len(wanted)
    assert all(ddb_verify.repair(table, each) for each in found)
    repaired = town.state()
    assert town.differences() == []
    assert town.state() == repaired
    for group in town.groups:
        newest = stored(table, group)[-1]
        for owner in (owner for owner, of in town.rows if of == group):
            shown = MessageGroup.from_item(repaired[owner, group] or {})
            assert (shown.last_message_uuid, shown.message) == (newest.message_uuid, newest.message)
    assert all(
        row_of(table, stranger.uuid, group) is None for stranger, group in zip(strangers, town.groups, strict=False)
    )


@pytest.mark.parametrize("damage", ["gone", "no members", "members of another type"])
def test_rows_are_never_deleted_because_their_group_item_is_damaged(town: Town, damage: str) -> None:
    before = town.state()
    key = message_key(town.groups[0], "~GROUP")
    if damage == "gone":
        town.table.client.delete_item(TableName=town.table.name, Key=key)
    else:
        item = town.table.client.get_item(TableName=town.table.name, Key=key)["Item"]
        item.pop("member_uuids")
        put(town.table, item | ({"member_uuids": {"S": "x"}} if damage == "members of another type" else {}))
    found = town.differences()
    assert {(each.user_uuid, each.message_group_uuid) for each in found if each.user_uuid} == set(town.rows[:2])
    assert not any(ddb_verify.repair(town.table, each) for each in found)
    assert town.state() == before


@pytest.mark.parametrize("damage", ["rev", "user_uuid", "message"])
def test_a_damaged_message_is_reported_and_the_rest_is_repaired(town: Town, damage: str) -> None:
    (_, group), before = town.rows[1], town.state()
    whole = stored(town.table, town.groups[1])[-1]
    bad = {name: value for name, value in whole.to_item().items() if name != damage}
    put(town.table, bad | message_key(group, "ffffffff-ffff-7fff-8fff-ffffffffffff"))
    for owner, of in town.rows[:2]:
        town.table.client.delete_item(TableName=town.table.name, Key=row_key(owner, of))
    (message, *rows) = town.differences()
    assert str(message) == f"message ffffffff-ffff-7fff-8fff-ffffffffffff in {group} is damaged"
    assert not ddb_verify.repair(town.table, message)
    assert all(ddb_verify.repair(town.table, each) for each in rows)
    after = town.state()
    assert town.differences() == [message]
    assert all((row or {})["inbox_sk"] == (before[key] or {})["inbox_sk"] for key, row in after.items())


@pytest.mark.parametrize(
    "damage",
    [{"kind": {"S": "group"}}, {"kind": {"S": "x"}}, {"title": {"S": "x"}}, {"member_uuids": {"SS": ["x", "y"]}}],
)
def test_a_message_group_that_is_damaged_itself_is_reported_and_its_rows_are_left_alone(
    town: Town, damage: Item
) -> None:
    before, group = town.state(), town.groups[0]
    item = town.table.client.get_item(TableName=town.table.name, Key=message_key(group, "~GROUP"))["Item"]
    put(town.table, item | damage)
    found = town.differences()
    assert str(found[0]) == f"message group {group} has a damaged item of its own"
    assert not any(ddb_verify.repair(town.table, each) for each in found)
    assert town.state() == before


# Live traffic


def live(town: Town, marks: bool) -> Message:
    """A new message that the stream has already brought to every row, and that its receiver has read."""
    group = town.groups[0]
    (me, _), (you, _) = town.rows[:2]
    sent = town.table.create_message(town.people[me], group, "just now")
    town.table.update_message_groups([sent])
    if marks:
        town.table.mark_read(you, group, sent.message_uuid)
    return sent


@pytest.mark.parametrize("marks", [False, True])
@pytest.mark.parametrize("call", range(1, 9))
def test_a_message_that_arrives_while_rows_are_compared_is_not_undone(
    message_table: MessageTable, table: MessageTable, call: int, marks: bool
) -> None:
    # Two clients: one verifies, and after its nth call the other one does what people and the stream do.
    verified, others = table, message_table
    town = Town(others, 1)
    scanned = list(town.items())
    calls: list[Message | None] = []

    def meanwhile(**_: Any) -> None:
        calls.append(live(town, marks) if len(calls) + 1 == call else None)

    verified.client.meta.events.register("after-call.dynamodb", meanwhile)
    for found in ddb_verify.differences(verified, town.names, iter(scanned)):
        ddb_verify.repair(verified, found)
    if not any(calls):
        live(town, marks)
    newest = stored(others, town.groups[0])[-1]
    assert newest.message == "just now"
    for owner, group in town.rows:
        shown = MessageGroup.from_item(row_of(others, owner, group) or {})
        assert shown.last_message_uuid == newest.message_uuid
    (_, _), (you, group) = town.rows
    assert (MessageGroup.from_item(row_of(others, you, group) or {}).read_up_to == newest.message_uuid) == marks
    assert town.differences() == []


def damage_second_row(town: Town, kind: str) -> tuple[str, str, Item]:
    """Its owner and message group, and how it was."""
    (owner, group), table = town.rows[1], town.table
    whole = row_of(table, owner, group) or {}
    damaged = DAMAGE[kind](whole)
    put(table, damaged) if damaged else table.client.delete_item(TableName=table.name, Key=row_key(owner, group))
    return owner, group, whole


@pytest.mark.parametrize(
    "kind", ["stale", "too new", "wrong preview", "no last message", "nothing but its key", "gone"]
)
def test_a_row_that_has_changed_since_it_was_looked_at_is_left_alone(town: Town, kind: str) -> None:
    owner, group, whole = damage_second_row(town, kind)
    (found,) = town.differences()
    changed = whole | {"last_message_rev": {"N": "1"}}
    put(town.table, changed)
    assert not ddb_verify.repair(town.table, found)
    assert row_of(town.table, owner, group) == changed


def test_a_message_that_the_stream_has_not_brought_yet_is_brought(town: Town) -> None:
    group = town.groups[0]
    sent = town.table.create_message(town.people[town.rows[0][0]], group, "not yet streamed")
    found = town.differences()
    assert {each.message_group_uuid for each in found} == {group}
    assert all(ddb_verify.repair(town.table, each) for each in found)
    after = town.state()
    town.table.update_message_groups([sent])
    assert town.state() == after


@pytest.mark.parametrize("kind", ["gone", "too new"])
@pytest.mark.parametrize("call", [3, 5])
def test_a_message_that_arrives_while_a_row_could_not_take_it_is_shown_after_its_repair(
    message_table: MessageTable, table: MessageTable, call: int, kind: str
) -> None:
    town = Town(message_table, 1)
    calls: list[Message | None] = []
    damage_second_row(town, kind)
    scanned = list(town.items())

    def meanwhile(**_: Any) -> None:
        calls.append(live(town, marks=False) if len(calls) + 1 == call else None)

    table.client.meta.events.register("after-call.dynamodb", meanwhile)
    for found in ddb_verify.differences(table, town.names, iter(scanned)):
        ddb_verify.repair(table, found)
    assert any(calls)
    assert town.differences() == []
