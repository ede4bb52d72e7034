"""What a member's row should be, reckoned from the message group, its messages and what only the row itself knows."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field, replace

from backend_flask.lib.ddb_items import (
    BLOCKED,
    NO_MESSAGE,
    Group,
    Item,
    Member,
    Message,
    MessageGroup,
    empty_row,
    is_blocked,
    milliseconds_of,
)

# The other person's, and the message that they are from.
NAMES = ("user_display_name", "user_handle", "named_by")
# What a row has only if it should. One that has what belongs to another kind is read as what it is not.
_SOME_HAVE = {
    *("user_uuid", "title", "members", *NAMES),
    *("inbox_sk", "is_hidden", "last_expires_at", "ttl_seconds", "other_blocks"),
}


@dataclass
class Messages:
    """The newest of each sender, `private` those that reach nobody else, and the sort keys of those that are damaged.

    `uuids` are the sort keys of all.
    """

    public: dict[str, Message] = field(default_factory=dict)
    private: dict[str, Message] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    uuids: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether one of them is whole."""
        return bool(self.public or self.private)

    def add(self, message: Message) -> None:
        (self.private if message.only_sender else self.public)[message.user_uuid] = message

    def seen_by(self, user_uuid: str) -> list[Message]:
        """The newest of each sender that this user sees, oldest first."""
        mine = [self.private[user_uuid]] if user_uuid in self.private else []
        return sorted([*self.public.values(), *mine], key=lambda message: message.version)


def wanted_row(
    group: Group, messages: Messages, owner: Member, people: list[Member], rows: dict[str, Item | None]
) -> Item:
    """The row as the messages have it, keeping what does not follow from them: the read marker, where it can be, a
    block, whether it is hidden or muted, what it has from messages that have expired and are gone, and, until the
    other person has written, their names."""
    found, seen = rows[owner.uuid] or {}, messages.seen_by(owner.uuid)
    row = _row_of(group, seen, owner, people)
    if has_outlived(found) and row.last_message_uuid < found["last_message_uuid"]["S"] not in messages.uuids:
        row = _with_summary_of(found, row)
    there = found.get("read_up_to", {}).get("S", "")
    own = [message.message_uuid for message in seen if message.user_uuid == owner.uuid]
    marker = min(there if is_uuid(there) else row.read_up_to, row.last_message_uuid)
    row = replace(
        row,
        read_up_to=max(marker, *own, ""),
        inbox_sk=_place(found, row),
        ttl_seconds=group.ttl_seconds,
        other_blocks=row.other is not None and _block_in(rows.get(row.other.uuid) or {}) is not None,
    )
    wanted = row.to_item(owner.uuid)
    kept = {name for name in _names_kept(found, row, messages) if found.get(name, {}).get("S")}
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


def _names_kept(found: Item, row: MessageGroup, messages: Messages) -> tuple[str, ...]:
    """Which names a row keeps: those of when the group was made, if the other person has not written since, and those
    from a message that has expired and is gone."""
    if row.other is None or found.get("user_uuid") != {"S": row.other.uuid}:
        return ()
    named_by = found.get("named_by", {}).get("S", "")
    if is_uuid(named_by) and row.named_by < named_by <= row.last_message_uuid and named_by not in messages.uuids:
        return NAMES
    return NAMES[:2] if row.named_by == NO_MESSAGE else ()


def has_outlived(found: Item | None) -> bool:
    """Whether a row shows a message that has expired, and may be gone."""
    digits = (found or {}).get("last_expires_at", {}).get("N", "")
    there = (found or {}).get("last_message_uuid", {}).get("S", "")
    return is_uuid(there) and digits.isdigit() and milliseconds_of(there) // 1000 <= int(digits) <= time.time()


def _with_summary_of(found: Item, row: MessageGroup) -> MessageGroup:
    try:
        return replace(
            row,
            message=found["message"]["S"],
            last_message_uuid=found["last_message_uuid"]["S"],
            last_message_rev=int(found["last_message_rev"]["N"]),
            last_sender_uuid=found["last_sender_uuid"]["S"],
            last_expires_at=int(found["last_expires_at"]["N"]),
        )
    except (KeyError, ValueError):
        return row


def _place(found: Item, row: MessageGroup) -> str | None:
    """Where the row is in its owner's list: as it is now, if it may be there."""
    block = _block_in(found) if row.other else None
    if block:
        return block
    is_same = found.get("last_message_uuid", {}).get("S") == row.last_message_uuid
    if row.last_message_uuid == NO_MESSAGE or ("is_hidden" in found and "inbox_sk" not in found and is_same):
        return None
    return row.last_message_uuid


def _block_in(row: Item) -> str | None:
    """The place of a row whose other person is blocked."""
    place: str = row.get("inbox_sk", {}).get("S", "")
    return place if is_blocked(row) and is_uuid(place.removeprefix(BLOCKED)) else None


def is_uuid(text: str) -> bool:
    """Whether it is spelled as keys are."""
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
