"""How a row is brought up: what is taken for granted at first, and what is still due where that was wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend_flask.lib.ddb_items import BLOCKED, NO_MESSAGE, Member, Message, MessageGroup
from backend_flask.lib.ddb_rows import Rise, if_blocked

ANDREW = Member("11111111-1111-4111-8111-111111111111", "Andrew Brown", "andrewbrown")
BAYKO = Member("22222222-2222-4222-8222-222222222222", "Andrew Bayko", "bayko")
GROUP = "33333333-3333-4333-8333-333333333333"
FIRST, SECOND, THIRD = (f"01a1fdbe-e126-7430-bba3-8312c588c36{number}" for number in (5, 6, 7))


def said(who: Member, message_uuid: str, rev: int = 0, expires_at: int | None = None) -> Message:
    return Message(GROUP, message_uuid, who.uuid, who.display_name, who.handle, "hello", rev=rev, expires_at=expires_at)


OLD, MINE, YOURS = said(ANDREW, FIRST), said(BAYKO, SECOND), said(ANDREW, THIRD)
ROW = MessageGroup.of(OLD, BAYKO, [ANDREW, BAYKO], None)
ALL = Rise.of(BAYKO.uuid, [OLD, MINE, YOURS], is_direct=True)


def left(rise: Rise, row: MessageGroup) -> Rise:
    return rise.still_due(row.to_item(BAYKO.uuid))


# What a batch asks of a row


def test_the_newest_the_last_of_ones_own_and_the_last_of_the_other_are_due() -> None:
    assert (ALL.newest, ALL.own, ALL.named) == (YOURS, SECOND, YOURS)
    theirs = Rise.of(ANDREW.uuid, [OLD, MINE], is_direct=True)
    assert (theirs.newest, theirs.own, theirs.named) == (MINE, FIRST, MINE)


def test_who_has_sent_nothing_has_read_nothing_and_names_nobody() -> None:
    assert Rise.of(BAYKO.uuid, [OLD], is_direct=True).own is None
    assert Rise.of(ANDREW.uuid, [OLD], is_direct=True).named is None


def test_a_group_of_many_is_named_by_nobody() -> None:
    assert Rise.of(BAYKO.uuid, [OLD, MINE, YOURS], is_direct=False).named is None


@pytest.mark.parametrize(("rev", "is_edit"), [(0, False), (1, True), (7, True)])
def test_a_message_that_was_changed_is_taken_to_be_shown_already(rev: int, is_edit: bool) -> None:
    assert Rise.of(BAYKO.uuid, [said(ANDREW, FIRST, rev)], is_direct=True).is_edit is is_edit


# What is still due


def test_a_row_that_has_it_all_needs_nothing() -> None:
    there = replace(ROW, last_message_uuid=THIRD, read_up_to=SECOND, named_by=THIRD)
    rest = left(ALL, there)
    assert (rest.newest, rest.own, rest.named, rest.is_due) == (None, None, None, False)


@pytest.mark.parametrize(
    ("has", "due"),
    [
        ({"last_message_uuid": THIRD}, (None, SECOND, YOURS)),
        ({"read_up_to": SECOND}, (YOURS, None, YOURS)),
        ({"read_up_to": THIRD}, (YOURS, None, YOURS)),
        ({"named_by": THIRD}, (YOURS, SECOND, None)),
        ({"named_by": THIRD, "read_up_to": THIRD}, (YOURS, None, None)),
        ({"last_message_uuid": THIRD, "named_by": THIRD}, (None, SECOND, None)),
        ({}, (YOURS, SECOND, YOURS)),
    ],
)
def test_each_of_the_three_is_due_until_the_row_has_it(
    has: dict[str, str], due: tuple[Message | None, str | None, Message | None]
) -> None:
    rest = left(ALL, replace(ROW, **has))  # type: ignore[arg-type]
    assert (rest.newest, rest.own, rest.named) == due
    assert rest.is_due


def test_what_was_done_once_is_not_due_again() -> None:
    done = left(ALL, replace(ROW, last_message_uuid=THIRD, read_up_to=THIRD, named_by=THIRD))
    assert not left(done, ROW).is_due


@pytest.mark.parametrize(
    ("shown", "due", "is_edit"),
    [
        ((FIRST, 0), True, False),
        ((FIRST, 9), True, False),
        ((SECOND, 0), True, True),
        ((SECOND, 1), True, True),
        ((SECOND, 2), False, False),
        ((SECOND, 3), False, False),
        ((THIRD, 0), False, False),
    ],
)
def test_an_edit_is_due_on_the_row_that_shows_the_message_and_on_those_that_are_behind(
    shown: tuple[str, int], due: bool, is_edit: bool
) -> None:
    edit = Rise.of(BAYKO.uuid, [said(ANDREW, SECOND, rev=2)], is_direct=True)
    rest = left(edit, replace(ROW, last_message_uuid=shown[0], last_message_rev=shown[1]))
    assert (rest.newest is not None, rest.is_edit) == (due, is_edit)


@pytest.mark.parametrize("place", [None, FIRST, BLOCKED + FIRST])
def test_whether_the_row_is_blocked_is_learned(place: str | None) -> None:
    assert left(ALL, replace(ROW, inbox_sk=place)).is_blocked == (place == BLOCKED + FIRST)


def test_what_is_no_row_is_refused() -> None:
    item = ROW.to_item(BAYKO.uuid)
    for name in ("last_message_uuid", "read_up_to", "last_message_rev"):
        with pytest.raises((KeyError, ValueError, TypeError)):
            ALL.still_due({key: value for key, value in item.items() if key != name})


# The update and its condition


def test_a_new_message_moves_the_row_and_shows_it_again() -> None:
    update, condition, values = Rise(GROUP, YOURS, None, None, is_edit=False).expressions()
    assert "inbox_sk = :inbox_sk" in update
    assert update.endswith(" REMOVE last_expires_at, is_hidden")
    assert "last_message_uuid < :last_message_uuid" in condition
    assert "NOT begins_with(inbox_sk, :blocked)" in condition
    assert values[":inbox_sk"] == values[":last_message_uuid"] == {"S": THIRD}


def test_a_new_message_leaves_a_blocked_row_where_it_is() -> None:
    update, condition, values = Rise(GROUP, YOURS, None, None, is_edit=False, is_blocked=True).expressions()
    assert "inbox_sk" not in update
    assert "is_hidden" not in update
    assert " AND begins_with(inbox_sk, :blocked)" in condition
    assert ":inbox_sk" not in values


@pytest.mark.parametrize("is_blocked", [False, True])
def test_an_edit_never_moves_a_row(is_blocked: bool) -> None:
    edit = Rise(GROUP, said(ANDREW, THIRD, rev=2), None, None, is_edit=True, is_blocked=is_blocked)
    update, condition, values = edit.expressions()
    assert "inbox_sk" not in update + condition
    assert "is_hidden" not in update
    assert "last_message_uuid = :last_message_uuid AND last_message_rev < :last_message_rev" in condition
    assert values[":last_message_rev"] == {"N": "2"}


def test_the_end_of_a_message_is_set_with_it_and_taken_away_with_the_next() -> None:
    update, _, values = Rise(GROUP, said(ANDREW, THIRD, expires_at=99), None, None, is_edit=False).expressions()
    assert "last_expires_at = :last_expires_at" in update
    assert values[":last_expires_at"] == {"N": "99"}
    assert "last_expires_at" not in update.split(" REMOVE ")[1]


def test_a_marker_and_a_name_move_alone_where_the_message_is_there() -> None:
    update, condition, values = Rise(GROUP, None, SECOND, YOURS, is_edit=False).expressions()
    assert set(values) == {":read_up_to", ":user_display_name", ":user_handle", ":named_by"}
    assert "REMOVE" not in update
    assert condition == (
        "attribute_exists(pk) AND read_up_to <= :read_up_to"
        " AND (attribute_not_exists(named_by) OR named_by <= :named_by)"
    )


def test_no_update_makes_a_row() -> None:
    for rise in (ALL, replace(ALL, is_edit=True), replace(ALL, newest=None), replace(ALL, is_blocked=True)):
        assert rise.expressions()[1].startswith("attribute_exists(pk) AND ")


def test_the_name_of_a_row_of_before_may_be_replaced_by_any_message() -> None:
    assert left(ALL, replace(ROW, named_by=NO_MESSAGE)).named == YOURS


def test_the_condition_of_a_block_is_one_and_the_other_way_round() -> None:
    assert if_blocked()["ConditionExpression"] == "begins_with(inbox_sk, :blocked)"
    assert if_blocked(no=True)["ConditionExpression"] == "NOT begins_with(inbox_sk, :blocked)"
    assert if_blocked()["ExpressionAttributeValues"] == {":blocked": {"S": BLOCKED}}
