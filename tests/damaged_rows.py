"""A town whose people have written to each other, and every way in which a row of theirs can be damaged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from backend_flask.lib import ddb_verify
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Member
from backend_flask.lib.ddb_verify import Difference
from tests.messages_table import a_person, row_of, stored

ZERO = "00000000-0000-0000-0000-000000000000"


class Town:
    """Some people, their groups, and what they know of each other."""

    def __init__(self, table: MessageTable, groups: int) -> None:
        self.table = table
        self.people: dict[str, Member] = {}
        self.rows: list[tuple[str, str]] = []
        self.groups: list[str] = []
        for number in range(groups):
            self._found(number)

    def _found(self, number: int) -> None:
        members = [a_person() for _ in range(3 if number % 3 == 2 else 2)]
        self.people |= {member.uuid: member for member in members}
        first = (
            self.table.create_direct_message(members[0], members[1], "first")
            if len(members) == 2
            else self.table.create_message_group(members[0], members[1:], f"Group {number}", "first")
        )
        group = first.message_group_uuid
        for turn in range(number % 4):
            self.table.create_message(members[turn % len(members)], group, f"message {turn}")
        self.table.update_message_groups(stored(self.table, group))
        if number % 2:
            self.table.mark_read(members[1].uuid, group, stored(self.table, group)[-1].message_uuid)
        self.groups.append(group)
        self.rows += [(member.uuid, group) for member in members]

    def items(self) -> Iterator[Item]:
        """A scan, as if the table held nothing but this town."""
        for item in ddb_verify.scan(self.table):
            if any(group in (item["pk"]["S"] + item["sk"]["S"]) for group in self.groups):
                yield item

    def names(self, uuids: Sequence[str]) -> dict[str, Member]:
        return {uuid: self.people[uuid] for uuid in uuids if uuid in self.people}

    def differences(self) -> list[Difference]:
        return list(ddb_verify.differences(self.table, self.names, self.items()))

    def state(self) -> dict[tuple[str, str], Item | None]:
        return {row: row_of(self.table, *row) for row in self.rows}


def put(table: MessageTable, item: Item) -> None:
    table.client.put_item(TableName=table.name, Item=item)


DAMAGE: dict[str, Callable[[Item], Item | None]] = {
    "gone": lambda row: None,  # noqa: ARG005
    "stale": lambda row: (
        row | {name: {"S": "00000000-0000-7000-8000-000000000000"} for name in ("inbox_sk", "last_message_uuid")}
    ),
    "too new": lambda row: (
        row | {name: {"S": "ffffffff-ffff-7fff-8fff-ffffffffffff"} for name in ("inbox_sk", "last_message_uuid")}
    ),
    "too new and expired": lambda row: (
        row | {"last_message_uuid": {"S": "ffffffff-ffff-7fff-8fff-ffffffffffff"}, "last_expires_at": {"N": "1"}}
    ),
    "unheard by nobody": lambda row: row | {"other_blocks": {"BOOL": True}},
    "with a lifetime": lambda row: row | {"ttl_seconds": {"N": "5"}},
    "with an end": lambda row: row | {"last_expires_at": {"N": "1"}},
    "hidden and in the list": lambda row: row | {"is_hidden": {"BOOL": True}},
    "blocked by no block": lambda row: row | {"inbox_sk": {"S": "!x"}},
    "named by no message": lambda row: {name: value for name, value in row.items() if name != "named_by"},
    "an old name": lambda row: row | {"named_by": {"S": ZERO}, "user_display_name": {"S": "Old Name"}},
    "a name from the future": lambda row: row | {"named_by": {"S": "ffffffff-ffff-7fff-8fff-ffffffffffff"}},
    "out of the list": lambda row: {name: value for name, value in row.items() if name != "inbox_sk"},
    "at the wrong place": lambda row: row | {"inbox_sk": {"S": ZERO}},
    "wrong preview": lambda row: row | {"message": {"S": "never said"}},
    "wrong sender": lambda row: row | {"last_sender_uuid": {"S": ZERO}},
    "wrong time": lambda row: row | {"last_message_at": {"S": "2001-01-01T00:00:00.000Z"}},
    "wrong revision": lambda row: row | {"last_message_rev": {"N": "7"}},
    "marker past the newest": lambda row: row | {"read_up_to": {"S": "ffffffff-ffff-7fff-8fff-ffffffffffff"}},
    "no marker": lambda row: {name: value for name, value in row.items() if name != "read_up_to"},
    "marker of another type": lambda row: row | {"read_up_to": {"N": "5"}},
    "marker that is no uuid": lambda row: row | {"read_up_to": {"S": "yesterday"}},
    "of both kinds": lambda row: row | ({"title": {"S": "x"}} if "user_uuid" in row else {"user_uuid": {"S": "x"}}),
    "no name": lambda row: row | ({"user_handle": {"S": ""}} if "user_uuid" in row else {"title": {"S": ""}}),
    "no last message": lambda row: {name: value for name, value in row.items() if name != "last_message_uuid"},
    "text of another type": lambda row: row | {"message": {"NULL": True}},
    "nobody on the other side": lambda row: {
        name: value
        for name, value in row.items()
        if name not in {"user_uuid", "user_display_name", "user_handle", "title", "members"}
    },
    "nothing but its key": lambda row: {name: row[name] for name in ("pk", "sk")},
}
