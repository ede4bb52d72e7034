import re
import uuid
from dataclasses import replace
from typing import Any

import pytest

from backend_flask.lib import ddb
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Member, Message, MessageGroup, direct_group_uuid, preview

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
    return 21 if kind == "N" else sum(len(each.encode()) for each in ([value] if kind == "S" else value))


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
    group = ddb._group_item(MESSAGE, [ANDREW.uuid, BAYKO.uuid], None)
    assert row["inbox_sk"] == row["last_message_uuid"] == {"S": FIRST}
    assert "inbox_sk" not in MESSAGE.to_item()
    assert "inbox_sk" not in group


# Keys


def test_keys_are_as_the_design_has_them() -> None:
    assert ddb.message_key(GROUP, FIRST) == {"pk": {"S": f"MSG#{GROUP}"}, "sk": {"S": FIRST}}
    assert ddb.row_key(BAYKO.uuid, GROUP) == {"pk": {"S": f"GRP#{BAYKO.uuid}"}, "sk": {"S": GROUP}}
    assert ddb.send_key_key(BAYKO.uuid, "a key") == {"pk": {"S": f"KEY#{BAYKO.uuid}"}, "sk": {"S": "a key"}}


def test_the_group_item_sorts_after_every_uuid() -> None:
    highest = str(uuid.UUID(int=(1 << 128) - 1))
    assert highest.encode() < ddb.GROUP_SK.encode()


def test_the_unread_range_ends_before_the_group_item_and_starts_after_the_marker() -> None:
    assert FIRST.encode() < (FIRST + " ").encode() < SECOND.encode()
    assert SECOND.encode() < ddb._AFTER_ALL_MESSAGES.encode() < ddb.GROUP_SK.encode()


@pytest.mark.parametrize(
    ("pk", "sk", "is_message"),
    [
        (f"MSG#{GROUP}", FIRST, True),
        (f"MSG#{GROUP}", "~GROUP", False),
        (f"GRP#{ANDREW.uuid}", GROUP, False),
        (f"KEY#{ANDREW.uuid}", "MSG#1", False),
    ],
)
def test_only_messages_have_the_key_of_a_message(pk: str, sk: str, is_message: bool) -> None:
    assert ddb.is_message_key({"pk": {"S": pk}, "sk": {"S": sk}}) is is_message


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
    assert preview("\N{GRINNING FACE}" * 200) == "\N{GRINNING FACE}" * 90


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("before", [0, 1, 2, 3])
def test_a_preview_never_ends_in_a_broken_character(width: int, before: int) -> None:
    text = "x" * before + {1: "a", 2: "\u00e9", 3: "\u20ac", 4: "\N{GRINNING FACE}"}[width] * 400
    shown = preview(text)
    assert text.startswith(shown)
    assert len(shown) <= 200
    assert len(shown.encode()) <= 360
    assert len(shown) == 200 or len(shown.encode()) > 360 - width


@pytest.mark.parametrize("letter", ["a", "\u00e9", "\u20ac", "\N{GRINNING FACE}"])
def test_the_longest_row_stays_under_one_write_unit(letter: str) -> None:
    other = Member(BAYKO.uuid, "\N{GRINNING FACE}" * 50, "h" * 30)
    last = replace(MESSAGE, message=letter * 1024, rev=99)
    row = MessageGroup.of(last, ANDREW, [ANDREW, other], None).to_item(ANDREW.uuid)
    assert row["message"]["S"]
    assert size_of(row) <= 1024


def test_the_longest_row_of_a_group_stays_under_one_write_unit() -> None:
    members = [Member(str(uuid.UUID(int=number)), "", "") for number in range(50)]
    last = replace(MESSAGE, message="\N{GRINNING FACE}" * 1024)
    row = MessageGroup.of(last, members[0], members, "\N{GRINNING FACE}" * 60).to_item(members[0].uuid)
    assert size_of(row) <= 1024


# What the stream makes of a batch


def test_the_newest_version_wins_and_each_sender_has_read_their_own() -> None:
    second = replace(MESSAGE, message_uuid=SECOND, user_uuid=BAYKO.uuid)
    edited = replace(second, message="edited", rev=1)
    newest, own = ddb._newest_and_own([edited, MESSAGE, second])
    assert newest == edited
    assert own == {ANDREW.uuid: FIRST, BAYKO.uuid: SECOND}


# The docstring and the expressions


def test_the_access_pattern_table_names_real_methods() -> None:
    rows = re.findall(r"^\| ([^|]+) \| `(\w+)` \|", ddb.__doc__ or "", re.MULTILINE)
    assert [pattern[0] for pattern, _ in rows] == ["A", "B", "C", "D", "E", "r"]
    assert all(callable(getattr(MessageTable, method)) for _, method in rows)


class Recorder:
    """A client that keeps what it is asked and has nothing stored, so that every expression is sent once."""

    class exceptions:  # noqa: N801  # the name that boto3 gives it
        ConditionalCheckFailedException = LookupError
        TransactionCanceledException = LookupError

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> dict[str, Any]:
            self.asked.append(arguments)
            row = MessageGroup.of(MESSAGE, BAYKO, [ANDREW, BAYKO], None).to_item(BAYKO.uuid)
            group = ddb._group_item(MESSAGE, [ANDREW.uuid, BAYKO.uuid], None)
            older = "sk < :before" in arguments.get("KeyConditionExpression", "")
            found = row if "IndexName" in arguments else MESSAGE.to_item() if older else group
            return {"Item": group, "Items": [found], "Count": 0}

        return call


def test_no_name_in_an_expression_is_a_reserved_word() -> None:
    client = Recorder()
    table = MessageTable(client, "t", make_id=lambda: SECOND)
    table.list_messages(ANDREW.uuid, GROUP, 1)
    table.list_messages(ANDREW.uuid, GROUP, 1, before=FIRST)
    table.list_message_groups(BAYKO.uuid, 1)
    table.list_message_groups(BAYKO.uuid, 1, before=FIRST)
    table.create_message(ANDREW, GROUP, "hello", "a key")
    table.create_direct_message(ANDREW, BAYKO, "hello")
    table.create_message_group(ANDREW, [BAYKO], "a title", "hello")
    table.update_message_groups([MESSAGE])
    table.mark_read(BAYKO.uuid, GROUP, FIRST)
    table._raise_read_marker(BAYKO.uuid, GROUP, FIRST)
    asked = [*client.asked, *(each["Put"] for call in client.asked for each in call.get("TransactItems", ()))]
    sent = [value for call in asked for name, value in call.items() if name.endswith("Expression")]
    names = set(re.findall(r"(?<![:\w])[a-z]\w*", " ".join(sent))) - {"attribute_exists", "attribute_not_exists"}
    assert {"pk", "sk", "message", "read_up_to", "inbox_sk", "expires_at"} <= names
    # "Reserved words in DynamoDB": none of them has an underscore, and none is one of these three.
    assert {name for name in names if "_" not in name} == {"pk", "sk", "message"}


def test_no_expression_needs_names_of_its_own() -> None:
    client = Recorder()
    MessageTable(client, "t", make_id=lambda: SECOND).update_message_groups([MESSAGE])
    assert all("ExpressionAttributeNames" not in call for call in client.asked)
