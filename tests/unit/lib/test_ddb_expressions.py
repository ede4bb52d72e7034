"""What is sent to DynamoDB, by all modules of the table, and what their docstrings say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

from backend_flask.lib import ddb, ddb_members
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_changes import Changes
from backend_flask.lib.ddb_items import BLOCKED, Change, Group, Item, Member, Message, MessageGroup, empty_row
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.ddb_rows import Rise

ANDREW = Member("11111111-1111-4111-8111-111111111111", "Andrew Brown", "andrewbrown")
BAYKO = Member("22222222-2222-4222-8222-222222222222", "Andrew Bayko", "bayko")
NEW = Member("44444444-4444-4444-8444-444444444444", "Newcomer", "newcomer")
GROUP = "33333333-3333-4333-8333-333333333333"
FIRST = "01a1fdbe-e126-7430-bba3-8312c588c365"
SECOND = "01a1fdbe-e126-7430-bba3-8312c588c366"
MESSAGE = Message(GROUP, FIRST, ANDREW.uuid, ANDREW.display_name, ANDREW.handle, "hello")
OF_MANY = Group(GROUP, frozenset({ANDREW.uuid, BAYKO.uuid}), ANDREW.uuid, MESSAGE.created_at, "a title", rev=1)
ROW = MessageGroup.of(MESSAGE, BAYKO, [ANDREW, BAYKO], None)
FUNCTIONS = {"attribute_exists", "attribute_not_exists", "begins_with"}


class Refused(Exception):
    """Nobody raises it."""


class Recorder:
    """A client that keeps what it is asked, and answers by the kind of item that it is asked for."""

    class exceptions:  # noqa: N801  # the name that boto3 gives it
        ConditionalCheckFailedException = Refused
        TransactionCanceledException = Refused

    def __init__(self, group: Group | None = OF_MANY, row: MessageGroup | None = ROW) -> None:
        self.asked: list[dict[str, Any]] = []
        self.group = group.to_item() if group else None
        self.row = row.to_item(BAYKO.uuid) if row else None

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> dict[str, Any]:
            self.asked.append(arguments)
            if "Key" in arguments:
                found = self._found(arguments["Key"]["pk"]["S"], arguments["Key"]["sk"]["S"])
                return {"Attributes": MESSAGE.to_item(), **({"Item": found} if found else {})}
            is_query = "KeyConditionExpression" in arguments
            return {"Items": self._all(arguments), "Count": 0} if is_query else {}

        return call

    def _found(self, pk: str, sk: str) -> Item | None:
        if pk.startswith("GRP#"):
            return self.row
        return self.group if sk == "~GROUP" else MESSAGE.to_item()

    def _all(self, arguments: dict[str, Any]) -> list[Item]:
        pk = arguments.get("ExpressionAttributeValues", {}).get(":pk", {}).get("S", "")
        if pk.startswith("CHG#"):
            kinds: tuple[Any, ...] = ("edit", "late", "marker")
            return [Change(kind, GROUP, FIRST, 1).to_item(BAYKO.uuid, MESSAGE.created_at_ms, 1) for kind in kinds]
        if "IndexName" in arguments:
            return [self.row] if self.row else []
        has_group = self.group and arguments["KeyConditionExpression"] == "pk = :pk"
        return [self.group, MESSAGE.to_item()] if self.group and has_group else [MESSAGE.to_item()]

    def expressions(self) -> Iterator[str]:
        parts = [part for call in self.asked for each in call.get("TransactItems", ()) for part in each.values()]
        for call in [*self.asked, *parts]:
            yield from (value for name, value in call.items() if name.endswith("Expression"))


def use_the_table(client: Recorder) -> None:
    table = MessageTable(client, "t", make_id=lambda: SECOND, clock=lambda: 1.9e9)
    table.list_messages(ANDREW.uuid, GROUP, 1)
    table.list_messages(ANDREW.uuid, GROUP, 1, before=SECOND)
    table.list_messages_after(ANDREW.uuid, GROUP, 1, FIRST)
    table.list_messages_around(ANDREW.uuid, GROUP, 2, FIRST)
    table.head(GROUP)
    for before in (None, SECOND):
        table.list_message_groups(BAYKO.uuid, 1, before, since=FIRST)
        table.list_unread_message_groups(BAYKO.uuid, 1, before)
    table.find_message_group(BAYKO.uuid, GROUP)
    table.create_message(ANDREW, GROUP, "hello", "a key")
    table.create_direct_message(ANDREW, BAYKO, "hello")
    table.create_message_group(ANDREW, [BAYKO], "a title", "hello")
    table.edit_message(ANDREW.uuid, GROUP, FIRST, "better", 0)
    table.delete_message(ANDREW.uuid, GROUP, FIRST)
    table.update_message_groups([MESSAGE])
    table.refresh_message_group(GROUP)
    table.mark_read(BAYKO.uuid, GROUP, FIRST)
    table._mark_what_the_row_has_not(BAYKO.uuid, GROUP, FIRST)


def use_the_members(client: Recorder) -> None:
    membership = Membership(MessageTable(client, "t", make_id=lambda: SECOND), lambda: SECOND)
    membership.read(ANDREW.uuid, GROUP)
    membership.read_row(BAYKO.uuid, GROUP)
    membership.change(ANDREW.uuid, GROUP, title="another")
    for ttl in (3600, None):
        membership.change(ANDREW.uuid, GROUP, ttl_seconds=ttl)
    membership.add(ANDREW.uuid, GROUP, [NEW])
    membership.remove(ANDREW.uuid, GROUP, BAYKO.uuid)
    for muted in (True, False):
        membership.mute(BAYKO.uuid, GROUP, muted=muted)
    membership.hide(BAYKO.uuid, GROUP)
    membership.list_blocks(BAYKO.uuid, 1, None)


def use_the_blocks(client: Recorder) -> None:
    membership = Membership(MessageTable(client, "t", make_id=lambda: SECOND), lambda: SECOND)
    membership.block(BAYKO, ANDREW)
    membership.unblock(BAYKO.uuid, ANDREW.uuid)


def use_the_changes(client: Recorder) -> None:
    changes = Changes(MessageTable(client, "t", make_id=lambda: SECOND), lambda: 1.9e9)
    changes.catch_up(BAYKO.uuid, 0)
    changes.members_of(GROUP)


def rises() -> Iterator[Rise]:
    """Each shape that an update of a row can have."""
    for newest in (None, MESSAGE, replace(MESSAGE, expires_at=1)):
        for own in (None, FIRST):
            for named in (None, MESSAGE):
                rise = Rise(GROUP, newest, own, named, is_edit=False)
                if rise.is_due:
                    yield from (rise, replace(rise, is_edit=True), replace(rise, is_blocked=True))


def everything() -> list[Recorder]:
    blocked = replace(ROW, inbox_sk=BLOCKED + FIRST)
    met = replace(empty_row(GROUP, ANDREW, None), inbox_sk=BLOCKED + FIRST)
    done: list[Recorder] = []
    uses: list[tuple[Callable[[Recorder], None], Recorder]] = [
        (use_the_table, Recorder()),
        (use_the_members, Recorder()),
        (use_the_members, Recorder(replace(OF_MANY, rev=0))),
        (use_the_changes, Recorder()),
        # To block with and without a row, to unblock with and without a message group, with and without a message.
        (use_the_blocks, Recorder()),
        (use_the_blocks, Recorder(None, None)),
        (use_the_blocks, Recorder(row=blocked)),
        (use_the_blocks, Recorder(row=met)),
        (use_the_blocks, Recorder(None, met)),
        # Nobody has a row yet.
        (use_first_messages, Recorder(None, None)),
    ]
    for use, client in uses:
        use(client)
        done.append(client)
    return done


def use_first_messages(client: Recorder) -> None:
    table = MessageTable(client, "t", make_id=lambda: SECOND)
    table.create_direct_message(ANDREW, BAYKO, "hello")


@pytest.fixture(scope="module")
def names() -> set[str]:
    """Of attributes, in every expression that is ever sent."""
    sent = [expression for client in everything() for expression in client.expressions()]
    sent += [expression for rise in rises() for expression in rise.expressions()[:2]]
    return set(re.findall(r"(?<![:\w])[a-z]\w*", " ".join(sent))) - FUNCTIONS


def test_no_name_in_an_expression_is_a_reserved_word(names: set[str]) -> None:
    reserved = {word.lower() for word in ReservedKeywords.get_reserved_keywords()}
    assert {"name", "hidden", "ttl", "at", "key", "rows"} <= reserved
    assert names & reserved == set()


def test_every_attribute_that_is_asked_about_or_set_was_seen(names: set[str]) -> None:
    """Or the test above would see less than it says."""
    assert names == {
        *("pk", "sk", "message", "rev", "edited_at", "deleted_at", "expires_at", "only_sender", "user_uuid"),
        *("title", "member_uuids", "members", "ttl_seconds", "muted", "is_hidden", "inbox_sk", "other_blocks"),
        *("last_message_uuid", "last_message_rev", "last_message_at", "last_sender_uuid", "last_expires_at"),
        *("read_up_to", "user_display_name", "user_handle", "named_by"),
    }


def test_no_expression_needs_names_of_its_own() -> None:
    assert all("ExpressionAttributeNames" not in call for client in everything() for call in client.asked)


def test_no_update_sets_a_value_that_it_does_not_name() -> None:
    """DynamoDB refuses a value that is not used, and a name that has none."""
    for rise in rises():
        update, condition, values = rise.expressions()
        assert set(re.findall(r":\w+", f"{update} {condition}")) == set(values)


def methods_of(table: str) -> list[tuple[str, list[str]]]:
    rows = re.findall(r"^\| ([^|]+) \| (`[^|]+`) \|", table, re.MULTILINE)
    return [(what, re.findall(r"`(\w+)`", methods)) for what, methods in rows]


def test_the_access_pattern_table_names_real_methods() -> None:
    rows = methods_of(ddb.__doc__ or "")
    assert [pattern[0] for pattern, _ in rows] == ["A", "B", "C", "D", "E", "r", "A", "B", "e"]
    assert all(callable(getattr(MessageTable, method)) for _, methods in rows for method in methods)


def test_the_table_of_what_members_do_names_every_method() -> None:
    named = [method for _, methods in methods_of(ddb_members.__doc__ or "") for method in methods]
    public = {name for name in vars(Membership) if not name.startswith("_")} - {"sleep"}
    assert set(named) == public
