"""What people do while rows are compared is not undone by the repair, and what only a row knows is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backend_flask.lib import ddb_verify
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, MessageGroup, row_key
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.uuid7 import Uuid7
from tests.damaged_rows import DAMAGE, Town, put
from tests.messages_table import a_person, row_of, stored


@pytest.fixture
def town(table: MessageTable) -> Town:
    """Group 0 is direct, with one message; group 2 is of three."""
    return Town(table, 3)


@pytest.fixture
def membership(table: MessageTable) -> Membership:
    return Membership(table, Uuid7())


def damage(town: Town, place: int, kind: str) -> tuple[str, str, Item]:
    """Whose row it was, of which message group, and how it was."""
    owner, group = town.rows[place]
    whole = row_of(town.table, owner, group) or {}
    damaged = DAMAGE[kind](whole)
    key = row_key(owner, group)
    put(town.table, damaged) if damaged else town.table.client.delete_item(TableName=town.table.name, Key=key)
    return owner, group, whole


def row(town: Town, place: int) -> Item:
    return row_of(town.table, *town.rows[place]) or {}


ACTS: dict[str, tuple[int, Callable[[Membership, Town], object]]] = {
    "mutes": (1, lambda membership, town: membership.mute(*town.rows[1], muted=True)),
    "hides": (1, lambda membership, town: membership.hide(*town.rows[1])),
    "blocks": (1, lambda membership, town: membership.block(*(town.people[town.rows[at][0]] for at in (1, 0)))),
    "is blocked": (1, lambda membership, town: membership.block(*(town.people[town.rows[at][0]] for at in (0, 1)))),
    "sets a time to live": (1, lambda membership, town: membership.change(*town.rows[1], ttl_seconds=3600)),
    "renames": (5, lambda membership, town: membership.change(*town.rows[5], title="Renamed")),
    "adds": (5, lambda membership, town: membership.add(*town.rows[5], [a_person()])),
    "takes out": (5, lambda membership, town: membership.remove(*town.rows[4], town.rows[6][0])),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_happens_between_the_look_and_the_repair_is_not_undone(
    town: Town, membership: Membership, act: str
) -> None:
    place, does = ACTS[act]
    damage(town, place, "wrong preview")
    found = town.differences()
    does(membership, town)
    before = row(town, place)
    assert [each.user_uuid for each in found] == [town.rows[place][0]]
    assert not ddb_verify.repair(town.table, found[0])
    assert row(town, place) == before
    again = town.differences()
    assert all(ddb_verify.repair(town.table, each) for each in again)
    mended = {"message": {"S": "first" if place == 1 else "message 1"}}
    assert row(town, place) == before | mended


@pytest.mark.parametrize("act", ["renames", "adds", "takes out", "sets a time to live"])
def test_a_change_of_a_message_group_after_the_scan_is_no_difference(
    town: Town, membership: Membership, act: str
) -> None:
    scanned = list(town.items())
    ACTS[act][1](membership, town)
    assert list(ddb_verify.differences(town.table, town.names, iter(scanned))) == []


def test_who_has_left_since_their_row_was_missed_gets_none(town: Town, membership: Membership) -> None:
    """A row lets its owner in."""
    owner, group, _ = damage(town, 5, "gone")
    (missing,) = town.differences()
    assert missing.reason == "is missing"
    item = membership.table.read_group(group)
    put(town.table, replace(item, member_uuids=item.member_uuids - {owner}).to_item())
    assert not ddb_verify.repair(town.table, missing)
    assert row_of(town.table, owner, group) is None
    put(town.table, item.to_item())
    assert ddb_verify.repair(town.table, missing)


def test_the_other_persons_name_is_caught_up_though_they_did_not_write_last(town: Town) -> None:
    (me, group), (you, _) = town.rows[:2]
    _, _, whole = damage(town, 1, "gone")
    (missing,) = town.differences()
    named = town.table.create_message(replace(town.people[me], display_name="A New Name"), group, "second")
    put(town.table, whole)
    last = town.table.create_message(town.people[you], group, "third")
    damage(town, 1, "gone")
    town.table.update_message_groups([named, last])
    assert ddb_verify.repair(town.table, missing)
    shown = MessageGroup.from_item(row(town, 1))
    assert (shown.message, shown.named_by, shown.other and shown.other.display_name) == (
        "third",
        named.message_uuid,
        "A New Name",
    )
    assert town.differences() == []


def test_an_edit_while_a_row_was_missing_is_caught_up(town: Town) -> None:
    (me, group), _ = town.rows[:2]
    damage(town, 1, "gone")
    (missing,) = town.differences()
    newest = stored(town.table, group)[-1]
    town.table.update_message_groups([town.table.edit_message(me, group, newest.message_uuid, "better")])
    assert ddb_verify.repair(town.table, missing)
    assert row(town, 1)["message"] == {"S": "better"}
    assert town.differences() == []


def test_a_row_that_took_a_new_name_while_it_could_take_no_message_is_repaired_at_once(town: Town) -> None:
    (me, group), _ = town.rows[:2]
    damage(town, 1, "too new")
    (found,) = town.differences()
    named = town.table.create_message(replace(town.people[me], display_name="A New Name"), group, "second")
    town.table.update_message_groups([named])
    assert ddb_verify.repair(town.table, found)
    shown = MessageGroup.from_item(row(town, 1))
    assert (shown.message, shown.other and shown.other.display_name) == ("second", "A New Name")
    assert town.differences() == []


@pytest.mark.parametrize("kind", ["wrong preview", "wrong sender", "no marker", "an old name", "with a lifetime"])
@pytest.mark.parametrize("act", ["mutes", "hides", "blocks", "is blocked", "sets a time to live"])
def test_what_only_the_row_knows_is_kept_by_a_repair(town: Town, membership: Membership, act: str, kind: str) -> None:
    ACTS[act][1](membership, town)
    assert town.differences() == []
    _, _, whole = damage(town, 1, kind)
    (found,) = town.differences()
    assert ddb_verify.repair(town.table, found)
    assert row(town, 1) == whole


def test_a_block_is_told_to_the_other_row_again(town: Town, membership: Membership) -> None:
    me, you = (town.people[owner] for owner, _ in town.rows[:2])
    membership.block(you, me)
    whole = row(town, 0)
    put(town.table, {name: value for name, value in whole.items() if name != "other_blocks"})
    (found,) = town.differences()
    assert found.reason == "differs in other_blocks"
    assert ddb_verify.repair(town.table, found)
    assert row(town, 0) == whole
