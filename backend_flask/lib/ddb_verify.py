"""Recomputes every row of the table from its messages, and repairs the rows that differ.

For scripts only: it scans. The stream keeps rows right by itself; this is for the day when something else did not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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

# Who the other person is does not follow from the messages, so it is not compared.
_COMPARED = ("inbox_sk", "message", "last_message_uuid", "last_message_rev", "last_message_at", "last_sender_uuid")


@dataclass(frozen=True)
class Difference:
    """A row that is not what the messages say. `wanted` is None for a row that should not be there."""

    user_uuid: str
    message_group_uuid: str
    reason: str
    found: Item | None
    wanted: Item | None


@dataclass
class _Group:
    members: set[str] = field(default_factory=set)
    title: str | None = None


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
            found = _get(table, row_key(owner, group_uuid))
            if found and owner not in _group_of(_get(table, message_key(group_uuid, GROUP_SK)) or {}).members:
                yield Difference(owner, group_uuid, "belongs to no member", found, None)


def repair(table: MessageTable, difference: Difference) -> bool:
    """Makes the row what it should be, unless it has changed since it was looked at. Says whether it did."""
    key = row_key(difference.user_uuid, difference.message_group_uuid)
    found, wanted = difference.found, difference.wanted
    condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
    if found:
        condition = {
            "ConditionExpression": "last_message_uuid = :was AND read_up_to = :read",
            "ExpressionAttributeValues": {":was": found["last_message_uuid"], ":read": found["read_up_to"]},
        }
    try:
        if wanted is None:
            table.client.delete_item(TableName=table.name, Key=key, **condition)
        else:
            table.client.put_item(TableName=table.name, Item=wanted, **condition)
    except table.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _differences_of(
    table: MessageTable, group_uuid: str, group: _Group, names: Callable[[Sequence[str]], dict[str, Member]]
) -> Iterator[Difference]:
    newest, own = _read_messages(table, group_uuid)
    if newest is None:
        return
    members = sorted(group.members)
    known = names(members)
    people = [known.get(uuid, Member(uuid, "", "")) for uuid in members]
    for owner in people:
        found = _get(table, row_key(owner.uuid, group_uuid))
        wanted = _wanted(MessageGroup.of(newest, owner, people, group.title), found, own.get(owner.uuid), owner.uuid)
        reason = _reason(found, wanted)
        if reason:
            yield Difference(owner.uuid, group_uuid, reason, found, wanted)


def _wanted(row: MessageGroup, found: Item | None, own: str | None, owner_uuid: str) -> Item:
    """The row as the messages have it, keeping the names and the read marker that are there if they can be."""
    marker = found["read_up_to"]["S"] if found and "read_up_to" in found else row.read_up_to
    read_up_to = max(min(marker, row.last_message_uuid), own or "")
    wanted = replace(row, read_up_to=read_up_to).to_item(owner_uuid)
    return {**(found or {}), **{name: wanted[name] for name in wanted if name in _REPLACED or not found}}


_REPLACED = {*_COMPARED, "read_up_to"}


def _reason(found: Item | None, wanted: Item) -> str:
    if found is None:
        return "is missing"
    wrong = [name for name in (*_COMPARED, "read_up_to") if found.get(name) != wanted[name]]
    return "differs in " + ", ".join(wrong) if wrong else ""


def _read_messages(table: MessageTable, group_uuid: str) -> tuple[Message | None, dict[str, str]]:
    """The newest message, and the newest message uuid of each sender."""
    newest: Message | None = None
    own: dict[str, str] = {}
    pages = table.client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": message_key(group_uuid, "")["pk"]},
        ConsistentRead=True,
    )
    for item in (item for page in pages for item in page["Items"] if is_message_key(item)):
        newest = Message.from_item(item)
        own[newest.user_uuid] = newest.message_uuid
    return newest, own


def _group_of(item: Item) -> _Group:
    return _Group(set(item.get("member_uuids", {}).get("SS", ())), item.get("title", {}).get("S"))


def _get(table: MessageTable, key: Item) -> Item | None:
    found: Item | None = table.client.get_item(TableName=table.name, Key=key, ConsistentRead=True).get("Item")
    return found
