"""What a device that was away finds when it comes back: everything, once."""

from __future__ import annotations

import pytest

from backend_flask.lib import ddb, ddb_changes
from backend_flask.lib.ddb import LATE_SECONDS, MessageTable
from backend_flask.lib.ddb_changes import Changes, Happened, TooMuchMissed
from backend_flask.lib.ddb_items import Member, Message, milliseconds_of
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.uuid7 import Uuid7, wall_clock_ms
from tests.messages_table import a_person, eventually

Told = tuple[str, str]


@pytest.fixture
def changes(table: MessageTable) -> Changes:
    return Changes(table, lambda: wall_clock_ms() / 1000)


@pytest.fixture
def first(table: MessageTable, me: Member, you: Member) -> Message:
    return told(table, table.create_direct_message(you, me, "first"))


def told(table: MessageTable, *messages: Message) -> Message:
    table.update_message_groups(messages)
    return messages[-1]


def found(changes: Changes, who: Member, since_ms: int, count: int) -> list[Told]:
    """What happened, and to which message; the index may lag."""
    happened = eventually(lambda: changes.catch_up(who.uuid, since_ms), lambda found: len(found) >= count)
    return [(each.kind, each.message_uuid) for each in happened]


def test_new_messages_are_found_by_everybody_their_sender_too(
    table: MessageTable, changes: Changes, me: Member, you: Member, first: Message
) -> None:
    second = told(table, table.create_message(me, first.message_group_uuid, "second"))
    for who in (me, you):
        assert found(changes, who, first.created_at_ms, 2) == [
            ("message", first.message_uuid),
            ("message", second.message_uuid),
        ]
        assert found(changes, who, second.created_at_ms + 1, 0) == []
    assert changes.catch_up(a_person().uuid, 0) == []


def test_changes_of_old_messages_are_found_in_their_newest_version_once(
    table: MessageTable, changes: Changes, me: Member, you: Member, first: Message
) -> None:
    group = first.message_group_uuid
    since = wall_clock_ms() + 1
    once = table.edit_message(you.uuid, group, first.message_uuid, "once")
    twice = table.edit_message(you.uuid, group, first.message_uuid, "twice")
    told(table, once, twice)
    told(table, once)
    told(table, twice)
    (happened,) = changes.catch_up(me.uuid, since - 1)
    assert (happened.kind, happened.message) == ("edited", twice)
    told(table, table.delete_message(you.uuid, group, first.message_uuid))
    (happened,) = changes.catch_up(me.uuid, since - 1)
    assert happened.kind == "deleted"


def test_a_read_marker_that_moved_is_found_by_its_owner_alone(
    table: MessageTable, changes: Changes, me: Member, you: Member, first: Message
) -> None:
    since = first.created_at_ms + 1
    table.mark_read(me.uuid, first.message_group_uuid, first.message_uuid)
    table.mark_read(me.uuid, first.message_group_uuid, first.message_uuid)
    assert found(changes, me, since, 1) == [("read", first.message_uuid)]
    assert found(changes, you, since, 0) == []


def test_what_the_stream_function_applied_late_is_found_though_it_is_old(
    table: MessageTable, changes: Changes, me: Member, first: Message
) -> None:
    """Those who have come back meanwhile are beyond it."""
    group = first.message_group_uuid
    late = [table.create_message(me, group, str(number)) for number in range(2)]
    hours_later = wall_clock_ms() + 3_600_000
    slow = MessageTable(table.client, table.name, Uuid7(), lambda: hours_later / 1000)
    slow.update_message_groups(late)
    again = hours_later + 60_000
    MessageTable(table.client, table.name, Uuid7(), lambda: again / 1000).update_message_groups(late)
    since = hours_later - 1
    found = changes.catch_up(me.uuid, since)
    assert [each.message for each in found] == late
    assert all(milliseconds_of(each.at_uuid) > since for each in found), (
        "a stream forgets what is older than its horizon"
    )
    assert changes.catch_up(me.uuid, again - 1) == []
    assert LATE_SECONDS < 30


def notes_of(table: MessageTable, who: Member) -> list[str]:
    values = {":pk": {"S": f"CHG#{who.uuid}"}}
    condition = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": values}
    return [item["kind"]["S"] for item in table.client.query(TableName=table.name, **condition)["Items"]]


def test_an_old_message_that_is_edited_did_not_come_late(
    table: MessageTable, me: Member, you: Member, first: Message
) -> None:
    hours_later = (wall_clock_ms() + 3_600_000) / 1000
    later = MessageTable(table.client, table.name, Uuid7(), lambda: hours_later)
    edited = later.edit_message(you.uuid, *first.place, "better")
    later.update_message_groups([edited])
    assert (notes_of(table, me), notes_of(table, you)) == (["edit"], ["edit"])
    late = table.create_message(me, first.message_group_uuid, "late")
    later.update_message_groups([edited, late])
    assert sorted(notes_of(table, you)) == ["edit", "late"]


def test_a_message_group_that_has_changed_tells_of_no_old_edit_again(
    table: MessageTable, me: Member, you: Member, first: Message
) -> None:
    told(table, table.edit_message(you.uuid, *first.place, "better"))
    later = MessageTable(table.client, table.name, Uuid7(), lambda: (wall_clock_ms() + 3_600_000) / 1000)
    later.refresh_message_group(first.message_group_uuid)
    assert (notes_of(table, me), notes_of(table, you)) == (["edit"], ["edit"])


def test_who_has_left_finds_nothing_of_the_group_any_more(
    table: MessageTable, changes: Changes, me: Member, you: Member
) -> None:
    first = told(table, table.create_message_group(me, [you, a_person()], "Three", "welcome"))
    group = first.message_group_uuid
    told(table, table.edit_message(me.uuid, group, first.message_uuid, "welcome all"))
    assert found(changes, you, first.created_at_ms - 1, 1) == [("edited", first.message_uuid)]
    Membership(table, Uuid7()).remove(you.uuid, group, you.uuid)
    assert changes.catch_up(you.uuid, first.created_at_ms - 1) == []


def test_what_reaches_its_sender_alone_is_found_by_nobody_else(
    table: MessageTable, changes: Changes, me: Member, you: Member, first: Message
) -> None:
    Membership(table, Uuid7()).block(me, you)
    since = wall_clock_ms()
    unheard = told(table, table.create_message(you, first.message_group_uuid, "unheard"))
    edited = told(table, table.edit_message(you.uuid, first.message_group_uuid, unheard.message_uuid, "still not"))
    assert found(changes, you, since, 1) == [("edited", edited.message_uuid)]
    assert found(changes, me, since, 0) == []


def test_too_much_is_said_to_be_too_much(
    table: MessageTable, changes: Changes, me: Member, first: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ddb_changes, "MAX_MISSED", 3)
    told(table, *(table.create_message(me, first.message_group_uuid, str(number)) for number in range(4)))

    def is_too_much() -> bool:
        try:
            changes.catch_up(me.uuid, first.created_at_ms)
        except TooMuchMissed:
            return True
        return False

    assert eventually(is_too_much, bool)


def test_an_event_is_told_by_what_is_stored(table: MessageTable, changes: Changes, me: Member, you: Member) -> None:
    announced: list[ddb.Hint] = []
    telling = MessageTable(table.client, table.name, Uuid7(), announce=announced.append)
    first = telling.create_direct_message(you, me, "first")
    second = telling.create_message(me, first.message_group_uuid, "second")
    telling.edit_message(me.uuid, *second.place, "changed")
    telling.mark_read(me.uuid, *first.place)
    telling.delete_message(me.uuid, *second.place)
    of_many = telling.create_message_group(me, [you, a_person()], "Three", "welcome")
    telling.create_message(you, of_many.message_group_uuid, "thanks")
    assert [(set(hint.to or ()), hint.is_marker) for hint in announced[:5]] == [
        ({me.uuid, you.uuid}, False),
        ({me.uuid, you.uuid}, False),
        ({me.uuid, you.uuid}, False),
        ({me.uuid}, True),
        ({me.uuid, you.uuid}, False),
    ]
    assert announced[6].to is None
    assert set(changes.members_of(of_many.message_group_uuid)) > {me.uuid, you.uuid}
    deleted = changes.read(*second.place)
    assert deleted
    assert Happened.of(deleted).kind == "deleted"


@pytest.mark.parametrize("of_many", [False, True], ids=["direct", "of many"])
def test_a_message_that_its_key_completes_late_is_found_though_it_lies_below_others(
    table: MessageTable, changes: Changes, me: Member, you: Member, of_many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first try has died between its two writes; no row rises by what the second one stores."""
    first = table.create_direct_message(you, me, "first")
    if of_many:
        first = table.create_message_group(you, [me, a_person()], "Three", "first")
    told(table, first)
    group = first.message_group_uuid

    def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as dying:
        dying.setattr(table, "_put_message", die)
        with pytest.raises(ConnectionError):
            table.create_message(me, group, "slow", "a key")
    newer = told(table, table.create_message(you, group, "newer"))
    later = wall_clock_ms() + 60_000
    slow = MessageTable(table.client, table.name, Uuid7(), lambda: later / 1000)
    completed = slow.create_message(me, group, "slow", "a key")
    assert completed.message_uuid < newer.message_uuid
    slow.update_message_groups([completed])
    for who in (me, you):
        assert completed in [each.message for each in changes.catch_up(who.uuid, later - 1000)]
