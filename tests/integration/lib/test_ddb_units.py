"""What the calls beside the five access patterns take is what bench/units.py writes down, to the unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_changes import Changes
from backend_flask.lib.ddb_items import Member, Message
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.metering import meter
from backend_flask.lib.uuid7 import Uuid7, wall_clock_ms
from bench import units
from bench.units import TEXT, Units
from tests.messages_table import a_person


@dataclass
class Town:
    """A direct message group and one of three, each with two messages."""

    table: MessageTable
    me: Member
    you: Member

    def __post_init__(self) -> None:
        self.them = a_person()
        self.members = Membership(self.table, Uuid7())
        self.changes = Changes(self.table, lambda: wall_clock_ms() / 1000)
        self.older = self.table.create_direct_message(self.me, self.you, TEXT)
        self.newest = self.table.create_message(self.me, self.older.message_group_uuid, TEXT)
        self.group = self.older.message_group_uuid
        self.table.update_message_groups([self.older, self.newest])
        first = self.table.create_message_group(self.me, [self.you, self.them], "Three", TEXT)
        self.three = first.message_group_uuid

    def edited(self, message: Message) -> Message:
        return self.table.edit_message(self.me.uuid, *message.place, TEXT[::-1])

    def blocked(self, other: Member) -> Member:
        self.members.block(self.me, other)
        return other


# What to prepare is done before the counting: it gives what is counted.
Counted = Callable[[], object]
CALLS: dict[str, tuple[Units, Callable[[Town], Counted]]] = {
    "edit": (units.EDIT, lambda town: lambda: town.edited(town.newest)),
    "delete": (units.EDIT, lambda town: lambda: town.table.delete_message(town.me.uuid, *town.newest.place)),
    "E, an edit of the newest": (
        units.spread_of_an_edit(2),
        lambda town: partial(town.table.update_message_groups, [town.edited(town.newest)]),
    ),
    "title": (units.change(3), lambda town: lambda: town.members.change(town.me.uuid, town.three, title="A title")),
    "time to live": (
        units.change(2),
        lambda town: lambda: town.members.change(town.me.uuid, town.group, ttl_seconds=3600),
    ),
    "add": (
        units.change(4),
        lambda town: partial(town.members.add, town.me.uuid, town.three, [a_person()]),
    ),
    "leave": (units.change(3), lambda town: lambda: town.members.remove(town.you.uuid, town.three, town.you.uuid)),
    "mute": (units.MUTE, lambda town: lambda: town.members.mute(town.me.uuid, town.group, muted=True)),
    "hide": (units.HIDE, lambda town: lambda: town.members.hide(town.me.uuid, town.group)),
    "block": (units.BLOCK, lambda town: lambda: town.members.block(town.me, town.you)),
    "block a stranger": (units.BLOCK_A_STRANGER, lambda town: lambda: town.members.block(town.me, a_person())),
    "unblock": (
        units.UNBLOCK,
        lambda town: partial(town.members.unblock, town.me.uuid, town.blocked(town.you).uuid),
    ),
    "unblock a stranger": (
        units.UNBLOCK_A_STRANGER,
        lambda town: partial(town.members.unblock, town.me.uuid, town.blocked(a_person()).uuid),
    ),
    "send to who blocks me": (
        units.SEND,
        lambda town: partial(town.table.create_message, town.blocked(town.you), town.group, TEXT),
    ),
    "catch up, nothing": (
        units.CATCH_UP,
        lambda town: lambda: town.changes.catch_up(town.me.uuid, wall_clock_ms() + 60_000),
    ),
}
# How many entries of the index a transaction puts or takes away, which ExtendDB does not count.
UNCOUNTED = {
    "title": 3,
    "time to live": 2,
    "add": 4,
    "leave": 3,
    "block": 3,
    "unblock": 3,
    "unblock a stranger": 1,
}


@pytest.mark.parametrize("call", CALLS)
def test_each_call_takes_the_units_that_are_written_down(
    table: MessageTable, me: Member, you: Member, call: str, ddb_engine: str
) -> None:
    wanted, prepare = CALLS[call]
    counted = prepare(Town(table, me, you))
    spent = meter(table.client)
    counted()
    taken = Units(read=spent.read_units, write=spent.write_units)
    without_the_index = wanted + Units(write=-UNCOUNTED.get(call, 0))
    assert taken in (wanted, without_the_index)
    if ddb_engine == "dynoxide":
        assert taken == wanted
