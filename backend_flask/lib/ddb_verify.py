"""Recomputes every row of the table from its messages, and repairs the rows that differ.

For scripts only: it scans. The stream keeps rows right by itself; this is for the day when something else did not.
What a row should be is reckoned by `ddb_wanted.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from backend_flask.lib.ddb import DamagedMessageGroup, MessageTable
from backend_flask.lib.ddb_items import (
    GROUP_SK,
    Group,
    Item,
    Member,
    Message,
    is_begun,
    is_blocked,
    is_message_key,
    message_key,
    row_key,
)
from backend_flask.lib.ddb_wanted import NAMES, Messages, has_outlived, is_uuid, wanted_row

# What differs here was touched by somebody since: the stream function, its owner, or a change of the message group.
_LIVE = (
    *("inbox_sk", "message", "last_message_uuid", "last_message_rev", "last_sender_uuid", "read_up_to", "named_by"),
    *("is_hidden", "muted", "other_blocks", "ttl_seconds", "title", "members"),
)


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
    """`item` is None for one that is not whole: nobody can say what its rows should be."""

    members: frozenset[str] = frozenset()
    item: Group | None = None


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
    found, wanted = difference.found, difference.wanted
    if found == wanted:
        return False
    is_done = _put_missing(table, difference) if found is None else _replace(table, difference, found)
    if is_done and wanted is not None:
        _catch_up(table, difference.user_uuid, wanted)
    return is_done


def _put_missing(table: MessageTable, difference: Difference) -> bool:
    """Only a member gets a row: it is what lets them in."""
    group = message_key(difference.message_group_uuid, GROUP_SK)
    is_member = {
        "ConditionExpression": "contains(member_uuids, :owner)",
        "ExpressionAttributeValues": {":owner": {"S": difference.user_uuid}},
    }
    put = {"Item": difference.wanted, "ConditionExpression": "attribute_not_exists(pk)"}
    return not table.transact({"Put": put}, {"ConditionCheck": {"Key": group, **is_member}})


def _replace(table: MessageTable, difference: Difference, found: Item) -> bool:
    key, wanted = row_key(difference.user_uuid, difference.message_group_uuid), difference.wanted
    condition = {**_unchanged(found), "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    try:
        if wanted is None:
            table.client.delete_item(TableName=table.name, Key=key, **condition)
        else:
            table.client.put_item(TableName=table.name, Item=wanted, **condition)
    except table.client.exceptions.ConditionalCheckFailedException as error:
        there = error.response.get("Item") or {}
        names = {name: there[name] for name in NAMES if name in there}
        # A row that can take no message can still have taken the other person's name.
        if wanted is None or there == found or there != found | names:
            return False
        return _replace(table, replace(difference, wanted=wanted | names), there)
    return True


def _catch_up(table: MessageTable, owner: str, row: Item) -> None:
    """Of a message that came after the messages were read, the stream may have told while the row could not take it."""
    newer = _read_messages(table, row["sk"]["S"], row["last_message_uuid"]["S"]).seen_by(owner)
    # One that has been damaged again is left for the next time.
    with suppress(KeyError, ValueError, TypeError, DamagedMessageGroup):
        if newer:
            table.raise_row(owner, newer, is_direct="user_uuid" in row)


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
    # Rows before messages: what arrives in between makes a row look late, and never too new.
    group, rows = _group_and_rows(table, group_uuid, group)
    members = sorted(rows)
    messages = _read_messages(table, group_uuid)
    for message_uuid in messages.damaged:
        yield Difference("", group_uuid, "is damaged", message_uuid=message_uuid)
    if group.item is None:
        yield Difference("", group_uuid, "has a damaged item of its own")
        return
    if members and not messages and not any(map(has_outlived, rows.values())):
        yield Difference("", group_uuid, "has no message that is whole")
        return
    known = names(members)
    people = [known.get(member, Member(member, "", "")) for member in members]
    for owner in people:
        found = rows[owner.uuid]
        wanted = wanted_row(group.item, messages, owner, people, rows)
        reason = _reason(found, wanted)
        if reason:
            yield Difference(owner.uuid, group_uuid, reason, found, wanted)


def _group_and_rows(table: MessageTable, group_uuid: str, seen: _Group) -> tuple[_Group, dict[str, Item | None]]:
    """Of the same moment: the scan may be long ago, and a change of a message group changes both."""
    while True:
        rows = {owner: _get(table, row_key(owner, group_uuid)) for owner in sorted(seen.members)}
        now = _group_of(_get(table, message_key(group_uuid, GROUP_SK)) or {})
        if now == seen:
            return now, rows
        seen = now


def _row_of_no_member(table: MessageTable, owner: str, group_uuid: str) -> Iterator[Difference]:
    found = _get(table, row_key(owner, group_uuid))
    item = _get(table, message_key(group_uuid, GROUP_SK))
    group = _group_of(item or {})
    if item is None and found and is_blocked(found) and not is_begun(found):
        return
    if found and group.item is None:
        yield Difference(owner, group_uuid, "is of a message group without a whole group item", found, found)
    elif found and owner not in group.members:
        yield Difference(owner, group_uuid, "belongs to no member", found, None)


def _reason(found: Item | None, wanted: Item) -> str:
    if found is None:
        return "is missing"
    wrong = [name for name in wanted | found if found.get(name) != wanted.get(name)]
    return "differs in " + ", ".join(wrong) if wrong else ""


def _read_messages(table: MessageTable, group_uuid: str, first: str = "") -> Messages:
    """Those that are not below `first`."""
    found = Messages()
    pages = table.client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :pk" + (" AND sk >= :first" if first else ""),
        ExpressionAttributeValues={
            ":pk": message_key(group_uuid, "")["pk"],
            **({":first": {"S": first}} if first else {}),
        },
        ConsistentRead=True,
    )
    for item in (item for page in pages for item in page["Items"] if is_message_key(item)):
        try:
            found.add(Message.from_item(item))
        except (KeyError, ValueError, TypeError):
            found.damaged.append(item["sk"]["S"])
        found.uuids.add(item["sk"]["S"])
    return found


def _group_of(item: Item) -> _Group:
    members = frozenset(item.get("member_uuids", {}).get("SS", ()))
    try:
        group = Group.from_item(item)
    except (KeyError, ValueError, TypeError):
        return _Group(members)
    kind, has_title = item["kind"]["S"], "title" in item
    is_direct = kind == "direct" and not has_title and len(members) == 2
    is_group = kind == "group" and has_title
    return _Group(members, group if (is_direct or is_group) and all(map(is_uuid, members)) else None)


def _get(table: MessageTable, key: Item) -> Item | None:
    found: Item | None = table.client.get_item(TableName=table.name, Key=key, ConsistentRead=True).get("Item")
    return found
