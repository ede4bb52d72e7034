"""Recomputes every row of the table from its messages, and repairs the rows that differ.

For scripts only: it scans. The stream keeps rows right by itself; this is for the day when something else did not.
"""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from backend_flask.lib.ddb import MessageGroupNotFound, MessageTable
from backend_flask.lib.ddb_items import (
    BLOCKED,
    GROUP_SK,
    NO_MESSAGE,
    Group,
    Item,
    Member,
    Message,
    MessageGroup,
    empty_row,
    is_begun,
    is_blocked,
    is_message_key,
    message_key,
    row_key,
)

# Until the other person has written, their names are those of when the group was made: what is there is kept.
_NAMES = {"user_display_name", "user_handle"}
# What a row has only if it should. One that has what belongs to another kind is read as what it is not.
_SOME_HAVE = {
    *("user_uuid", "named_by", "title", "members", *_NAMES),
    *("inbox_sk", "is_hidden", "last_expires_at", "ttl_seconds", "other_blocks"),
}
# A row that has the same values here as before was not touched by anybody.
_LIVE = ("inbox_sk", "message", "last_message_uuid", "last_message_rev", "last_sender_uuid", "read_up_to", "named_by")


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


@dataclass
class _Messages:
    """The newest of a message group, the newest of each sender, and the sort keys of those that are damaged.

    Those that reach only their sender are in `private`.
    """

    public: dict[str, Message] = field(default_factory=dict)
    private: dict[str, Message] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)

    def add(self, message: Message) -> None:
        (self.private if message.only_sender else self.public)[message.user_uuid] = message

    def seen_by(self, user_uuid: str) -> list[Message]:
        """The newest of each sender that this user sees, oldest first."""
        mine = [self.private[user_uuid]] if user_uuid in self.private else []
        return sorted([*self.public.values(), *mine], key=lambda message: message.version)


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
    with suppress(KeyError, ValueError, TypeError, MessageGroupNotFound):
        group, newest = table.head(group_uuid)
        if newest and newest.reaches(owner):
            table.raise_row(owner, [newest], is_direct=group.title is None)


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
    messages = _read_messages(table, group_uuid)
    for message_uuid in messages.damaged:
        yield Difference("", group_uuid, "is damaged", message_uuid=message_uuid)
    if group.item is None:
        yield Difference("", group_uuid, "has a damaged item of its own")
        return
    if members and not messages.public and not messages.private and not any(map(_has_outlived, rows.values())):
        yield Difference("", group_uuid, "has no message that is whole")
        return
    known = names(members)
    people = [known.get(member, Member(member, "", "")) for member in members]
    for owner in people:
        found = rows[owner.uuid]
        wanted = _wanted(group.item, messages.seen_by(owner.uuid), owner, people, rows)
        reason = _reason(found, wanted)
        if reason:
            yield Difference(owner.uuid, group_uuid, reason, found, wanted)


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


def _wanted(
    group: Group, seen: list[Message], owner: Member, people: list[Member], rows: dict[str, Item | None]
) -> Item:
    """The row as the messages have it, keeping what does not follow from them: the read marker, where it can be, a
    block, whether it is hidden or muted, and, until the other person has written, their names."""
    found = rows[owner.uuid] or {}
    row = _row_of(group, seen, owner, people)
    if _has_outlived(found) and found["last_message_uuid"]["S"] > row.last_message_uuid:
        row = _with_summary_of(found, row)
    there = found.get("read_up_to", {}).get("S", "")
    own = [message.message_uuid for message in seen if message.user_uuid == owner.uuid]
    marker = min(there if _is_uuid(there) else row.read_up_to, row.last_message_uuid)
    row = replace(
        row,
        read_up_to=max(marker, *own, ""),
        inbox_sk=_place(found, row),
        ttl_seconds=group.ttl_seconds,
        other_blocks=row.other is not None and is_blocked(rows.get(row.other.uuid) or {}),
    )
    wanted = row.to_item(owner.uuid)
    kept = {name for name in _names_kept(found, row) if found.get(name, {}).get("S")}
    more = {name: value for name, value in found.items() if name in kept or name not in _SOME_HAVE}
    return {**more, **{name: value for name, value in wanted.items() if name not in kept}}


def _row_of(group: Group, seen: list[Message], owner: Member, people: list[Member]) -> MessageGroup:
    other = next((person for person in people if person.uuid != owner.uuid), None) if group.title is None else None
    of_other = [message for message in seen if other and message.user_uuid == other.uuid]
    row = MessageGroup.of(seen[-1], owner, people, group.title) if seen else empty_row(group.uuid, other, group.title)
    if other and of_other:
        last = of_other[-1]
        other = Member(other.uuid, last.user_display_name, last.user_handle)
        row = replace(row, other=other, named_by=last.message_uuid)
    return replace(row, members=len(people))


def _names_kept(found: Item, row: MessageGroup) -> set[str]:
    """Which names a row keeps: those of when the group was made, if the other person has not written since, and those
    from a message that has expired and is gone."""
    if row.other is None or found.get("user_uuid") != {"S": row.other.uuid}:
        return set()
    named_by = found.get("named_by", {}).get("S", "")
    if _is_uuid(named_by) and row.named_by < named_by <= row.last_message_uuid:
        return {*_NAMES, "named_by"}
    return _NAMES if row.named_by == NO_MESSAGE else set()


def _has_outlived(found: Item | None) -> bool:
    """Whether a row shows a message that has expired, and may be gone."""
    digits = (found or {}).get("last_expires_at", {}).get("N", "")
    there = (found or {}).get("last_message_uuid", {}).get("S", "")
    return digits.isdigit() and int(digits) <= time.time() and _is_uuid(there)


def _with_summary_of(found: Item, row: MessageGroup) -> MessageGroup:
    try:
        there = MessageGroup.from_item(found)
    except (KeyError, ValueError, TypeError):
        return row
    return replace(
        row,
        message=there.message,
        last_message_uuid=there.last_message_uuid,
        last_message_rev=there.last_message_rev,
        last_sender_uuid=there.last_sender_uuid,
        last_expires_at=there.last_expires_at,
    )


def _place(found: Item, row: MessageGroup) -> str | None:
    """Where the row is in its owner's list: as it is now, if it may be there."""
    there: str = found.get("inbox_sk", {}).get("S", "")
    if is_blocked(found) and _is_uuid(there.removeprefix(BLOCKED)):
        return there
    is_same = found.get("last_message_uuid", {}).get("S") == row.last_message_uuid
    if row.last_message_uuid == NO_MESSAGE or ("is_hidden" in found and "inbox_sk" not in found and is_same):
        return None
    return row.last_message_uuid


def _reason(found: Item | None, wanted: Item) -> str:
    if found is None:
        return "is missing"
    wrong = [name for name in wanted | found if found.get(name) != wanted.get(name)]
    return "differs in " + ", ".join(wrong) if wrong else ""


def _read_messages(table: MessageTable, group_uuid: str) -> _Messages:
    found = _Messages()
    pages = table.client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": message_key(group_uuid, "")["pk"]},
        ConsistentRead=True,
    )
    for item in (item for page in pages for item in page["Items"] if is_message_key(item)):
        try:
            found.add(Message.from_item(item))
        except (KeyError, ValueError, TypeError):
            found.damaged.append(item["sk"]["S"])
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
    return _Group(members, group if (is_direct or is_group) and all(map(_is_uuid, members)) else None)


def _is_uuid(text: str) -> bool:
    """Whether it is spelled as keys are."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _get(table: MessageTable, key: Item) -> Item | None:
    found: Item | None = table.client.get_item(TableName=table.name, Key=key, ConsistentRead=True).get("Item")
    return found
