"""Recomputes every row of the table from its messages, and repairs the rows that differ.

For scripts only: it scans. The stream keeps rows right by itself; this is for the day when something else did not.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from backend_flask.lib.ddb import (
    GROUP_SK,
    Item,
    Member,
    Message,
    MessageGroup,
    MessageTable,
    is_message_key,
    message_key,
    row_key,
)

# Names are copied when a group is made and do not follow from the messages: what is there is kept.
_KEPT = {"user_display_name", "user_handle"}
# A row has those of its kind, and where it has those of the other kind as well it is read as what it is not.
_OF_A_KIND = {"user_uuid", "title", "members", *_KEPT}
# A row that has the same values here as before was not touched by anybody.
_LIVE = ("inbox_sk", "message", "last_message_uuid", "last_message_rev", "last_sender_uuid", "read_up_to")


@dataclass(frozen=True)
class Difference:
    """A row that is not what the messages say; a message or, with neither uuid, a message group that is damaged.

    `wanted` is None for a row that should not be there, and the same as `found` where nobody can know.
    """

    user_uuid: str
    message_group_uuid: str
    reason: str
    found: Item | None = None
    wanted: Item | None = None
    message_uuid: str = ""

    def __str__(self) -> str:
        if self.user_uuid:
            return f"row of {self.user_uuid} in {self.message_group_uuid} {self.reason}"
        what = f"message {self.message_uuid} in" if self.message_uuid else "message group"
        return f"{what} {self.message_group_uuid} {self.reason}"


@dataclass(frozen=True)
class _Group:
    """`title` is None for a direct one. Of one that is not `whole` nobody can say what its rows should be."""

    members: frozenset[str] = frozenset()
    title: str | None = None
    whole: bool = False


def scan(table: MessageTable, **arguments: Any) -> Iterator[Item]:
    """Every item of the table, in no order, page by page."""
    pages = table.client.get_paginator("scan").paginate(TableName=table.name, ConsistentRead=True, **arguments)
    for page in pages:
        yield from page["Items"]


def differences(
    table: MessageTable, names: Callable[[Sequence[str]], dict[str, Member]], items: Iterator[Item]
) -> Iterator[Difference]:
    """What `items`, a scan of the table, shows to be wrong, each looked at once more before it is reported.

    `names` gives the members with these uuids, as far as they are known.
    """
    groups: dict[str, _Group] = {}
    rows: dict[str, set[str]] = defaultdict(set)
    for item in items:
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if sk == GROUP_SK:
            groups[pk.removeprefix("MSG#")] = _group_of(item)
        elif pk.startswith("GRP#"):
            rows[sk].add(pk.removeprefix("GRP#"))
    for group_uuid, group in groups.items():
        yield from _differences_of(table, group_uuid, group, names)
    for group_uuid, owners in rows.items():
        for owner in sorted(owners - groups.get(group_uuid, _Group()).members):
            yield from _row_of_no_member(table, owner, group_uuid)


def repair(table: MessageTable, difference: Difference) -> bool:
    """Makes the row what it should be, unless it has changed since it was looked at. Says whether it did."""
    key = row_key(difference.user_uuid, difference.message_group_uuid)
    found, wanted = difference.found, difference.wanted
    if found == wanted:
        return False
    condition = {"ConditionExpression": "attribute_not_exists(pk)"} if found is None else _unchanged(found)
    try:
        if wanted is None:
            table.client.delete_item(TableName=table.name, Key=key, **condition)
        else:
            table.client.put_item(TableName=table.name, Item=wanted, **condition)
    except table.client.exceptions.ConditionalCheckFailedException:
        return False
    if wanted is not None:
        _catch_up(table, difference.user_uuid, difference.message_group_uuid)
    return True


def _catch_up(table: MessageTable, owner: str, group_uuid: str) -> None:
    """Of a message that came after the messages were read, the stream may have told while the row could not take it."""
    # One that is damaged is not to be shown.
    with suppress(KeyError, ValueError, TypeError):
        newest = table.newest_message(group_uuid)
        table.raise_row(owner, newest, newest.message_uuid if newest.user_uuid == owner else None)


def _unchanged(found: Item) -> dict[str, Any]:
    parts = [f"{name} = :{name}" if name in found else f"attribute_not_exists({name})" for name in _LIVE]
    values = {f":{name}": found[name] for name in _LIVE if name in found}
    return {
        "ConditionExpression": " AND ".join(["attribute_exists(pk)", *parts]),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _differences_of(
    table: MessageTable, group_uuid: str, group: _Group, names: Callable[[Sequence[str]], dict[str, Member]]
) -> Iterator[Difference]:
    members = sorted(group.members)
    # Rows before messages: what arrives in between makes a row look late, and never too new.
    rows = {owner: _get(table, row_key(owner, group_uuid)) for owner in members}
    newest, own, damaged = _read_messages(table, group_uuid)
    for message_uuid in damaged:
        yield Difference("", group_uuid, "is damaged", message_uuid=message_uuid)
    if not group.whole:
        yield Difference("", group_uuid, "has a damaged item of its own")
        return
    if newest is None:
        yield Difference("", group_uuid, "has no message that is whole")
        return
    known = names(members)
    people = [known.get(member, Member(member, "", "")) for member in members]
    for owner in people:
        found = rows[owner.uuid]
        wanted = _wanted(MessageGroup.of(newest, owner, people, group.title), found, own.get(owner.uuid), owner.uuid)
        reason = _reason(found, wanted)
        if reason:
            yield Difference(owner.uuid, group_uuid, reason, found, wanted)


def _row_of_no_member(table: MessageTable, owner: str, group_uuid: str) -> Iterator[Difference]:
    found = _get(table, row_key(owner, group_uuid))
    group = _group_of(_get(table, message_key(group_uuid, GROUP_SK)) or {})
    if found and not group.whole:
        yield Difference(owner, group_uuid, "is of a message group without a whole group item", found, found)
    elif found and owner not in group.members:
        yield Difference(owner, group_uuid, "belongs to no member", found, None)


def _wanted(row: MessageGroup, found: Item | None, own: str | None, owner_uuid: str) -> Item:
    """The row as the messages have it, keeping the names and the read marker that are there if they can be."""
    found = found or {}
    there = found.get("read_up_to", {}).get("S", "")
    marker = there if _is_uuid(there) else row.read_up_to
    wanted = replace(row, read_up_to=max(min(marker, row.last_message_uuid), own or "")).to_item(owner_uuid)
    is_same_person = found.get("user_uuid") == wanted.get("user_uuid")
    kept = {name for name in _KEPT & wanted.keys() if is_same_person and found.get(name, {}).get("S")}
    more = {name: value for name, value in found.items() if name in kept or name not in _OF_A_KIND}
    return {**more, **{name: value for name, value in wanted.items() if name not in kept}}


def _reason(found: Item | None, wanted: Item) -> str:
    if found is None:
        return "is missing"
    wrong = [name for name in wanted | found if found.get(name) != wanted.get(name)]
    return "differs in " + ", ".join(wrong) if wrong else ""


def _read_messages(table: MessageTable, group_uuid: str) -> tuple[Message | None, dict[str, str], list[str]]:
    """The newest message, the newest message uuid of each sender, and the sort keys of damaged messages."""
    newest: Message | None = None
    own: dict[str, str] = {}
    damaged: list[str] = []
    pages = table.client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": message_key(group_uuid, "")["pk"]},
        ConsistentRead=True,
    )
    for item in (item for page in pages for item in page["Items"] if is_message_key(item)):
        try:
            newest = Message.from_item(item)
        except (KeyError, ValueError, TypeError):
            damaged.append(item["sk"]["S"])
        else:
            own[newest.user_uuid] = newest.message_uuid
    return newest, own, damaged


def _group_of(item: Item) -> _Group:
    members = frozenset(item.get("member_uuids", {}).get("SS", ()))
    kind, title = item.get("kind", {}).get("S"), item.get("title", {}).get("S")
    is_direct = kind == "direct" and title is None and len(members) == 2
    is_group = kind == "group" and title is not None and len(members) > 0
    return _Group(members, title, whole=(is_direct or is_group) and all(map(_is_uuid, members)))


def _is_uuid(text: str) -> bool:
    """Whether it is spelled as keys are."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _get(table: MessageTable, key: Item) -> Item | None:
    found: Item | None = table.client.get_item(TableName=table.name, Key=key, ConsistentRead=True).get("Item")
    return found
