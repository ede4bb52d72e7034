"""THE TABLE: its definition, keys, items, and one method per access pattern.

No other part of the API or of the stream function knows a key or writes an expression. Standard library and boto3
only: the stream function ships this one file.

| pattern | method | calls |
|---|---|---|
| A. messages of a message group, newest first | `list_messages` | 1 Query; an older page 1 GetItem + 1 Query |
| B. my message groups, newest first | `list_message_groups` | 1 Query, and 1 COUNT per unread row |
| C. a message in an existing message group | `create_message` | 1 GetItem + 1 PutItem; + 1 PutItem with a send key |
| D. a message for a new message group | `create_direct_message` | 1 GetItem + 1 TransactWriteItems; C if it exists |
| E. every member's row from the stream | `update_message_groups` | 1 GetItem a group, 1 UpdateItem a member |
| read marker | `mark_read` | 1 UpdateItem |
| A after or around a message | `list_messages_after`, `list_messages_around` | 1 GetItem + 1 Query, or 2 |
| B, the unread ones, or one | `list_unread_message_groups`, `find_message_group` | the same; 1 GetItem for one |

| item | pk | sk |
|---|---|---|
| message | MSG#<message_group_uuid> | <message_uuid> |
| message group | MSG#<message_group_uuid> | ~GROUP |
| my side of a message group, "row" | GRP#<user_uuid> | <message_group_uuid>; inbox_sk = <last_message_uuid> |
| send key | KEY#<user_uuid> | <idempotency key> |

A message uuid is a UUIDv7: it is the order, the identity and the cursor, and `created_at` is its own instant.
`~GROUP` sorts after every uuid, so that the newest-first query of A meets the message group before its messages:
one consistent call says whether the reader may read, and what there is to read.
"""

from __future__ import annotations

import hashlib
import logging
import random
import re
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Generic, TypeVar

from botocore.exceptions import ClientError

log = logging.getLogger(__name__)

INBOX_INDEX = "inbox-index"
TTL_ATTRIBUTE = "expires_at"
SEND_KEY_DAYS = 7
MAX_MEMBERS = 50
MAX_UNREAD_COUNT = 100
COUNTS_AT_ONCE = 32
# Of how many rows the unread ones are looked for in one call.
LOOKED_AT = 100
PREVIEW_CHARACTERS = 200
# Keeps a row under 1 KB, and so under one write unit, for the longest names and four-byte characters.
PREVIEW_BYTES = 360

GROUP_SK = "~GROUP"
_AFTER_ALL_MESSAGES = "~"
_NOTHING_READ = str(uuid.UUID(int=0))
_DIRECT_GROUPS = uuid.UUID("6f2d3f0e-5d0b-5c39-9c6d-0b8c3a9f1e77")
# Of the year 9999, which is the last that a date can have.
_LAST_MILLISECOND = 253_402_300_799_999
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Engines take a second to make or drop a table; AWS with an index now and then some minutes.
PATIENCE = {"Delay": 1, "MaxAttempts": 600}
_CONFLICT_ATTEMPTS = 4
_CONFLICT_WAIT_SECONDS = 0.05

T = TypeVar("T")
Item = dict[str, dict[str, Any]]
# Is told whether a message group is to be started, before anything is written, and may raise. What it gives is called
# if none was started after all.
Take = Callable[[bool], Callable[[], None]]


class MessageGroupNotFound(Exception):
    """There is no such message group, or the user is no member of it: nobody can tell which."""


class MessageNotFound(Exception):
    """The message group has no such message."""


class SendKeyReused(Exception):
    """The user has sent something else with this send key."""


class DamagedMessageGroup(Exception):
    """A message lies in a message group that has no group item, or in which rows are damaged."""


@dataclass(frozen=True, slots=True)
class Member:
    """A user as the table knows one."""

    uuid: str
    display_name: str
    handle: str


@dataclass(frozen=True, slots=True)
class Message:
    message_group_uuid: str
    message_uuid: str
    user_uuid: str
    user_display_name: str
    user_handle: str
    message: str
    rev: int = 0

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
        }

    @classmethod
    def from_item(cls, item: Item) -> Message:
        """Raises KeyError, ValueError or TypeError if the item is no whole message."""
        message_uuid = _whole_uuid(_text(item, "sk"))
        if milliseconds_of(message_uuid) > _LAST_MILLISECOND:
            raise ValueError("a message uuid that is past all time")
        return cls(
            _whole_uuid(_after("MSG#", _text(item, "pk"))),
            message_uuid,
            _text(item, "user_uuid"),
            _text(item, "user_display_name"),
            _text(item, "user_handle"),
            _text(item, "message"),
            _revision(item),
        )


@dataclass(frozen=True, slots=True)
class MessageGroup:
    """A member's side of a message group: the newest message, how far it is read, and who is on the other side."""

    uuid: str
    message: str
    last_message_uuid: str
    last_message_rev: int
    last_sender_uuid: str
    read_up_to: str
    other: Member | None
    title: str | None = None
    members: int = 2
    unread_count: int | None = None

    @property
    def last_message_at(self) -> str:
        return instant_of(self.last_message_uuid)

    @property
    def unread(self) -> bool:
        return self.last_message_uuid > self.read_up_to

    @classmethod
    def of(cls, last: Message, owner: Member, members: Sequence[Member], title: str | None) -> MessageGroup:
        """What the owner's row says once `last` is the newest message and nothing is read but one's own."""
        is_direct = title is None
        return cls(
            uuid=last.message_group_uuid,
            message=preview(last.message),
            last_message_uuid=last.message_uuid,
            last_message_rev=last.rev,
            last_sender_uuid=last.user_uuid,
            read_up_to=last.message_uuid if owner.uuid == last.user_uuid else _NOTHING_READ,
            other=next(member for member in members if member.uuid != owner.uuid) if is_direct else None,
            title=title,
            members=len(members),
        )

    def to_item(self, owner_uuid: str) -> Item:
        who: Item = (
            {
                "user_uuid": {"S": self.other.uuid},
                "user_display_name": {"S": self.other.display_name},
                "user_handle": {"S": self.other.handle},
            }
            if self.other
            else {"title": {"S": self.title or ""}, "members": {"N": str(self.members)}}
        )
        return {
            **row_key(owner_uuid, self.uuid),
            "inbox_sk": {"S": self.last_message_uuid},
            "message": {"S": self.message},
            "last_message_uuid": {"S": self.last_message_uuid},
            "last_message_rev": {"N": str(self.last_message_rev)},
            "last_message_at": {"S": self.last_message_at},
            "last_sender_uuid": {"S": self.last_sender_uuid},
            "read_up_to": {"S": self.read_up_to},
            **who,
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
            unread_count=unread_count,
        )


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, newest first; `more` says whether older ones follow, `newer` whether newer ones are known to.

    `resume` is the cursor for the older ones where it is not that of the last item.
    """

    items: list[T]
    more: bool
    newer: bool = False
    resume: str | None = None


def message_key(message_group_uuid: str, message_uuid: str) -> Item:
    return {"pk": {"S": f"MSG#{message_group_uuid}"}, "sk": {"S": message_uuid}}


def row_key(user_uuid: str, message_group_uuid: str) -> Item:
    return {"pk": {"S": f"GRP#{user_uuid}"}, "sk": {"S": message_group_uuid}}


def send_key_key(user_uuid: str, send_key: str) -> Item:
    return {"pk": {"S": f"KEY#{user_uuid}"}, "sk": {"S": send_key}}


def is_message_key(keys: Item) -> bool:
    """Whether a stream record with these keys is a message, and not one of the table's other items.

    Raises KeyError, ValueError or TypeError if they are no keys of the table.
    """
    pk, sk = _text(keys, "pk"), _text(keys, "sk")
    return pk.startswith("MSG#") and sk != GROUP_SK


def direct_group_uuid(one_user_uuid: str, other_user_uuid: str) -> str:
    """The uuid of the one direct message group of two users, whoever writes first."""
    return str(uuid.uuid5(_DIRECT_GROUPS, ":".join(sorted((one_user_uuid, other_user_uuid)))))


def milliseconds_of(uuid7: str) -> int:
    """The instant that a UUIDv7 carries, in milliseconds since the epoch."""
    return int(uuid7[:8] + uuid7[9:13], 16)


def instant_of(uuid7: str) -> str:
    """The same as ISO 8601 UTC with milliseconds."""
    seconds, milliseconds = divmod(milliseconds_of(uuid7), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{milliseconds:03}Z"


def preview(text: str) -> str:
    return text[:PREVIEW_CHARACTERS].encode()[:PREVIEW_BYTES].decode(errors="ignore")


def definition(name: str) -> dict[str, Any]:
    """The arguments of CreateTable. No local index, ever: it would cap a partition at 10 GB."""
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": attribute, "AttributeType": "S"} for attribute in ("pk", "sk", "inbox_sk")
        ],
        "GlobalSecondaryIndexes": [
            {
                # Only rows carry inbox_sk, so a message costs no index write.
                "IndexName": INBOX_INDEX,
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "inbox_sk", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    }


class MessageTable:
    """The access patterns. Errors of AWS come through as botocore raises them.

    `make_id` makes UUIDv7s in lower case, strictly increasing; `clock` is in seconds since the epoch.
    """

    def __init__(
        self,
        client: Any,
        name: str,
        make_id: Callable[[], str],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        self.name = name
        self._make_id = make_id
        self._clock = clock
        self._sleep = sleep
        # Starts no thread before there is something to count.
        self._counting = ThreadPoolExecutor(COUNTS_AT_ONCE)

    # The table itself

    def create(self) -> None:
        """Creates the table and waits until it takes requests."""
        self.client.create_table(**definition(self.name))
        self.client.get_waiter("table_exists").wait(TableName=self.name, WaiterConfig=PATIENCE)
        self.expire_send_keys()

    def expire_send_keys(self) -> None:
        """Lets DynamoDB delete what is past its TTL_ATTRIBUTE."""
        self.client.update_time_to_live(
            TableName=self.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
        )

    def drop(self) -> None:
        self.client.delete_table(TableName=self.name)
        self.client.get_waiter("table_not_exists").wait(TableName=self.name, WaiterConfig=PATIENCE)

    def ping(self) -> None:
        """Raises if the table does not answer."""
        self.client.get_item(TableName=self.name, Key=send_key_key("ping", "ping"))

    # A. list the messages of a message group

    def list_messages(self, user_uuid: str, group_uuid: str, limit: int, before: str | None = None) -> Page[Message]:
        """The messages older than `before`, or the newest. Raises MessageGroupNotFound."""
        if before is None:
            items = self._newest(group_uuid, limit + 2)
            if not items or user_uuid not in _members(items.pop(0)):
                raise MessageGroupNotFound
        else:
            self.require_member(user_uuid, group_uuid)
            items = self._older(group_uuid, before, limit + 1)
        return _page(items, limit, Message.from_item)

    def list_messages_after(self, user_uuid: str, group_uuid: str, limit: int, after: str) -> Page[Message]:
        """The oldest of the messages that are newer than `after`. Raises MessageGroupNotFound."""
        self.require_member(user_uuid, group_uuid)
        newer = _page(self._newer(group_uuid, after, limit + 1), limit, Message.from_item)
        return Page(newer.items[::-1], more=False, newer=newer.more)

    def list_messages_around(self, user_uuid: str, group_uuid: str, limit: int, around: str) -> Page[Message]:
        """As many newer as older ones than `around`, which is among them. Raises MessageGroupNotFound."""
        self.require_member(user_uuid, group_uuid)
        half = limit // 2
        newer = _page(self._newer(group_uuid, around, half + 1), half, Message.from_item)
        older = _page(self._older(group_uuid, _above(around), limit - half + 1), limit - half, Message.from_item)
        return Page([*newer.items[::-1], *older.items], older.more, newer.more)

    def _newest(self, group_uuid: str, limit: int) -> list[Item]:
        return self._query("pk = :pk", {":pk": f"MSG#{group_uuid}"}, Limit=limit, ConsistentRead=True)

    def _older(self, group_uuid: str, before: str, limit: int) -> list[Item]:
        values = {":pk": f"MSG#{group_uuid}", ":before": before}
        return self._query("pk = :pk AND sk < :before", values, Limit=limit, ConsistentRead=True)

    def _newer(self, group_uuid: str, after: str, limit: int) -> list[Item]:
        """Oldest first."""
        values = {":pk": f"MSG#{group_uuid}", ":after": _above(after), ":end": _AFTER_ALL_MESSAGES}
        condition = "pk = :pk AND sk BETWEEN :after AND :end"
        return self._query(condition, values, Limit=limit, ConsistentRead=True, ScanIndexForward=True)

    def newest_message(self, group_uuid: str) -> Message:
        """For scripts. Raises MessageNotFound, or KeyError, ValueError or TypeError if it is no whole message."""
        items = self._older(group_uuid, GROUP_SK, 1)
        if not items:
            raise MessageNotFound
        return Message.from_item(items[0])

    # B. list my message groups

    def list_message_groups(
        self, user_uuid: str, limit: int, before: str | None = None, *, since: str | None = None, counts: bool = True
    ) -> Page[MessageGroup]:
        """The message groups whose newest message is older than `before` and newer than `since`, newest first.

        The index follows the rows within milliseconds. `counts` asks how many messages of others are unread,
        at most MAX_UNREAD_COUNT, one call for each unread row.
        """
        condition, values = _inbox(user_uuid, before, since)
        items = self._query(condition, values, Limit=limit + 1, IndexName=INBOX_INDEX)
        return self._page_of_rows(user_uuid, items, limit, counts)

    def list_unread_message_groups(
        self, user_uuid: str, limit: int, before: str | None = None, *, since: str | None = None, counts: bool = True
    ) -> Page[MessageGroup]:
        """Those of them that are unread, among the first LOOKED_AT rows. There may be fewer, and yet more to follow."""
        condition, values = _inbox(user_uuid, before, since)
        answer = self.client.query(
            **self._arguments(condition, values),
            FilterExpression="last_message_uuid > read_up_to",
            Limit=LOOKED_AT,
            IndexName=INBOX_INDEX,
        )
        page = self._page_of_rows(user_uuid, answer["Items"], limit, counts)
        if not page.more and "LastEvaluatedKey" in answer:
            page = replace(page, more=True, resume=answer["LastEvaluatedKey"]["inbox_sk"]["S"])
        return page

    def find_message_group(self, user_uuid: str, group_uuid: str, *, counts: bool = True) -> Page[MessageGroup]:
        """The user's own side of one message group, or nothing."""
        row = self.client.get_item(TableName=self.name, Key=row_key(user_uuid, group_uuid), ConsistentRead=True)
        items = [row["Item"]] if "Item" in row else []
        return self._page_of_rows(user_uuid, items, 1, counts)

    def _page_of_rows(self, user_uuid: str, items: list[Item], limit: int, counts: bool) -> Page[MessageGroup]:
        """What is read has nothing unread; only the others must be counted."""
        page = _page(items, limit, partial(MessageGroup.from_item, unread_count=0 if counts else None))
        unread = [row for row in page.items if row.unread] if counts else []
        if not unread:
            return page
        found = dict(zip((row.uuid for row in unread), self._count_all(user_uuid, unread), strict=True))
        return replace(page, items=[_with_count(row, found.get(row.uuid)) for row in page.items])

    def _count_all(self, user_uuid: str, rows: list[MessageGroup]) -> list[int]:
        """Counts side by side: one after the other, a page of unread rows would take as long as all of them."""
        if len(rows) < 2:
            return [self._count_unread(user_uuid, row) for row in rows]
        # Each count keeps the context, and so the deadline, of the request that it belongs to.
        counts = [self._counting.submit(copy_context().run, self._count_unread, user_uuid, row) for row in rows]
        return [count.result() for count in counts]

    def _count_unread(self, user_uuid: str, row: MessageGroup) -> int:
        counted = self.client.query(
            TableName=self.name,
            Select="COUNT",
            KeyConditionExpression="pk = :pk AND sk BETWEEN :after AND :end",
            FilterExpression="user_uuid <> :me",
            ExpressionAttributeValues={
                ":pk": {"S": f"MSG#{row.uuid}"},
                ":after": {"S": _above(row.read_up_to)},
                ":end": {"S": _AFTER_ALL_MESSAGES},
                ":me": {"S": user_uuid},
            },
            Limit=MAX_UNREAD_COUNT,
        )
        return int(counted["Count"])

    # C. create a message in an existing message group

    def create_message(self, sender: Member, group_uuid: str, text: str, send_key: str | None = None) -> Message:
        """Stores a message, once for a send key. Raises MessageGroupNotFound or SendKeyReused."""
        self.require_member(sender.uuid, group_uuid)
        return self._put_message(self._draft(sender, group_uuid, text, send_key))

    def require_member(self, user_uuid: str, group_uuid: str) -> None:
        """Raises MessageGroupNotFound."""
        if not self._has_row(user_uuid, group_uuid):
            raise MessageGroupNotFound

    def _has_row(self, user_uuid: str, group_uuid: str) -> bool:
        row = self.client.get_item(
            TableName=self.name, Key=row_key(user_uuid, group_uuid), ConsistentRead=True, ProjectionExpression="sk"
        )
        return "Item" in row

    def _put_message(self, message: Message) -> Message:
        """Stores the message if it is not there. If it is, an earlier attempt has stored it: that one counts."""
        stored = self._put_if_absent(message.to_item())
        return Message.from_item(stored) if stored else message

    def _draft(self, sender: Member, group_uuid: str, text: str, send_key: str | None) -> Message:
        """The message to store. A send key that was seen before gives the first message's uuid again, so that a
        crash between the two writes is completed by the retry."""
        message = Message(group_uuid, self._make_id(), sender.uuid, sender.display_name, sender.handle, text)
        if send_key is None:
            return message
        digest = hashlib.sha256(f"{group_uuid}\n{text}".encode()).hexdigest()
        now = int(self._clock())
        seen = self._put_if_absent(
            {
                **send_key_key(sender.uuid, send_key),
                "message_group_uuid": {"S": group_uuid},
                "message_uuid": {"S": message.message_uuid},
                "body_hash": {"S": digest},
                TTL_ATTRIBUTE: {"N": str(now + SEND_KEY_DAYS * 86_400)},
            },
            unless=f"{TTL_ATTRIBUTE} < :now",
            values={":now": {"N": str(now)}},
        )
        if seen and seen["body_hash"]["S"] != digest:
            raise SendKeyReused
        return replace(message, message_uuid=seen["message_uuid"]["S"]) if seen else message

    # D. create a message for a new message group

    def create_direct_message(
        self,
        sender: Member,
        other: Member,
        text: str,
        send_key: str | None = None,
        take: Take = lambda _: lambda: None,
    ) -> Message:
        """Stores a message in the one direct message group of two users, which is created if it is not there.

        Raises SendKeyReused, what `take` raises, or ValueError if the two are one.
        """
        members = _distinct([sender, other])
        group_uuid = direct_group_uuid(sender.uuid, other.uuid)
        # The row comes first: one read tells a group that is there, which costs as much as C, from one to start, which
        # costs ten writes, or eight to be refused. It comes before the send key, so that who is refused by `take`
        # leaves nothing behind. A row that was seen stays; one that comes after this look meets the transaction.
        is_new = not self._has_row(sender.uuid, group_uuid)
        give_back = take(is_new)
        try:
            first = self._draft(sender, group_uuid, text, send_key)
        except SendKeyReused:
            give_back()
            raise
        return self._create_group(first, members, None, give_back) if is_new else self._put_message(first)

    def create_message_group(self, creator: Member, others: Sequence[Member], title: str, text: str) -> Message:
        """Stores the first message of a new message group of up to MAX_MEMBERS members. Raises ValueError."""
        members = _distinct([creator, *others])
        return self._create_group(self._draft(creator, self._make_id(), text, None), members, title)

    def _create_group(
        self,
        first: Message,
        members: Sequence[Member],
        title: str | None,
        on_existing: Callable[[], None] = lambda: None,
    ) -> Message:
        group = _group_item(first, [member.uuid for member in members], title)
        rows = [MessageGroup.of(first, member, members, title).to_item(member.uuid) for member in members]
        puts: list[dict[str, Any]] = [{"Item": group, "ConditionExpression": "attribute_not_exists(pk)"}]
        puts += [{"Item": item} for item in (*rows, first.to_item())]
        try:
            self._retry_conflicts(
                lambda: self.client.transact_write_items(
                    TransactItems=[{"Put": {"TableName": self.name, **put}} for put in puts]
                )
            )
        except self.client.exceptions.TransactionCanceledException as error:
            if _reasons(error)[0] != "ConditionalCheckFailed":
                raise
            on_existing()
            return self._put_message(first)
        return first

    # E. update the message groups of all members from the table's stream

    def update_message_groups(self, messages: Iterable[Message]) -> None:
        """Brings every member's row up to the newest of these messages, which are of ONE message group.

        A pure maximum over message versions: repeated, reordered, split or cut short, it leaves the same rows.
        A sender has read what they wrote. Raises DamagedMessageGroup.
        """
        newest, own = _newest_and_own(messages)
        group = self.client.get_item(
            TableName=self.name, Key=message_key(newest.message_group_uuid, GROUP_SK), ConsistentRead=True
        )
        if "Item" not in group:
            raise DamagedMessageGroup(newest.message_group_uuid)
        damaged: list[str] = []
        for member_uuid in sorted(_members(group["Item"])):
            try:
                self.raise_row(member_uuid, newest, own.get(member_uuid))
            except (KeyError, ValueError, TypeError):
                # The other members get their message all the same.
                damaged.append(member_uuid)
        if damaged:
            raise DamagedMessageGroup(f"{newest.message_group_uuid}: the rows of {', '.join(damaged)}")

    def raise_row(self, member_uuid: str, newest: Message, own: str | None) -> None:
        """Brings one member's row up to a message, and its read marker to the uuid of one of their own.

        Raises KeyError, ValueError or TypeError if the row is none.
        """
        old = self._update_row(member_uuid, newest, own)
        if old is None:
            return
        # The row did not take both maxima at once. Whichever it still lacks goes alone.
        row = MessageGroup.from_item(old)
        if (row.last_message_uuid, row.last_message_rev) < newest.version:
            self._update_row(member_uuid, newest, None)
        if own is not None and row.read_up_to < own:
            self._raise_read_marker(member_uuid, newest.message_group_uuid, own)

    def _update_row(self, member_uuid: str, newest: Message, own: str | None) -> Item | None:
        """None if the row was updated or is gone, else the row that is too new for one of the two maxima."""
        values: Item = {
            ":m": {"S": newest.message_uuid},
            ":rev": {"N": str(newest.rev)},
            ":at": {"S": newest.created_at},
            ":sender": {"S": newest.user_uuid},
            ":preview": {"S": preview(newest.message)},
        }
        update = (
            "SET inbox_sk = :m, last_message_uuid = :m, last_message_rev = :rev, last_message_at = :at,"
            " last_sender_uuid = :sender, message = :preview"
        )
        condition = "(last_message_uuid < :m OR (last_message_uuid = :m AND last_message_rev < :rev))"
        if own is not None:
            values[":own"] = {"S": own}
            update += ", read_up_to = :own"
            condition += " AND read_up_to <= :own"
        return self._update_if(row_key(member_uuid, newest.message_group_uuid), update, condition, values)

    # The read marker

    def mark_read(self, user_uuid: str, group_uuid: str, message_uuid: str) -> None:
        """Moves the user's read marker forward to a message; backward does nothing.

        Raises MessageGroupNotFound, or MessageNotFound if the marker would pass the newest message.
        """
        key, values = row_key(user_uuid, group_uuid), {":m": {"S": message_uuid}}
        condition = "attribute_exists(pk) AND read_up_to < :m AND last_message_uuid >= :m"
        old = self._update_if(key, "SET read_up_to = :m", condition, values, gone=MessageGroupNotFound)
        if old is None or old["read_up_to"]["S"] >= message_uuid:
            return
        # The row's summary may be some milliseconds behind the message that the user has just seen.
        seen = self.client.get_item(
            TableName=self.name,
            Key=message_key(group_uuid, message_uuid),
            ConsistentRead=True,
            ProjectionExpression="sk",
        )
        if "Item" not in seen:
            raise MessageNotFound
        self._raise_read_marker(user_uuid, group_uuid, message_uuid)

    def _raise_read_marker(self, user_uuid: str, group_uuid: str, message_uuid: str) -> None:
        self._update_if(
            row_key(user_uuid, group_uuid), "SET read_up_to = :m", "read_up_to < :m", {":m": {"S": message_uuid}}
        )

    # Calls

    def _query(self, condition: str, values: dict[str, str], **arguments: Any) -> list[Item]:
        answer = self.client.query(**self._arguments(condition, values) | arguments)
        items: list[Item] = answer["Items"]
        return items

    def _arguments(self, condition: str, values: dict[str, str]) -> dict[str, Any]:
        return {
            "TableName": self.name,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": {name: {"S": value} for name, value in values.items()},
            "ScanIndexForward": False,
        }

    def _put_if_absent(self, item: Item, unless: str = "", values: Item | None = None) -> Item | None:
        """None if the item was put, else the item that was there."""
        try:
            self._retry_conflicts(
                lambda: self.client.put_item(
                    TableName=self.name,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)" + (f" OR {unless}" if unless else ""),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **({"ExpressionAttributeValues": values} if values else {}),
                )
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            there: Item = error.response["Item"]
            return there
        return None

    def _update_if(
        self, key: Item, update: str, condition: str, values: Item, gone: type[Exception] | None = None
    ) -> Item | None:
        """None if the item was updated or is gone (raises `gone`, if given), else the item that refused."""
        try:
            self._retry_conflicts(
                lambda: self.client.update_item(
                    TableName=self.name,
                    Key=key,
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            refused: Item | None = error.response.get("Item") or None
            if refused is None and gone:
                raise gone from None
            return refused
        return None

    def _retry_conflicts(self, call: Callable[[], object]) -> None:
        """The SDK does not try again when two transactions touch one item; the loser has only to wait a little."""
        for attempt in range(1, _CONFLICT_ATTEMPTS + 1):
            try:
                call()
            except ClientError as error:
                if attempt == _CONFLICT_ATTEMPTS or not _is_conflict(error):
                    raise
                self._sleep(random.uniform(0, _CONFLICT_WAIT_SECONDS * 2**attempt))  # noqa: S311
            else:
                return


def _inbox(user_uuid: str, before: str | None, since: str | None) -> tuple[str, dict[str, str]]:
    """The key condition of a part of somebody's rows, and its values."""
    pk = {":pk": f"GRP#{user_uuid}"}
    if before and since:
        return "pk = :pk AND inbox_sk BETWEEN :from AND :to", pk | {":from": _above(since), ":to": _below(before)}
    if before:
        return "pk = :pk AND inbox_sk < :before", pk | {":before": before}
    if since:
        return "pk = :pk AND inbox_sk > :since", pk | {":since": since}
    return "pk = :pk", pk


def _above(a_uuid: str) -> str:
    """A key that only greater uuids lie above: no uuid has a space."""
    return a_uuid + " "


def _below(a_uuid: str) -> str:
    """A key that all smaller uuids lie below, and this one above."""
    return a_uuid[:-1] + chr(ord(a_uuid[-1]) - 1) + "~"


def _page(items: list[Item], limit: int, read: Callable[[Item], T]) -> Page[T]:
    """The first `limit` of these items. A damaged one is passed over, and logged: it must not hide the others."""
    found = []
    for item in items[:limit]:
        try:
            found.append(read(item))
        except (KeyError, ValueError, TypeError) as error:
            log.error("item_damaged", extra={"pk": item["pk"], "sk": item["sk"], "error": type(error).__name__})
    return Page(found, more=len(items) > limit and bool(found))


def _with_count(row: MessageGroup, count: int | None) -> MessageGroup:
    return row if count is None else replace(row, unread_count=count)


def _group_item(first: Message, member_uuids: Sequence[str], title: str | None) -> Item:
    return {
        **message_key(first.message_group_uuid, GROUP_SK),
        "kind": {"S": "direct" if title is None else "group"},
        **({} if title is None else {"title": {"S": title}}),
        "member_uuids": {"SS": list(member_uuids)},
        "created_by": {"S": first.user_uuid},
        "created_at": {"S": first.created_at},
    }


def _distinct(members: list[Member]) -> list[Member]:
    """The same members. Raises ValueError unless they are 2 to MAX_MEMBERS different people."""
    if not 2 <= len({member.uuid for member in members}) == len(members) <= MAX_MEMBERS:
        raise ValueError(f"a message group has 2 to {MAX_MEMBERS} different members")
    return members


def _members(item: Item) -> set[str]:
    """The members that a group item names; none if it is no group item."""
    return set(item.get("member_uuids", {}).get("SS", ()))


def _newest_and_own(messages: Iterable[Message]) -> tuple[Message, dict[str, str]]:
    """The newest version of the newest message, and the newest message uuid of each sender."""
    ordered = sorted(messages, key=lambda message: message.version)
    return ordered[-1], {message.user_uuid: message.message_uuid for message in ordered}


def _reasons(error: Any) -> list[str]:
    return [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])] or ["None"]


def _is_conflict(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons = set(_reasons(error))
        return "TransactionConflict" in reasons and "ConditionalCheckFailed" not in reasons
    return code in {"TransactionConflictException", "TransactionInProgressException"}


def _after(prefix: str, key: str) -> str:
    if not key.startswith(prefix):
        raise ValueError(f"a key that does not start with {prefix}")
    return key[len(prefix) :]


def _text(item: Item, name: str) -> str:
    """A text that can be stored again: one with half a surrogate pair cannot, and raises ValueError."""
    text = item[name]["S"]
    if not isinstance(text, str):
        raise TypeError(f"{name} is no text")
    text.encode()
    return text


def _revision(item: Item) -> int:
    """A whole number of no more digits than DynamoDB keeps."""
    digits = item["rev"]["N"]
    if not (isinstance(digits, str) and digits.isascii() and digits.isdigit() and len(digits) <= 38):
        raise ValueError("rev is no whole number")
    return int(digits)


def _whole_uuid(text: str) -> str:
    """The text, which must be spelled as keys are."""
    if not _UUID.fullmatch(text):
        raise ValueError("a uuid that is not in lower case with its hyphens")
    return text
