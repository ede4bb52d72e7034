"""Rows are damaged at random, repaired, and compared with what a person writes down from the messages alone."""

from __future__ import annotations

import random
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Member, Message, message_key
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.ddb_verify import Difference, differences, repair
from backend_flask.lib.metering import Meter, meter
from backend_flask.lib.uuid7 import Uuid7, wall_clock_ms
from tests.arena import Arena
from tests.messages_table import row_of
from tests.proofs.harm import KINDS, Group
from tests.proofs.mended import reckon
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
        wanted = {key: self._wanted(*key) for key in self._keys()}
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
        """Messages of which the stream has brought some to the rows, and what people do with their side of them."""
        members = [self._person() for _ in range(size)]
        group = Group(members, None if size == 2 and self.chance.random() < 0.8 else f"Group of {size}")
        table, membership = self._long_ago() if self.chance.random() < 0.5 else self._now()
        for _ in range(self.chance.randint(1, 8)):
            self._say(table, group)
            if self.chance.random() < 0.5:
                table.update_message_groups([self.chance.choice(group.said)])
            if self.chance.random() < 0.4:
                self._live(membership, group)
        for message in group.said:
            if message.expires_at is not None and message.expires_at < time.time() and self.chance.random() < 0.7:
                self.table.client.delete_item(
                    TableName=self.table.name, Key=message_key(group.uuid, message.message_uuid)
                )
                group.gone.add(message.message_uuid)
        return group

    def _now(self) -> tuple[MessageTable, Membership]:
        return self.table, Membership(self.table, Uuid7())

    def _long_ago(self) -> tuple[MessageTable, Membership]:
        """So that what lives for some minutes has expired."""
        make = Uuid7(lambda: wall_clock_ms() - 7_200_000)
        table = MessageTable(self.table.client, self.table.name, make, lambda: time.time() - 7200)
        return table, Membership(table, make)

    def _say(self, table: MessageTable, group: Group) -> None:
        """A message, or another version of one."""
        own = [place for place, message in enumerate(group.said) if not message.deleted_at]
        if own and self.chance.random() < 0.2:
            place = self.chance.choice(own)
            there = group.said[place]
            one = (there.user_uuid, group.uuid, there.message_uuid)
            is_edit = self.chance.random() < 0.6
            group.said[place] = table.edit_message(*one, "\u2603" * 150) if is_edit else table.delete_message(*one)
            return
        senders = [member for member in group.members if member.uuid not in group.blockers]
        if senders:
            sent = self._send(table, group, self.chance.choice(senders))
            group.uuid = sent.message_group_uuid
            group.said.append(sent)

    def _send(self, table: MessageTable, group: Group, sender: Member) -> Message:
        text = self.chance.choice(("hi", "\u2603" * 150, "x" * 300, "\U0001f600" * 100)) + str(self.chance.random())
        if group.uuid:
            named = replace(sender, display_name=self.chance.choice((sender.display_name, "A New Name")))
            return table.create_message(named, group.uuid, text)
        others = [member for member in group.members if member != sender]
        if group.title is None:
            return table.create_direct_message(sender, others[0], text)
        return table.create_message_group(sender, others, group.title, text)

    def _live(self, membership: Membership, group: Group) -> None:
        """What somebody does who does not write."""
        who = self.chance.choice(group.members)
        kind = self.chance.choice(("read", "mute", "hide", "ttl", "block"))
        if kind == "read":
            read = self.chance.choice([message for message in group.said if message.reaches(who.uuid)] or group.said)
            membership.table.mark_read(who.uuid, group.uuid, read.message_uuid)
        elif kind == "mute":
            membership.mute(who.uuid, group.uuid, muted=self.chance.random() < 0.7)
        elif kind == "hide":
            membership.hide(who.uuid, group.uuid)
        elif kind == "ttl":
            group.ttl_seconds = self.chance.choice((None, 60, 10**6))
            membership.change(who.uuid, group.uuid, ttl_seconds=group.ttl_seconds or 0)
        elif group.title is None:
            self._block(membership, group, who)

    def _block(self, membership: Membership, group: Group, who: Member) -> None:
        (other,) = (member for member in group.members if member != who)
        if who.uuid in group.blockers and self.chance.random() < 0.7:
            membership.unblock(who.uuid, other.uuid)
            group.blockers.remove(who.uuid)
        else:
            membership.block(who, other)
            group.blockers.add(who.uuid)

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

    def _wanted(self, owner: str, group_uuid: str) -> Item | None:
        (group,) = (each for each in self.groups if each.uuid == group_uuid)
        if (owner, group_uuid) in self.foreign:
            return None
        rows = {member.uuid: self._row(member.uuid, group_uuid) or {} for member in group.members}
        return reckon(group, owner, rows)
