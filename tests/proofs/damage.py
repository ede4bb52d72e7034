"""Rows are damaged at random, repaired, and compared with what a person writes down from the messages alone.

The reckoning here shares no line with the repair: whatever it expects is spelled out attribute by attribute.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Member
from backend_flask.lib.ddb_verify import Difference, differences, repair
from backend_flask.lib.metering import Meter, meter
from tests.arena import Arena
from tests.messages_table import row_of
from tests.proofs.harm import KINDS, ZERO, Group, shortened
from tests.proofs.trial import Figures, Refuted, Trial

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}


def run(arena: Arena, trial: Trial) -> Figures:
    seen: Counter[str] = Counter()
    with arena.api() as api:
        spent = meter(api.table.client)
        for seed in trial.rounds():
            before = seen["rows"]
            Round(api.table, spent, random.Random(seed), seen).play()  # noqa: S311
            trial.advance(seen["rows"] - before)
            seen["rounds"] += 1
    kinds = sum(1 for name in seen if name.startswith("kind: "))
    return {
        "rounds": seen["rounds"],
        "message groups": seen["groups"],
        "rows": seen["rows"],
        "rows that differed": seen["differed"],
        "rows of strangers": seen["foreign"],
        "kinds of damage": kinds,
        "writes of second runs": seen["second writes"],
    }


class Round:
    """Some message groups, and what happens to their rows."""

    def __init__(self, table: MessageTable, spent: Meter, chance: random.Random, seen: Counter[str]) -> None:
        self.table = table
        self.spent = spent
        self.chance = chance
        self.seen = seen
        self.people: dict[str, Member] = {}
        self.foreign: list[tuple[str, str]] = []

    def play(self) -> None:
        self.groups = [
            self._group(size) for size in (2, self.chance.choice((1, 2, 2, 3)) + 1, self.chance.randint(3, 6))
        ]
        for group in self.groups:
            self._harm(group)
        # What each row is to be is reckoned from the damaged one: what it alone knows stays, where it can be true.
        wanted = {key: self._reckon(*key) for key in self._keys()}
        wrong = {key for key, item in wanted.items() if self._row(*key) != item}
        found = self._differences()
        self._expect({(each.user_uuid, each.message_group_uuid) for each in found}, wrong, "rows that are reported")
        self.spent.reset()
        self._expect([repair(self.table, each) for each in found], [True] * len(found), "repairs")
        self._expect({key: self._row(*key) for key in wanted}, wanted, "rows after the repair")
        self._look_again()
        self.seen.update(groups=len(self.groups), rows=len(wanted), differed=len(wrong), foreign=len(self.foreign))

    def _look_again(self) -> None:
        self.spent.reset()
        self._expect([repair(self.table, each) for each in self._differences()], [], "a second run")
        writes = [call for call in self.spent.calls if call in WRITES]
        self._expect(writes, [], "writes of a second run")
        self.seen["second writes"] += len(writes)

    def _expect(self, found: object, wanted: object, what: str) -> None:
        if found != wanted:
            raise Refuted(f"{what}: wanted {wanted}, found {found}")

    # The message groups

    def _person(self) -> Member:
        # Not of the seed: a round that is played again in the same table is one of other people.
        number = len(self.people)
        person = Member(str(uuid.uuid4()), f"Person {number}", f"person{number}")
        self.people[person.uuid] = person
        return person

    def _group(self, size: int) -> Group:
        """Messages of which the stream has brought some to the rows, and people have read some."""
        members = [self._person() for _ in range(size)]
        group = Group(members, None if size == 2 and self.chance.random() < 0.8 else f"Group of {size}")
        for _ in range(self.chance.randint(1, 8)):
            sent = self._send(group, self.chance.choice(members))
            group.uuid = sent.message_group_uuid
            group.said.append((sent.message_uuid, sent.user_uuid, sent.message))
            if self.chance.random() < 0.5:
                self.table.update_message_groups([sent])
        for member in members:
            if self.chance.random() < 0.3:
                self.table.mark_read(member.uuid, group.uuid, self.chance.choice(group.said)[0])
        return group

    def _send(self, group: Group, sender: Member) -> Any:
        text = self.chance.choice(("hi", "\u2603" * 150, "x" * 300, "\U0001f600" * 100)) + str(self.chance.random())
        if group.uuid:
            return self.table.create_message(sender, group.uuid, text)
        others = [member for member in group.members if member != sender]
        if group.title is None:
            return self.table.create_direct_message(sender, others[0], text)
        return self.table.create_message_group(sender, others, group.title, text)

    # The damage

    def _harm(self, group: Group) -> None:
        for member in group.members:
            if self.chance.random() < 0.7:
                self._harm_row(group, member)
        if self.chance.random() < 0.5:
            stranger = str(uuid.uuid4())
            copied = self._row(group.members[0].uuid, group.uuid) or {}
            self._put(copied | {"pk": {"S": f"GRP#{stranger}"}, "sk": {"S": group.uuid}})
            self.foreign.append((stranger, group.uuid))

    def _harm_row(self, group: Group, member: Member) -> None:
        row = self._row(member.uuid, group.uuid) or {}
        key = {name: row[name] for name in ("pk", "sk")}
        for _ in range(self.chance.randint(1, 3)):
            kind = self.chance.choice(KINDS)
            row = {**kind(self.chance, dict(row), group), **key}
            self.seen[f"kind: {kind.__name__}"] += 1
        if self.chance.random() < 0.15:
            self.seen["kind: gone"] += 1
            self.table.client.delete_item(TableName=self.table.name, Key=key)
        else:
            self._put(row)

    def _put(self, item: Item) -> None:
        self.table.client.put_item(TableName=self.table.name, Item=item)

    # What there is

    def _row(self, owner: str, group: str) -> Item | None:
        return row_of(self.table, owner, group)

    def _keys(self) -> list[tuple[str, str]]:
        """Whose rows there are or should be, in which message group."""
        own = [(member.uuid, group.uuid) for group in self.groups for member in group.members]
        return own + self.foreign

    def _items(self) -> Iterator[Item]:
        """A scan, as if the table held nothing but this round's items."""
        for group in self.groups:
            answer = self.table.client.query(
                TableName=self.table.name,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"MSG#{group.uuid}"}},
                ConsistentRead=True,
            )
            yield from answer["Items"]
        yield from filter(None, (self._row(*key) for key in self._keys()))

    def _names(self, uuids: Sequence[str]) -> dict[str, Member]:
        return {each: self.people[each] for each in uuids}

    def _differences(self) -> list[Difference]:
        return list(differences(self.table, self._names, self._items()))

    # What there should be

    def _reckon(self, owner: str, group_uuid: str) -> Item | None:
        (group,) = (each for each in self.groups if each.uuid == group_uuid)
        if (owner, group_uuid) in self.foreign:
            return None
        there = self._row(owner, group_uuid) or {}
        newest, sender, text = group.said[-1]
        at = datetime.fromtimestamp((uuid.UUID(newest).int >> 80) / 1000, UTC)
        more = {name: value for name, value in there.items() if name == "colour"}
        return more | {
            "pk": {"S": f"GRP#{owner}"},
            "sk": {"S": group_uuid},
            "inbox_sk": {"S": newest},
            "last_message_uuid": {"S": newest},
            "last_message_rev": {"N": "0"},
            "last_message_at": {"S": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")},
            "last_sender_uuid": {"S": sender},
            "message": {"S": shortened(text)},
            "read_up_to": {"S": _read_up_to(there, group, owner)},
            **self._about(there, group, owner),
        }

    def _about(self, there: Item, group: Group, owner: str) -> Item:
        if group.title is not None:
            return {"title": {"S": group.title}, "members": {"N": str(len(group.members))}}
        (other,) = (member for member in group.members if member.uuid != owner)
        about = {"user_uuid": other.uuid, "user_display_name": other.display_name, "user_handle": other.handle}
        if there.get("user_uuid") == {"S": other.uuid}:
            # A name of the same person may have been right when it was written.
            about |= {name: typed["S"] for name, typed in there.items() if name in about and typed.get("S")}
        return {name: {"S": text} for name, text in about.items()}


def _read_up_to(there: Item, group: Group, owner: str) -> str:
    """The marker that is there, unless it is none, or past the end, or before what the owner has sent."""
    marker = there.get("read_up_to", {}).get("S", "")
    own = [message for message, sender, _ in group.said if sender == owner]
    return max([min(marker, group.said[-1][0]) if is_uuid(marker) else ZERO, *own])


def is_uuid(text: str) -> bool:
    digits = text.replace("-", "")
    return [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12] and set(digits) <= set("0123456789abcdef")
