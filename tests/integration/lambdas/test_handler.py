"""The stream function against a real table: whatever way the records take, the same rows are left."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Member, Message, MessageGroup, message_key, row_key
from backend_flask.lib.metering import meter
from lambdas.cruddur_messaging_stream.handler import apply
from tests.messages_table import a_person, error, refuse, row_of, stored


class Killed(BaseException):
    """The function ends here: out of time, out of memory."""


def record(item: Item, number: int, name: str = "INSERT") -> dict[str, Any]:
    return {
        "eventName": name,
        "dynamodb": {"Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item, "SequenceNumber": str(number)},
    }


def event(messages: list[Message]) -> dict[str, Any]:
    return {
        "Records": [
            record(each.to_item(), number, "MODIFY" if each.rev else "INSERT") for number, each in enumerate(messages)
        ]
    }


def deliver(table: MessageTable, *messages: Message) -> list[str]:
    return [failure["itemIdentifier"] for failure in apply(event(list(messages)), table)["batchItemFailures"]]


def row(table: MessageTable, owner: Member, group: str) -> MessageGroup:
    found = row_of(table, owner.uuid, group)
    assert found
    return MessageGroup.from_item(found)


# The pure maximum

# What happens to a message group, in any order: somebody sends, edits, reads, or the stream delivers some records.
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(0, 2)),
        st.tuples(st.just("edit"), st.integers(0, 99)),
        st.tuples(st.just("read"), st.integers(0, 2), st.integers(0, 99)),
        # Which records, and after how many updates of rows the function is killed.
        st.tuples(
            st.just("deliver"),
            st.lists(st.integers(0, 99), min_size=1, max_size=6),
            st.none() | st.integers(0, 3),
        ),
    ),
    min_size=1,
    max_size=14,
)


@dataclass
class Story:
    """One message group of two or three people, and what its rows must be in the end, reckoned by hand."""

    table: MessageTable
    people: list[Member]
    records: list[Message] = field(default_factory=list)
    read: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        if len(self.people) == 2:
            first = self.table.create_direct_message(self.people[0], self.people[1], "begin")
        else:
            first = self.table.create_message_group(self.people[0], self.people[1:], "Three", "begin")
        self.group = first.message_group_uuid
        self.records.append(first)
        self.read[first.user_uuid] = first.message_uuid

    def send(self, who: int) -> None:
        sender = self.people[who % len(self.people)]
        # Everybody has a new name each time.
        named = replace(sender, display_name=f"Name {len(self.records)}")
        sent = self.table.create_message(named, self.group, f"text {len(self.records)}")
        self.records.append(sent)
        self._has_read(sender, sent)

    def edit(self, which: int) -> None:
        edited = self.records[which % len(self.records)]
        rev = max(each.rev for each in self.records if each.message_uuid == edited.message_uuid) + 1
        self.records.append(replace(edited, rev=rev, message=f"edited {rev}"))

    def mark(self, who: int, which: int) -> None:
        reader, message = self.people[who % len(self.people)], self.records[which % len(self.records)]
        self.table.mark_read(reader.uuid, self.group, message.message_uuid)
        self._has_read(reader, message)

    def deliver(self, which: list[int], killed_after: int | None) -> None:
        batch = [self.records[each % len(self.records)] for each in which]
        updates: list[int] = []

        def kill(**_: Any) -> None:
            updates.append(1)
            if killed_after is not None and len(updates) > killed_after:
                raise Killed

        name = "before-send.dynamodb.UpdateItem"
        self.table.client.meta.events.register(name, kill)
        try:
            assert deliver(self.table, *batch) == []
        except Killed:
            pass
        finally:
            self.table.client.meta.events.unregister(name, kill)

    def assert_rows(self) -> None:
        newest = max(self.records, key=lambda message: message.version)
        for person in self.people:
            found = row(self.table, person, self.group)
            assert (found.last_message_uuid, found.last_message_rev) == newest.version
            assert (found.message, found.last_sender_uuid) == (newest.message, newest.user_uuid)
            assert found.read_up_to == self.read.get(person.uuid, "00000000-0000-0000-0000-000000000000")
            self._assert_name(person, found)

    def _assert_name(self, owner: Member, found: MessageGroup) -> None:
        """That of the other person's newest message; of a group of more there is none."""
        other = next(person for person in self.people if person != owner)
        said = [message for message in self.records if message.user_uuid == other.uuid]
        newest = max(said, key=lambda message: message.version, default=None)
        if len(self.people) > 2:
            assert found.other is None
        elif newest:
            assert found.other == replace(other, display_name=newest.user_display_name)
            assert found.named_by == newest.message_uuid
        else:
            assert (found.other, found.named_by) == (other, "00000000-0000-0000-0000-000000000000")

    def _has_read(self, reader: Member, message: Message) -> None:
        self.read[reader.uuid] = max(self.read.get(reader.uuid, ""), message.message_uuid)


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, members=st.integers(2, 3), seed=st.integers(0, 2**16))
def test_any_delivery_leaves_the_rows_of_one_delivery_in_order(
    table: MessageTable, steps: list[Any], members: int, seed: int
) -> None:
    story = Story(table, [a_person() for _ in range(members)])
    story.begin()
    does: dict[str, Callable[..., None]] = {
        "send": story.send,
        "edit": story.edit,
        "read": story.mark,
        "deliver": story.deliver,
    }
    for what, *arguments in steps:
        does[what](*arguments)
    # In the end every record has come at least once, in whatever order and cut into whatever batches.
    chance = random.Random(seed)  # noqa: S311
    rest = story.records + chance.sample(story.records, len(story.records) // 2)
    chance.shuffle(rest)
    while rest:
        size = chance.randint(1, 5)
        assert deliver(table, *rest[:size]) == []
        rest = rest[size:]
    story.assert_rows()


# What a batch costs, and who suffers from whose trouble


@pytest.fixture
def three_groups(table: MessageTable) -> list[list[Message]]:
    """Three direct groups with three messages each."""
    made = []
    for _ in range(3):
        me, you = a_person(), a_person()
        group = table.create_direct_message(me, you, "first").message_group_uuid
        table.create_message(you, group, "second")
        table.create_message(me, group, "third")
        made.append(stored(table, group))
    return made


def shown(table: MessageTable, messages: list[Message]) -> list[str]:
    """What the rows of both members show."""
    owners = sorted({message.user_uuid for message in messages})
    found = [row_of(table, owner, messages[0].message_group_uuid) for owner in owners]
    return [each["message"]["S"] if each else "" for each in found]


def test_a_batch_costs_one_update_per_member_and_not_one_per_message(
    client: Any, table: MessageTable, three_groups: list[list[Message]]
) -> None:
    spent = meter(client)
    mixed = [message for trio in zip(*three_groups, strict=True) for message in trio]
    assert deliver(table, *mixed * 4) == []
    assert spent.calls == ["GetItem", "UpdateItem", "UpdateItem"] * 3
    assert (spent.read_units, spent.write_units) == (3, 18)
    assert all(shown(table, group) == ["third", "third"] for group in three_groups)


def test_a_batch_that_comes_again_writes_nothing(
    client: Any, table: MessageTable, three_groups: list[list[Message]]
) -> None:
    deliver(table, *three_groups[0])
    spent = meter(client)
    assert deliver(table, *three_groups[0]) == []
    assert spent.write_units == 0


def test_a_group_whose_item_is_missing_fails_alone(table: MessageTable, three_groups: list[list[Message]]) -> None:
    broken = three_groups[1]
    table.client.delete_item(TableName=table.name, Key=message_key(broken[0].message_group_uuid, "~GROUP"))
    assert deliver(table, *three_groups[0], *broken, *three_groups[2]) == ["3", "4", "5"]
    assert shown(table, three_groups[0]) == shown(table, three_groups[2]) == ["third", "third"]


def test_a_throttled_group_fails_alone_and_is_applied_when_it_comes_again(
    client: Any, table: MessageTable, three_groups: list[list[Message]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    group = three_groups[1][0].message_group_uuid
    fault = error("ProvisionedThroughputExceededException")
    # The SDK makes three attempts of one call; the group's other member then waits for the next time.
    refused = refuse(client, "UpdateItem", fault, 3, of=lambda body: body["Key"]["sk"] == {"S": group})
    assert deliver(table, *(message for trio in three_groups for message in trio)) == ["3", "4", "5"]
    assert len(refused) == 3
    assert shown(table, three_groups[0]) == shown(table, three_groups[2]) == ["third", "third"]
    assert shown(table, three_groups[1]) == ["first", "first"]
    assert deliver(table, *three_groups[1]) == []
    assert shown(table, three_groups[1]) == ["third", "third"]


@pytest.mark.parametrize("damage", ["last_message_uuid", "last_message_rev", "read_up_to", "user_handle"])
def test_a_damaged_row_of_one_member_does_not_keep_the_others_from_the_message(
    table: MessageTable, damage: str
) -> None:
    people = [a_person() for _ in range(4)]
    first = table.create_message_group(people[0], people[1:], "Four", "first")
    second = table.create_message(people[0], first.message_group_uuid, "second")
    for person in people[:3]:
        table.client.update_item(
            TableName=table.name,
            Key=row_key(person.uuid, first.message_group_uuid),
            UpdateExpression=f"REMOVE {damage}",
        )
    deliver(table, first, second)
    assert row(table, people[3], first.message_group_uuid).message == "second"


def test_a_damaged_row_is_reported(table: MessageTable, three_groups: list[list[Message]]) -> None:
    (first, *_), key = three_groups[0], row_key(three_groups[0][0].user_uuid, three_groups[0][0].message_group_uuid)
    table.client.update_item(TableName=table.name, Key=key, UpdateExpression="REMOVE last_message_uuid")
    assert deliver(table, first, *three_groups[1]) == ["0"]


def test_the_functions_own_writes_change_nothing_when_they_come_back(
    client: Any, table: MessageTable, three_groups: list[list[Message]]
) -> None:
    (first, *_), group = three_groups[0], three_groups[0][0].message_group_uuid
    owners = {message.user_uuid for message in three_groups[0]}
    own = [row_of(table, owner, group) or {} for owner in owners]
    item = client.get_item(TableName=table.name, Key=message_key(group, "~GROUP"))["Item"]
    table.create_message(Member(first.user_uuid, "x", "x"), group, "fourth", "a key")
    key = {"pk": {"S": f"KEY#{first.user_uuid}"}, "sk": {"S": "a key"}}
    send_key = client.get_item(TableName=table.name, Key=key)["Item"]
    records = [
        record(each, number, name)
        for number, each in enumerate([*own, item, send_key])
        for name in ("INSERT", "MODIFY", "REMOVE")
        if (each, name) != (item, "MODIFY")
    ]
    spent = meter(client)
    assert apply({"Records": records}, table) == {"batchItemFailures": []}
    assert spent.calls == []


def test_a_changed_message_group_is_brought_up_to_its_newest_message_and_to_no_older_one(
    client: Any, table: MessageTable, three_groups: list[list[Message]]
) -> None:
    group = three_groups[0][0].message_group_uuid
    item = client.get_item(TableName=table.name, Key=message_key(group, "~GROUP"))["Item"]
    assert shown(table, three_groups[0]) == ["first", "first"]
    for _ in range(2):
        assert apply({"Records": [record(item, 1, "MODIFY")]}, table) == {"batchItemFailures": []}
        assert shown(table, three_groups[0]) == ["third", "third"]
