import random
import uuid
from dataclasses import replace
from typing import Any

import pytest

from backend_flask.lib.ddb_items import (
    BLOCKED,
    Group,
    Member,
    Message,
    MessageGroup,
    empty_row,
    is_begun,
    is_blocked,
)

ANDREW = Member("11111111-1111-4111-8111-111111111111", "Andrew Brown", "andrewbrown")
BAYKO = Member("22222222-2222-4222-8222-222222222222", "Andrew Bayko", "bayko")
GROUP = "33333333-3333-4333-8333-333333333333"
FIRST = "01a1fdbe-e126-7430-bba3-8312c588c365"
SECOND = "01a1fdbe-e126-7430-bba3-8312c588c366"
MESSAGE = Message(GROUP, FIRST, ANDREW.uuid, ANDREW.display_name, ANDREW.handle, "hello")


def test_a_message_comes_back_as_it_was_stored() -> None:
    edited = replace(MESSAGE, message="\N{GRINNING FACE} line\nline", rev=3)
    assert Message.from_item(edited.to_item()) == edited
    assert edited.to_item()["created_at"] == {"S": "2026-11-21T10:55:07.558Z"}


@pytest.mark.parametrize("title", [None, "Stargazers", ""])
def test_a_row_comes_back_as_it_was_stored(title: str | None) -> None:
    members = [ANDREW, BAYKO, replace(BAYKO, uuid=GROUP)] if title is not None else [ANDREW, BAYKO]
    row = MessageGroup.of(MESSAGE, BAYKO, members, title)
    assert MessageGroup.from_item(row.to_item(BAYKO.uuid)) == row
    assert row.other == (ANDREW if title is None else None)
    assert row.members == len(members)


def test_a_message_group_of_before_had_no_version() -> None:
    group = Group(GROUP, frozenset({ANDREW.uuid, BAYKO.uuid}), ANDREW.uuid, MESSAGE.created_at)
    item = group.to_item()
    del item["rev"]
    assert Group.from_item(item) == group


def test_a_row_of_before_has_its_name_from_no_message() -> None:
    item = MessageGroup.of(MESSAGE, BAYKO, [ANDREW, BAYKO], None).to_item(BAYKO.uuid)
    assert MessageGroup.from_item(item).named_by == FIRST
    del item["named_by"]
    assert MessageGroup.from_item(item).named_by == str(uuid.UUID(int=0))


def test_an_empty_message_group_has_no_set_of_members() -> None:
    assert "member_uuids" not in Group(GROUP, frozenset(), ANDREW.uuid, MESSAGE.created_at, "left").to_item()


# What is read as what


def test_a_message_that_is_for_its_sender_alone_reaches_nobody_else() -> None:
    unheard = replace(MESSAGE, only_sender=True)
    assert (MESSAGE.reaches(BAYKO.uuid), unheard.reaches(BAYKO.uuid), unheard.reaches(ANDREW.uuid)) == (
        True,
        False,
        True,
    )


def test_a_message_is_shown_until_the_second_at_which_it_expires() -> None:
    short = replace(MESSAGE, expires_at=1000)
    assert [short.is_shown_to(BAYKO.uuid, now) for now in (999.0, 999.999, 1000.0, 1001.0)] == [
        True,
        True,
        False,
        False,
    ]
    assert MESSAGE.is_shown_to(BAYKO.uuid, 1e12)


def test_a_row_whose_newest_message_expires_is_unread_if_it_was_counted_or_may_be() -> None:
    row = MessageGroup.of(replace(MESSAGE, expires_at=1), BAYKO, [ANDREW, BAYKO], None)
    assert row.last_expires_at == 1
    assert [replace(row, unread_count=count).unread for count in (None, 0, 1)] == [True, False, True]
    assert replace(row, last_expires_at=None, unread_count=0).unread


@pytest.mark.parametrize(("place", "block"), [(None, None), (FIRST, None), (BLOCKED + FIRST, FIRST), (BLOCKED, "")])
def test_a_block_is_read_from_the_place_in_the_list(place: str | None, block: str | None) -> None:
    row = replace(MessageGroup.of(MESSAGE, BAYKO, [ANDREW, BAYKO], None), inbox_sk=place)
    assert (row.block_uuid, row.blocked, is_blocked(row.to_item(BAYKO.uuid) if place else {})) == (
        block,
        block is not None,
        block is not None,
    )


def test_a_row_has_begun_once_it_has_a_message() -> None:
    assert is_begun(MessageGroup.of(MESSAGE, BAYKO, [ANDREW, BAYKO], None).to_item(BAYKO.uuid))
    for other, title in ((ANDREW, None), (None, "many")):
        assert not is_begun(empty_row(GROUP, other, title).to_item(BAYKO.uuid))
        assert not empty_row(GROUP, other, title).unread


def test_attributes_that_are_not_known_yet_are_ignored() -> None:
    later: dict[str, dict[str, Any]] = {
        "reactions": {"M": {"heart": {"N": "1"}}},
    }
    assert Message.from_item(MESSAGE.to_item() | later) == MESSAGE
    row = MessageGroup.of(MESSAGE, BAYKO, [ANDREW, BAYKO], None)
    assert MessageGroup.from_item(row.to_item(BAYKO.uuid) | later) == row


def test_a_first_message_is_read_by_its_sender_and_by_nobody_else() -> None:
    assert not MessageGroup.of(MESSAGE, ANDREW, [ANDREW, BAYKO], None).unread
    assert MessageGroup.of(MESSAGE, BAYKO, [ANDREW, BAYKO], None).unread


def test_versions_order_by_message_first_and_by_revision_second() -> None:
    second = replace(MESSAGE, message_uuid=SECOND)
    assert MESSAGE.version < replace(MESSAGE, rev=10).version < second.version < replace(second, rev=2).version


def test_revisions_are_ordered_as_numbers_and_not_as_text() -> None:
    assert replace(MESSAGE, rev=2).version < replace(MESSAGE, rev=11).version


NO_TEXTS: list[Any] = [None, "text", 5, [], {}, {"S": 5}, {"S": None}, {"N": "x"}, {"NULL": True}, {"M": {}}]
DAMAGED: list[tuple[str, Any]] = [
    (name, value)
    for name in ("pk", "sk", "user_uuid", "user_display_name", "user_handle", "message", "rev")
    for value in NO_TEXTS
]
DAMAGED += [
    ("pk", {"S": ""}),
    ("pk", {"S": f"GRP#{GROUP}"}),
    ("pk", {"S": "MSG#no-uuid"}),
    ("pk", {"S": f"MSG#{GROUP.replace('-', '')}"}),
    ("sk", {"S": ""}),
    ("sk", {"S": "~GROUP"}),
    ("sk", {"S": FIRST.upper()}),
    ("sk", {"S": FIRST.replace("-", "")}),
    ("sk", {"S": "urn:uuid:" + FIRST}),
    ("sk", {"S": "{" + FIRST + "}"}),
    ("sk", {"S": FIRST + "\n"}),
    # An instant after the year 9999, which no ISO 8601 time can show.
    ("sk", {"S": "ffffffff-ffff-7fff-bfff-ffffffffffff"}),
    ("rev", {"N": "1.5"}),
    ("rev", {"N": ""}),
    ("rev", {"S": "1"}),
]


@pytest.mark.parametrize(("name", "value"), DAMAGED, ids=repr)
def test_a_damaged_message_is_refused_in_three_ways_at_most(name: str, value: Any) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        Message.from_item(MESSAGE.to_item() | {name: value})


@pytest.mark.parametrize(
    "name", sorted(MESSAGE.to_item().keys() - {"created_at", "message_uuid"}), ids=lambda name: f"no-{name}"
)
def test_a_message_without_an_attribute_is_refused(name: str) -> None:
    item = MESSAGE.to_item()
    del item[name]
    with pytest.raises(KeyError):
        Message.from_item(item)


@pytest.mark.parametrize("item", [None, 5, "text", [], {}, {"pk": None}])
def test_what_is_no_item_at_all_is_refused(item: Any) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        Message.from_item(item)
    with pytest.raises((KeyError, ValueError, TypeError)):
        MessageGroup.from_item(item)


def test_random_damage_of_a_message_raises_nothing_unexpected() -> None:
    chance = random.Random(7)  # noqa: S311
    values: list[Any] = [
        None,
        "",
        0,
        -1,
        [],
        {},
        {"S": ""},
        {"S": None},
        {"N": "NaN"},
        {"L": []},
        {"S": "\ud800"},
        object(),
    ]
    for _ in range(2_000):
        item = MESSAGE.to_item()
        for name in chance.sample(sorted(item), chance.randint(1, 4)):
            item[name] = chance.choice(values)
        try:
            made = Message.from_item(item)
        except (KeyError, ValueError, TypeError):
            continue
        # What is taken for a message can be used as one.
        assert made.created_at
        assert isinstance(made.message, str)
        assert isinstance(made.version[1], int)
