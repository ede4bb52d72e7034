import uuid
from dataclasses import replace
from typing import Any

import pytest

from backend_flask.lib import ddb
from backend_flask.lib.ddb_items import (
    BLOCKED,
    GROUP_SK,
    PREVIEW_BYTES,
    Change,
    Group,
    Item,
    Member,
    Message,
    MessageGroup,
    change_key,
    changed_group_uuid,
    direct_group_uuid,
    is_message_key,
    message_key,
    preview,
    row_key,
    send_key_key,
)

ANDREW = Member("11111111-1111-4111-8111-111111111111", "Andrew Brown", "andrewbrown")
BAYKO = Member("22222222-2222-4222-8222-222222222222", "Andrew Bayko", "bayko")
GROUP = "33333333-3333-4333-8333-333333333333"
FIRST = "01a1fdbe-e126-7430-bba3-8312c588c365"
SECOND = "01a1fdbe-e126-7430-bba3-8312c588c366"
MESSAGE = Message(GROUP, FIRST, ANDREW.uuid, ANDREW.display_name, ANDREW.handle, "hello")


def size_of(item: Item) -> int:
    """Bytes as DynamoDB counts them (Developer Guide, "DynamoDB item sizes and formats"): names and values in UTF-8.
    A number takes at most 21 bytes, whatever it is."""
    return sum(len(name.encode()) + sum(_size_of_value(*each) for each in item[name].items()) for name in item)


def _size_of_value(kind: str, value: Any) -> int:
    sizes = {"N": 21, "BOOL": 1}
    return sizes[kind] if kind in sizes else sum(len(each.encode()) for each in ([value] if kind == "S" else value))


# The definition


def test_the_table_has_two_string_keys_and_is_paid_by_request() -> None:
    defined = ddb.definition("any-name")
    assert defined["TableName"] == "any-name"
    assert defined["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert {each["AttributeName"]: each["AttributeType"] for each in defined["AttributeDefinitions"]} == {
        "pk": "S",
        "sk": "S",
        "inbox_sk": "S",
    }
    assert defined["BillingMode"] == "PAY_PER_REQUEST"
    assert "ProvisionedThroughput" not in defined


def test_the_table_has_no_local_index_and_one_global_one() -> None:
    defined = ddb.definition("any-name")
    assert "LocalSecondaryIndexes" not in defined
    (index,) = defined["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "inbox-index"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["pk", "inbox_sk"]
    assert index["Projection"] == {"ProjectionType": "ALL"}


def test_the_stream_carries_new_images() -> None:
    assert ddb.definition("any-name")["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}


def test_only_rows_are_in_the_index() -> None:
    row = MessageGroup.of(MESSAGE, BAYKO, [ANDREW, BAYKO], None).to_item(BAYKO.uuid)
    group = Group(GROUP, frozenset({ANDREW.uuid, BAYKO.uuid}), ANDREW.uuid, MESSAGE.created_at).to_item()
    change = Change("edit", GROUP, FIRST, 1).to_item(BAYKO.uuid, MESSAGE.created_at_ms, 1)
    assert row["inbox_sk"] == row["last_message_uuid"] == {"S": FIRST}
    assert "inbox_sk" not in MESSAGE.to_item()
    assert "inbox_sk" not in group
    assert "inbox_sk" not in change


# Keys


def test_keys_are_as_the_design_has_them() -> None:
    assert message_key(GROUP, FIRST) == {"pk": {"S": f"MSG#{GROUP}"}, "sk": {"S": FIRST}}
    assert row_key(BAYKO.uuid, GROUP) == {"pk": {"S": f"GRP#{BAYKO.uuid}"}, "sk": {"S": GROUP}}
    assert send_key_key(BAYKO.uuid, "a key") == {"pk": {"S": f"KEY#{BAYKO.uuid}"}, "sk": {"S": "a key"}}
    assert change_key(BAYKO.uuid, FIRST) == {"pk": {"S": f"CHG#{BAYKO.uuid}"}, "sk": {"S": FIRST}}


def test_the_group_item_sorts_after_every_uuid() -> None:
    highest = str(uuid.UUID(int=(1 << 128) - 1))
    assert highest.encode() < GROUP_SK.encode()


def test_the_unread_range_ends_before_the_group_item_and_starts_after_the_marker() -> None:
    assert FIRST.encode() < (FIRST + " ").encode() < SECOND.encode()
    assert SECOND.encode() < ddb._AFTER_ALL_MESSAGES.encode() < GROUP_SK.encode()


@pytest.mark.parametrize(
    ("pk", "sk", "is_message"),
    [
        (f"MSG#{GROUP}", FIRST, True),
        (f"MSG#{GROUP}", "~GROUP", False),
        (f"GRP#{ANDREW.uuid}", GROUP, False),
        (f"KEY#{ANDREW.uuid}", "MSG#1", False),
        (f"CHG#{ANDREW.uuid}", FIRST, False),
    ],
)
def test_only_messages_have_the_key_of_a_message(pk: str, sk: str, is_message: bool) -> None:
    assert is_message_key({"pk": {"S": pk}, "sk": {"S": sk}}) is is_message


@pytest.mark.parametrize(
    ("pk", "sk", "group_uuid"),
    [
        (f"MSG#{GROUP}", "~GROUP", GROUP),
        (f"MSG#{GROUP}", FIRST, None),
        (f"GRP#{ANDREW.uuid}", GROUP, None),
        (f"KEY#{ANDREW.uuid}", "~GROUP", None),
        (f"CHG#{ANDREW.uuid}", FIRST, None),
    ],
)
def test_only_a_group_item_tells_of_a_change_of_its_message_group(pk: str, sk: str, group_uuid: str | None) -> None:
    assert changed_group_uuid({"pk": {"S": pk}, "sk": {"S": sk}}) == group_uuid


def test_a_block_is_below_every_uuid_and_a_list_begins_above_it() -> None:
    highest, lowest = str(uuid.UUID(int=(1 << 128) - 1)), str(uuid.UUID(int=0))
    assert (BLOCKED + highest).encode() < ddb._LEAST_UUID.encode() <= lowest.encode()


def test_a_direct_group_is_the_same_from_both_sides_and_for_good() -> None:
    # This very value is stored in tables: if it changes, two people get a second, empty conversation.
    assert direct_group_uuid(ANDREW.uuid, BAYKO.uuid) == "29a7de6d-db91-523f-bbaf-af4bbcee7218"
    assert direct_group_uuid(BAYKO.uuid, ANDREW.uuid) == direct_group_uuid(ANDREW.uuid, BAYKO.uuid)


def test_direct_groups_of_different_pairs_differ() -> None:
    people = [str(uuid.UUID(int=number << 64)) for number in range(60)]
    made = {direct_group_uuid(one, other) for one in people for other in people if one < other}
    assert len(made) == 60 * 59 // 2
    assert {uuid.UUID(each).version for each in made} == {5}


# The preview


def test_a_preview_shows_200_characters_of_plain_text() -> None:
    assert preview("a" * 199) == "a" * 199
    assert preview("a" * 200) == "a" * 200
    assert preview("a" * 201) == "a" * 200
    assert preview("") == ""


def test_a_preview_of_four_byte_characters_is_cut_by_bytes() -> None:
    assert preview("\N{GRINNING FACE}" * 200) == "\N{GRINNING FACE}" * 57


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_preview_never_ends_in_a_broken_character(width: int, before: int) -> None:
    text = "x" * before + {1: "a", 2: "\u00e9", 3: "\u20ac", 4: "\N{GRINNING FACE}"}[width] * 400
    shown = preview(text)
    assert text.startswith(shown)
    assert len(shown) <= 200
    assert len(shown.encode()) <= PREVIEW_BYTES
    assert len(shown) == 200 or len(shown.encode()) > PREVIEW_BYTES - width


def worst_row(letter: str, **differs: Any) -> MessageGroup:
    """All that a row can hold at once. One that is hidden is in no list, and so not in that of the blocked ones."""
    shown = MessageGroup(
        GROUP,
        preview(letter * 1024),
        FIRST,
        99,
        BAYKO.uuid,
        FIRST,
        other=Member(BAYKO.uuid, "\N{GRINNING FACE}" * 50, "h" * 30),
        inbox_sk=BLOCKED + FIRST,
        named_by=FIRST,
        last_expires_at=10**10,
        ttl_seconds=10**9,
        muted=True,
        other_blocks=True,
    )
    return replace(shown, **differs)


OF_MANY = {"other": None, "title": "\N{GRINNING FACE}" * 60, "members": 50, "other_blocks": False}


@pytest.mark.parametrize("letter", ["a", "\u00e9", "\u20ac", "\N{GRINNING FACE}"])
@pytest.mark.parametrize("differs", [{}, {"inbox_sk": FIRST}, {"inbox_sk": None}, OF_MANY | {"inbox_sk": FIRST}])
def test_the_longest_row_stays_under_one_write_unit(letter: str, differs: dict[str, Any]) -> None:
    row = worst_row(letter, **differs).to_item(ANDREW.uuid)
    assert row["message"]["S"]
    assert size_of(row) <= 1024


def test_the_preview_takes_all_that_the_longest_row_has_left() -> None:
    assert size_of(worst_row("\u20ac").to_item(ANDREW.uuid)) == 1024


def test_the_longest_row_has_each_attribute_that_a_row_can_have() -> None:
    rows = [worst_row("x"), worst_row("x", inbox_sk=None), worst_row("x", **OF_MANY)]
    assert {name for row in rows for name in row.to_item(ANDREW.uuid)} == {
        *("pk", "sk", "inbox_sk", "is_hidden", "message", "read_up_to", "muted", "other_blocks", "ttl_seconds"),
        *("last_message_uuid", "last_message_rev", "last_message_at", "last_sender_uuid", "last_expires_at"),
        *("user_uuid", "user_display_name", "user_handle", "named_by", "title", "members"),
    }
