"""Every item comes back as it was stored, and the keys that are made from instants sort as those do."""

from __future__ import annotations

import string
import uuid
from dataclasses import fields

from hypothesis import given, settings
from hypothesis import strategies as st

from backend_flask.lib.ddb_items import (
    BLOCKED,
    Change,
    Group,
    Item,
    Member,
    Message,
    MessageGroup,
    first_uuid_of,
    milliseconds_of,
    uuid_at,
)
from backend_flask.lib.uuid7 import Uuid7

OWNER = "11111111-1111-4111-8111-111111111111"
GROUP = "33333333-3333-4333-8333-333333333333"
FIRST = "01a1fdbe-e126-7430-bba3-8312c588c365"
SECOND = "01a1fdbe-e126-7430-bba3-8312c588c366"

UUIDS = st.integers(0, 253_402_300_799_999).map(lambda at: str(uuid.UUID(int=at << 80 | 0x7 << 76 | 0b10 << 62)))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
INSTANTS = st.just("2026-11-21T10:55:07.558Z")
NUMBERS = st.integers(0, 10**38 - 1)
PEOPLE = st.builds(Member, UUIDS, TEXTS, TEXTS)
MESSAGES = st.builds(
    Message,
    UUIDS,
    UUIDS,
    UUIDS,
    TEXTS,
    TEXTS,
    TEXTS,
    rev=NUMBERS,
    edited_at=st.none() | INSTANTS,
    deleted_at=st.none() | INSTANTS,
    expires_at=st.none() | NUMBERS,
    only_sender=st.booleans(),
)
GROUPS = st.builds(
    Group,
    UUIDS,
    st.frozensets(UUIDS, max_size=4),
    UUIDS,
    INSTANTS,
    title=st.none() | TEXTS,
    rev=NUMBERS,
    ttl_seconds=st.none() | NUMBERS,
)
SIDES = {
    "uuid": UUIDS,
    "message": TEXTS,
    "last_message_uuid": UUIDS,
    "last_message_rev": NUMBERS,
    "last_sender_uuid": UUIDS,
    "read_up_to": UUIDS,
    "inbox_sk": st.none() | UUIDS | UUIDS.map(lambda block: BLOCKED + block),
    "last_expires_at": st.none() | NUMBERS,
    "ttl_seconds": st.none() | NUMBERS,
    "muted": st.booleans(),
    "other_blocks": st.booleans(),
}
DIRECT_ROWS = st.builds(MessageGroup, other=PEOPLE, named_by=UUIDS, **SIDES)
ROWS_OF_MANY = st.builds(MessageGroup, other=st.none(), title=TEXTS, members=st.integers(0, 50), **SIDES)
CHANGES = st.builds(Change, st.sampled_from(["edit", "late", "marker"]), UUIDS, UUIDS, NUMBERS)
OFTEN = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def is_storable(item: Item) -> bool:
    """Each attribute has one value of a type that DynamoDB has, and no set is empty."""
    kinds = {"S": str, "N": str, "BOOL": bool, "SS": list}
    values = [(kind, value) for typed in item.values() for kind, value in typed.items()]
    return len(values) == len(item) and all(isinstance(value, kinds[kind]) and value != [] for kind, value in values)


@OFTEN
@given(MESSAGES)
def test_every_message_comes_back_as_it_was_stored(message: Message) -> None:
    assert is_storable(message.to_item())
    assert Message.from_item(message.to_item()) == message


@OFTEN
@given(GROUPS)
def test_every_message_group_comes_back_as_it_was_stored(group: Group) -> None:
    assert is_storable(group.to_item())
    assert Group.from_item(group.to_item()) == group


@OFTEN
@given(DIRECT_ROWS | ROWS_OF_MANY, UUIDS)
def test_every_row_comes_back_as_it_was_stored(row: MessageGroup, owner: str) -> None:
    item = row.to_item(owner)
    assert is_storable(item)
    assert MessageGroup.from_item(item) == row
    assert ("is_hidden" in item) == (row.inbox_sk is None)
    assert row.blocked == (row.block_uuid is not None) == bool(row.inbox_sk and row.inbox_sk[0] == BLOCKED)


@OFTEN
@given(CHANGES, st.integers(0, 2**48 - 1), st.integers(0, 2**40))
def test_every_change_comes_back_as_it_was_stored(change: Change, at_ms: int, expires_at: int) -> None:
    item = change.to_item(OWNER, at_ms, expires_at)
    assert is_storable(item)
    assert Change.from_item(item) == change
    assert item == change.to_item(OWNER, at_ms, expires_at)


def test_no_attribute_was_left_out_above() -> None:
    drawn = {*SIDES, "other", "named_by", "title", "members"}
    assert drawn == {field.name for field in fields(MessageGroup)} - {"unread_count"}


# Uuids of instants


def test_a_change_has_another_key_for_another_thing_or_another_time() -> None:
    same = [Change("edit", GROUP, FIRST, 1)] * 2
    others = [
        Change("late", GROUP, FIRST, 1),
        Change("edit", FIRST, FIRST, 1),
        Change("edit", GROUP, SECOND, 1),
        Change("edit", GROUP, FIRST, 2),
    ]
    keys = [change.to_item(OWNER, 5, 6)["sk"]["S"] for change in (*same, *others)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 5
    assert same[0].to_item(OWNER, 7, 6)["sk"]["S"] != keys[0]


@OFTEN
@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1), st.text(string.printable))
def test_a_uuid_of_an_instant_is_a_uuid7_that_sorts_by_it(at: int, other: int, what: str) -> None:
    made = uuid_at(at, what)
    assert str(uuid.UUID(made)) == made == uuid_at(at, what)
    assert (uuid.UUID(made).version, uuid.UUID(made).variant, milliseconds_of(made)) == (7, uuid.RFC_4122, at)
    assert (made < uuid_at(other, what)) == (at < other)
    assert (first_uuid_of(other) <= made) == (other <= at)


def test_nothing_of_an_instant_is_below_its_first_uuid() -> None:
    make = Uuid7(lambda: 1_795_262_400_000)
    first = first_uuid_of(1_795_262_400_000)
    assert str(uuid.UUID(first)) == first
    assert all(first <= made < first_uuid_of(1_795_262_400_001) for made in (make() for _ in range(100)))
