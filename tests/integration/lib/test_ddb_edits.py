"""Editing and deleting one's own message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backend_flask.lib.ddb import (
    MessageChanged,
    MessageDeleted,
    MessageGroupNotFound,
    MessageNotFound,
    MessageNotYours,
    MessageTable,
)
from backend_flask.lib.ddb_items import Member, Message
from tests.messages_table import a_person, items_of, row_of, stored

Change = Callable[[MessageTable, str, Message, int | None], Message]


def edit(table: MessageTable, user_uuid: str, message: Message, rev: int | None = None) -> Message:
    return table.edit_message(user_uuid, message.message_group_uuid, message.message_uuid, "better", rev)


def delete(table: MessageTable, user_uuid: str, message: Message, rev: int | None = None) -> Message:
    return table.delete_message(user_uuid, message.message_group_uuid, message.message_uuid, rev)


BOTH = pytest.mark.parametrize("change", [edit, delete])


@pytest.fixture
def sent(table: MessageTable, me: Member, you: Member) -> Message:
    return table.create_direct_message(me, you, "first")


def test_an_edit_changes_the_text_and_counts_the_version(table: MessageTable, me: Member, sent: Message) -> None:
    edited = edit(table, me.uuid, sent)
    assert edited == replace(sent, message="better", rev=1, edited_at=edited.edited_at)
    assert edited.edited_at is not None
    assert edited.edited_at >= sent.created_at
    assert stored(table, sent.message_group_uuid) == [edited]


def test_a_deleted_message_keeps_its_place_and_has_no_text(table: MessageTable, me: Member, sent: Message) -> None:
    second = table.create_message(me, sent.message_group_uuid, "second")
    gone = delete(table, me.uuid, sent)
    assert (gone.message, gone.rev, gone.message_uuid) == ("", 1, sent.message_uuid)
    assert gone.deleted_at is not None
    assert stored(table, sent.message_group_uuid) == [gone, second]


@BOTH
def test_nobody_else_changes_a_message(table: MessageTable, you: Member, sent: Message, change: Change) -> None:
    with pytest.raises(MessageNotYours):
        change(table, you.uuid, sent, None)
    assert stored(table, sent.message_group_uuid) == [sent]


@BOTH
def test_a_stranger_does_not_learn_that_there_is_one(table: MessageTable, sent: Message, change: Change) -> None:
    with pytest.raises(MessageGroupNotFound):
        change(table, a_person().uuid, sent, None)


@BOTH
def test_what_is_not_there_cannot_be_changed(table: MessageTable, me: Member, sent: Message, change: Change) -> None:
    before = items_of(table, sent.message_group_uuid)
    with pytest.raises(MessageNotFound):
        change(table, me.uuid, replace(sent, message_uuid="01a1f9cc-1a11-7a52-9d0f-5d1d1c2f7b10"), None)
    with pytest.raises(MessageNotFound):
        change(table, me.uuid, replace(sent, message_uuid="~GROUP"), None)
    assert items_of(table, sent.message_group_uuid) == before


@BOTH
def test_a_change_of_another_version_than_was_meant_is_refused(
    table: MessageTable, me: Member, sent: Message, change: Change
) -> None:
    first = table.edit_message(me.uuid, sent.message_group_uuid, sent.message_uuid, "from the other window", 0)
    with pytest.raises(MessageChanged):
        change(table, me.uuid, sent, 0)
    assert stored(table, sent.message_group_uuid) == [first]
    assert change(table, me.uuid, sent, 1).rev == 2


def test_the_same_edit_once_more_is_the_same_message(table: MessageTable, me: Member, sent: Message) -> None:
    assert edit(table, me.uuid, sent, 0) == edit(table, me.uuid, sent, 0)


def test_a_deletion_once_more_is_the_same_message(table: MessageTable, me: Member, sent: Message) -> None:
    assert delete(table, me.uuid, sent, 0) == delete(table, me.uuid, sent, 0) == delete(table, me.uuid, sent)


def test_a_deleted_message_is_not_edited(table: MessageTable, me: Member, sent: Message) -> None:
    gone = delete(table, me.uuid, sent)
    with pytest.raises(MessageDeleted):
        edit(table, me.uuid, sent)
    assert stored(table, sent.message_group_uuid) == [gone]


def test_a_row_follows_its_newest_message_and_no_other(table: MessageTable, me: Member, you: Member) -> None:
    first = table.create_direct_message(me, you, "first")
    newest = table.create_message(me, first.message_group_uuid, "newest")
    table.update_message_groups([newest])
    before = row_of(table, you.uuid, first.message_group_uuid)
    table.update_message_groups([edit(table, me.uuid, first)])
    assert row_of(table, you.uuid, first.message_group_uuid) == before
    table.update_message_groups([edit(table, me.uuid, newest)])
    table.update_message_groups([newest])
    after = row_of(table, you.uuid, first.message_group_uuid)
    assert before is not None
    assert after == before | {"message": {"S": "better"}, "last_message_rev": {"N": "1"}}


def test_a_row_of_which_the_newest_message_was_deleted_shows_nothing(
    table: MessageTable, me: Member, you: Member, sent: Message
) -> None:
    table.update_message_groups([delete(table, me.uuid, sent)])
    (group,) = table.find_message_group(you.uuid, sent.message_group_uuid).items
    assert (group.message, group.last_message_uuid, group.unread, group.unread_count) == (
        "",
        sent.message_uuid,
        True,
        1,
    )
