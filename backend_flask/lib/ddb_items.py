"""The items of the table: their keys, their attributes, and the values that the rest of the code works with.

| item | pk | sk |
|---|---|---|
| message | MSG#<message_group_uuid> | <message_uuid> |
| message group | MSG#<message_group_uuid> | ~GROUP |
| my side of a message group, "row" | GRP#<user_uuid> | <message_group_uuid>; inbox_sk = <last_message_uuid> |
| send key | KEY#<user_uuid> | <idempotency key> |
| change that my devices may have missed | CHG#<user_uuid> | <change_uuid> |

A message uuid is a UUIDv7: it is the order, the identity and the cursor, and `created_at` is its own instant.
`~GROUP` sorts after every uuid, so that the newest-first query of A meets the message group before its messages:
one consistent call says whether the reader may read, and what there is to read.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

TTL_ATTRIBUTE = "expires_at"
PREVIEW_CHARACTERS = 200
# Keeps a row within 1 KB, and so one write unit, for the longest names and all that a row can hold at once.
PREVIEW_BYTES = 231
GROUP_SK = "~GROUP"
NO_MESSAGE = str(uuid.UUID(int=0))
# The inbox_sk of a row whose other person is blocked: this, and the uuid of the block. All uuids are above it.
BLOCKED = "!"
_DIRECT_GROUPS = uuid.UUID("6f2d3f0e-5d0b-5c39-9c6d-0b8c3a9f1e77")
# Of the year 9999, which is the last that a date can have.
_LAST_MILLISECOND = 253_402_300_799_999
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Item = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Member:
    """A user as the table knows one."""

    uuid: str
    display_name: str
    handle: str


@dataclass(frozen=True, slots=True)
class Message:
    """`edited_at` and `deleted_at` are ISO 8601 UTC; a deleted message keeps its place and has no text.

    `expires_at`, in seconds since the epoch, ends its life. One that is `only_sender` reaches nobody else: its sender
    is blocked.
    """

    message_group_uuid: str
    message_uuid: str
    user_uuid: str
    user_display_name: str
    user_handle: str
    message: str
    rev: int = 0
    edited_at: str | None = None
    deleted_at: str | None = None
    expires_at: int | None = None
    only_sender: bool = False

    @property
    def created_at(self) -> str:
        return instant_of(self.message_uuid)

    @property
    def created_at_ms(self) -> int:
        return milliseconds_of(self.message_uuid)

    @property
    def version(self) -> tuple[str, int]:
        """Orders all versions of all messages of a message group."""
        return self.message_uuid, self.rev

    @property
    def place(self) -> tuple[str, str]:
        return self.message_group_uuid, self.message_uuid

    def is_shown_to(self, user_uuid: str, now: float) -> bool:
        """Whether a member of its message group may see it at this instant, in seconds since the epoch."""
        return not has_expired(self.expires_at, now) and self.reaches(user_uuid)

    def reaches(self, user_uuid: str) -> bool:
        return not self.only_sender or user_uuid == self.user_uuid

    def to_item(self) -> Item:
        return {
            **message_key(self.message_group_uuid, self.message_uuid),
            "message_uuid": {"S": self.message_uuid},
            "user_uuid": {"S": self.user_uuid},
            "user_display_name": {"S": self.user_display_name},
            "user_handle": {"S": self.user_handle},
            "message": {"S": self.message},
            "created_at": {"S": self.created_at},
            "rev": {"N": str(self.rev)},
            **if_there("S", edited_at=self.edited_at, deleted_at=self.deleted_at),
            **if_there("N", **{TTL_ATTRIBUTE: self.expires_at}),
            **if_there("BOOL", only_sender=self.only_sender or None),
        }

    @classmethod
    def from_item(cls, item: Item) -> Message:
        """Raises KeyError, ValueError or TypeError if the item is no whole message."""
        message_uuid = _whole_uuid(text_of(item, "sk"))
        if milliseconds_of(message_uuid) > _LAST_MILLISECOND:
            raise ValueError("a message uuid that is past all time")
        return cls(
            _whole_uuid(_after("MSG#", text_of(item, "pk"))),
            message_uuid,
            text_of(item, "user_uuid"),
            text_of(item, "user_display_name"),
            text_of(item, "user_handle"),
            text_of(item, "message"),
            _whole_number(item, "rev"),
            text_of(item, "edited_at") if "edited_at" in item else None,
            text_of(item, "deleted_at") if "deleted_at" in item else None,
            _whole_number(item, TTL_ATTRIBUTE) if TTL_ATTRIBUTE in item else None,
            "only_sender" in item,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """What all members of a message group share. `title` is None for a direct one.

    `rev` counts its changes; `ttl_seconds` is how long messages live that are sent from now on, None for good.
    """

    uuid: str
    member_uuids: frozenset[str]
    created_by: str
    created_at: str
    title: str | None = None
    rev: int = 0
    ttl_seconds: int | None = None

    def to_item(self) -> Item:
        return {
            **message_key(self.uuid, GROUP_SK),
            "kind": {"S": "direct" if self.title is None else "group"},
            **if_there("S", title=self.title),
            **({"member_uuids": {"SS": sorted(self.member_uuids)}} if self.member_uuids else {}),
            "created_by": {"S": self.created_by},
            "created_at": {"S": self.created_at},
            "rev": {"N": str(self.rev)},
            **if_there("N", ttl_seconds=self.ttl_seconds),
        }

    @classmethod
    def from_item(cls, item: Item) -> Group:
        """Raises KeyError, ValueError or TypeError if the item is no message group."""
        return cls(
            _whole_uuid(_after("MSG#", text_of(item, "pk"))),
            frozenset(members_in(item)),
            text_of(item, "created_by"),
            text_of(item, "created_at"),
            text_of(item, "title") if item["kind"]["S"] == "group" else None,
            _whole_number(item, "rev") if "rev" in item else 0,
            _whole_number(item, "ttl_seconds") if "ttl_seconds" in item else None,
        )


@dataclass(frozen=True, slots=True)
class MessageGroup:
    """A member's side of a message group: the newest message, how far it is read, and who is on the other side.

    `inbox_sk` is its place in the member's list: the newest message, nothing while it is hidden, or a block.
    `named_by` is the message of the other person that their name is from. `other_blocks` is never shown to anybody.
    """

    uuid: str
    message: str
    last_message_uuid: str
    last_message_rev: int
    last_sender_uuid: str
    read_up_to: str
    other: Member | None
    title: str | None = None
    members: int = 2
    inbox_sk: str | None = None
    named_by: str = NO_MESSAGE
    last_expires_at: int | None = None
    ttl_seconds: int | None = None
    muted: bool = False
    other_blocks: bool = False
    unread_count: int | None = None

    @property
    def last_message_at(self) -> str:
        return instant_of(self.last_message_uuid)

    @property
    def version(self) -> tuple[str, int]:
        return self.last_message_uuid, self.last_message_rev

    @property
    def blocked(self) -> bool:
        return self.block_uuid is not None

    @property
    def block_uuid(self) -> str | None:
        """A UUIDv7 of when the other person was blocked, if they are."""
        if self.inbox_sk is None or not self.inbox_sk.startswith(BLOCKED):
            return None
        return self.inbox_sk.removeprefix(BLOCKED)

    @property
    def unread(self) -> bool:
        """Whether there is something new; of what has expired only the count can say."""
        return self.last_message_uuid > self.read_up_to and (self.last_expires_at is None or self.unread_count != 0)

    @classmethod
    def of(cls, last: Message, owner: Member, members: Sequence[Member], title: str | None) -> MessageGroup:
        """What the owner's row says once `last` is the newest message and nothing is read but one's own."""
        other = next(member for member in members if member.uuid != owner.uuid) if title is None else None
        return cls(
            uuid=last.message_group_uuid,
            message=preview(last.message),
            last_message_uuid=last.message_uuid,
            last_message_rev=last.rev,
            last_sender_uuid=last.user_uuid,
            read_up_to=last.message_uuid if owner.uuid == last.user_uuid else NO_MESSAGE,
            other=other,
            title=title,
            members=len(members),
            inbox_sk=last.message_uuid,
            named_by=last.message_uuid if other and other.uuid == last.user_uuid else NO_MESSAGE,
            last_expires_at=last.expires_at,
        )

    def to_item(self, owner_uuid: str) -> Item:
        who: Item = (
            {
                "user_uuid": {"S": self.other.uuid},
                "user_display_name": {"S": self.other.display_name},
                "user_handle": {"S": self.other.handle},
                "named_by": {"S": self.named_by},
            }
            if self.other
            else {"title": {"S": self.title or ""}, "members": {"N": str(self.members)}}
        )
        return {
            **row_key(owner_uuid, self.uuid),
            **if_there("S", inbox_sk=self.inbox_sk),
            "message": {"S": self.message},
            "last_message_uuid": {"S": self.last_message_uuid},
            "last_message_rev": {"N": str(self.last_message_rev)},
            "last_message_at": {"S": self.last_message_at},
            "last_sender_uuid": {"S": self.last_sender_uuid},
            "read_up_to": {"S": self.read_up_to},
            **who,
            **if_there("N", last_expires_at=self.last_expires_at, ttl_seconds=self.ttl_seconds),
            **if_there("BOOL", muted=self.muted or None, other_blocks=self.other_blocks or None),
            **({} if self.inbox_sk else {"is_hidden": {"BOOL": True}}),
        }

    @classmethod
    def from_item(cls, item: Item, unread_count: int | None = None) -> MessageGroup:
        is_direct = "user_uuid" in item
        return cls(
            uuid=item["sk"]["S"],
            message=item["message"]["S"],
            last_message_uuid=item["last_message_uuid"]["S"],
            last_message_rev=int(item["last_message_rev"]["N"]),
            last_sender_uuid=item["last_sender_uuid"]["S"],
            read_up_to=item["read_up_to"]["S"],
            other=Member(item["user_uuid"]["S"], item["user_display_name"]["S"], item["user_handle"]["S"])
            if is_direct
            else None,
            title=None if is_direct else item["title"]["S"],
            members=2 if is_direct else int(item["members"]["N"]),
            inbox_sk=item["inbox_sk"]["S"] if "inbox_sk" in item else None,
            named_by=item["named_by"]["S"] if "named_by" in item else NO_MESSAGE,
            last_expires_at=int(item["last_expires_at"]["N"]) if "last_expires_at" in item else None,
            ttl_seconds=int(item["ttl_seconds"]["N"]) if "ttl_seconds" in item else None,
            muted="muted" in item,
            other_blocks="other_blocks" in item,
            unread_count=unread_count,
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What a device that was away would not find by asking for newer messages.

    "edit": the message was edited or deleted. "late": the stream function came to it, and to those above it, late.
    "marker": the read marker was moved to it.
    """

    kind: Literal["edit", "late", "marker"]
    message_group_uuid: str
    message_uuid: str
    rev: int = 0

    def to_item(self, user_uuid: str, at_ms: int, expires_at: int) -> Item:
        """The same change at the same time is the same item."""
        return {
            **change_key(
                user_uuid, uuid_at(at_ms, f"{self.kind} {self.message_group_uuid} {self.message_uuid} {self.rev}")
            ),
            "kind": {"S": self.kind},
            "message_group_uuid": {"S": self.message_group_uuid},
            "message_uuid": {"S": self.message_uuid},
            "rev": {"N": str(self.rev)},
            TTL_ATTRIBUTE: {"N": str(expires_at)},
        }

    @classmethod
    def from_item(cls, item: Item) -> Change:
        kind: Any = item["kind"]["S"]
        return cls(kind, item["message_group_uuid"]["S"], item["message_uuid"]["S"], int(item["rev"]["N"]))


def message_key(message_group_uuid: str, message_uuid: str) -> Item:
    return {"pk": {"S": f"MSG#{message_group_uuid}"}, "sk": {"S": message_uuid}}


def row_key(user_uuid: str, message_group_uuid: str) -> Item:
    return {"pk": {"S": f"GRP#{user_uuid}"}, "sk": {"S": message_group_uuid}}


def send_key_key(user_uuid: str, send_key: str) -> Item:
    return {"pk": {"S": f"KEY#{user_uuid}"}, "sk": {"S": send_key}}


def changes_pk(user_uuid: str) -> str:
    return f"CHG#{user_uuid}"


def change_key(user_uuid: str, change_uuid: str) -> Item:
    return {"pk": {"S": changes_pk(user_uuid)}, "sk": {"S": change_uuid}}


def is_blocked(row: Item) -> bool:
    """Whether the owner of a row has blocked its other person."""
    place: str = row.get("inbox_sk", {}).get("S", "")
    return place.startswith(BLOCKED)


def is_begun(row: Item) -> bool:
    """Whether there is a message that the owner of a row could see; a block makes a row before the first one."""
    return row.get("last_message_uuid") != {"S": NO_MESSAGE}


def has_expired(expires_at: int | None, now: float) -> bool:
    return expires_at is not None and expires_at <= now


def is_message_key(keys: Item) -> bool:
    """Whether a stream record with these keys is a message, and not one of the table's other items.

    Raises KeyError, ValueError or TypeError if they are no keys of the table.
    """
    pk, sk = text_of(keys, "pk"), text_of(keys, "sk")
    return pk.startswith("MSG#") and sk != GROUP_SK


def changed_group_uuid(keys: Item) -> str | None:
    """The message group whose group item has these keys, or None if they are of something else."""
    pk = text_of(keys, "pk")
    return _after("MSG#", pk) if pk.startswith("MSG#") and text_of(keys, "sk") == GROUP_SK else None


def direct_group_uuid(one_user_uuid: str, other_user_uuid: str) -> str:
    """The uuid of the one direct message group of two users, whoever writes first."""
    return str(uuid.uuid5(_DIRECT_GROUPS, ":".join(sorted((one_user_uuid, other_user_uuid)))))


def milliseconds_of(uuid7: str) -> int:
    """The instant that a UUIDv7 carries, in milliseconds since the epoch."""
    return int(uuid7[:8] + uuid7[9:13], 16)


def instant_of(uuid7: str) -> str:
    """The same as ISO 8601 UTC with milliseconds."""
    return iso(milliseconds_of(uuid7))


def iso(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{milliseconds:03}Z"


def first_uuid_of(milliseconds: int) -> str:
    """What no UUIDv7 of this instant or a later one is smaller than."""
    digits = f"{milliseconds:012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


def preview(text: str) -> str:
    return text[:PREVIEW_CHARACTERS].encode()[:PREVIEW_BYTES].decode(errors="ignore")


def if_there(kind: str, **attributes: Any) -> Item:
    """These attributes of an item, without those that are None."""
    return {
        name: {kind: value if isinstance(value, bool) else str(value)}
        for name, value in attributes.items()
        if value is not None
    }


def uuid_at(milliseconds: int, what: str) -> str:
    """A UUIDv7 of this instant, and the same one for the same thing."""
    digits, tail = f"{milliseconds:012x}", hashlib.sha256(what.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:]}-7{tail[:3]}-8{tail[3:6]}-{tail[6:18]}"


def empty_row(group_uuid: str, other: Member | None, title: str | None) -> MessageGroup:
    """A row without a message, which no list shows."""
    return MessageGroup(
        uuid=group_uuid,
        message="",
        last_message_uuid=NO_MESSAGE,
        last_message_rev=0,
        last_sender_uuid=NO_MESSAGE,
        read_up_to=NO_MESSAGE,
        other=other,
        title=title,
    )


def members_in(item: Item) -> set[str]:
    """The members that a group item names; none if it is no group item."""
    return set(item.get("member_uuids", {}).get("SS", ()))


def _after(prefix: str, key: str) -> str:
    if not key.startswith(prefix):
        raise ValueError(f"a key that does not start with {prefix}")
    return key[len(prefix) :]


def text_of(item: Item, name: str) -> str:
    """A text that can be stored again: one with half a surrogate pair cannot, and raises ValueError."""
    text = item[name]["S"]
    if not isinstance(text, str):
        raise TypeError(f"{name} is no text")
    text.encode()
    return text


def _whole_number(item: Item, name: str) -> int:
    """A whole number of no more digits than DynamoDB keeps."""
    digits = item[name]["N"]
    if not (isinstance(digits, str) and digits.isascii() and digits.isdigit() and len(digits) <= 38):
        raise ValueError(f"{name} is no whole number")
    return int(digits)


def _whole_uuid(text: str) -> str:
    """The text, which must be spelled as keys are."""
    if not _UUID.fullmatch(text):
        raise ValueError("a uuid that is not in lower case with its hyphens")
    return text
