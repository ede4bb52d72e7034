"""THE TABLE: its definition, and one method per access pattern.

No part of the API or of the stream function but the files `ddb*.py` knows a key or writes an expression. They need the
standard library and boto3 only: the stream function ships this one, the items (`ddb_items.py`) and how a row is
brought up (`ddb_rows.py`).

| pattern | method | calls |
|---|---|---|
| A. messages of a message group, newest first | `list_messages` | 1 Query; an older page 1 GetItem + 1 Query |
| B. my message groups, newest first | `list_message_groups` | 1 Query, and 1 COUNT per unread row |
| C. a message in an existing message group | `create_message` | 1 GetItem + 1 PutItem; + 1 PutItem with a send key |
| D. a message for a new message group | `create_direct_message` | 2 GetItem + 1 TransactWriteItems; C if it exists |
| E. every member's row from the stream | `update_message_groups` | 1 GetItem a group, 1 UpdateItem a member |
| read marker | `mark_read` | 1 UpdateItem + 1 PutItem |
| A after or around a message | `list_messages_after`, `list_messages_around` | 1 GetItem + 1 Query, or 2 |
| B, the unread ones, or one | `list_unread_message_groups`, `find_message_group` | the same; 1 GetItem for one |
| edit or delete a message | `edit_message`, `delete_message` | 1 GetItem + 1 UpdateItem |

Who is in a message group, and what a user does with their own side of it, is in `ddb_members.py`; what a user's devices
have missed is found by `ddb_changes.py`.
"""

from __future__ import annotations

import hashlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from botocore.exceptions import ClientError

from backend_flask.lib.ddb_items import (
    GROUP_SK,
    TTL_ATTRIBUTE,
    Change,
    Group,
    Item,
    Member,
    Message,
    MessageGroup,
    direct_group_uuid,
    has_expired,
    is_begun,
    is_blocked,
    iso,
    members_in,
    message_key,
    row_key,
    send_key_key,
)
from backend_flask.lib.ddb_rows import Rise, if_blocked

log = logging.getLogger(__name__)

INBOX_INDEX = "inbox-index"
SEND_KEY_DAYS = 7
MAX_MEMBERS = 50
MAX_UNREAD_COUNT = 100
COUNTS_AT_ONCE = 32
# Of how many rows the unread ones are looked for in one call.
LOOKED_AT = 100
CHANGE_DAYS = 7
# A message that the stream function sees so long after it was sent may lie below what its readers have seen.
LATE_SECONDS = 10
# How often more is read where what was read holds nothing to show.
MAX_LOOKS = 10

_AFTER_ALL_MESSAGES = "~"
_LEAST_UUID = "0"
# Engines take a second to make or drop a table; AWS with an index now and then some minutes.
PATIENCE = {"Delay": 1, "MaxAttempts": 600}
_LIVES = f"(attribute_not_exists({TTL_ATTRIBUTE}) OR {TTL_ATTRIBUTE} > :now)"
_CONFLICT_ATTEMPTS = 4
_RISE_ATTEMPTS = 8
_CONFLICT_WAIT_SECONDS = 0.05

T = TypeVar("T")
# Is told whether a message group is to be started, before anything is written, and may raise. What it gives is called
# if none was started after all.
Take = Callable[[bool], Callable[[], None]]


class MessageGroupNotFound(Exception):
    """There is no such message group, or the user is no member of it: nobody can tell which."""


class MessageNotFound(Exception):
    """The message group has no such message."""


class MessageNotYours(Exception):
    """Only who wrote a message may change it."""


class MessageDeleted(Exception):
    """A message that is deleted stays as it is."""


class MessageChanged(Exception):
    """The message is not, or no more, in the version that was meant."""


class UserBlocked(Exception):
    """The user has blocked the person whom they write to."""


class SendKeyReused(Exception):
    """The user has sent something else with this send key."""


class DamagedMessageGroup(Exception):
    """A message lies in a message group that has no group item, or in which rows are damaged."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list, newest first; `more` says whether older ones follow, `newer` whether newer ones are known to.

    `resume` is the cursor for the older ones where it is not that of the last item, and `resume_newer` that for the
    newer ones where it is not that of the first.
    """

    items: list[T]
    more: bool
    newer: bool = False
    resume: str | None = None
    resume_newer: str | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """A message was stored or changed, or, with `is_marker`, a read marker moved to it, and whose devices want to know.

    `to` is None for all members of the message group.
    """

    message_group_uuid: str
    message_uuid: str
    to: tuple[str, ...] | None
    is_marker: bool = False


@dataclass(frozen=True, slots=True)
class _Side:
    """What the sender's row says about a message to come."""

    message_group_uuid: str
    other_uuid: str | None
    ttl_seconds: int | None
    blocked: bool
    other_blocks: bool

    @classmethod
    def of(cls, row: Item) -> _Side:
        return cls(
            row["sk"]["S"],
            row["user_uuid"]["S"] if "user_uuid" in row else None,
            int(row["ttl_seconds"]["N"]) if "ttl_seconds" in row else None,
            is_blocked(row),
            "other_blocks" in row,
        )

    def to(self, user_uuid: str) -> tuple[str, ...] | None:
        if self.other_uuid is None:
            return None
        return (user_uuid,) if self.other_blocks else (user_uuid, self.other_uuid)


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

    `make_id` makes UUIDv7s in lower case, strictly increasing; `clock` is in seconds since the epoch. `announce` is
    told of what was stored, after it was stored; it must neither wait nor raise.
    """

    def __init__(
        self,
        client: Any,
        name: str,
        make_id: Callable[[], str],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        *,
        announce: Callable[[Hint], None] = lambda _: None,
    ) -> None:
        self.client = client
        self.name = name
        self._announce = announce
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
        self.expire_items()

    def expire_items(self) -> None:
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
            if not items or user_uuid not in members_in(items.pop(0)):
                raise MessageGroupNotFound
        else:
            self.require_member(user_uuid, group_uuid)
            items = self._older(group_uuid, before, limit + 1)
        page = self._shown(items, limit, user_uuid)
        # What has expired may lie in front of all that has not, until DynamoDB removes it.
        for _ in range(MAX_LOOKS):
            if page.items or not page.resume:
                break
            page = self._shown(self._older(group_uuid, page.resume, LOOKED_AT + 1), LOOKED_AT, user_uuid)
            page = _first(page, limit)
        return page

    def list_messages_after(self, user_uuid: str, group_uuid: str, limit: int, after: str) -> Page[Message]:
        """The oldest of the messages that are newer than `after`. Raises MessageGroupNotFound."""
        self.require_member(user_uuid, group_uuid)
        newer = self._shown(self._newer(group_uuid, after, limit + 1), limit, user_uuid)
        return Page(newer.items[::-1], more=False, newer=newer.more, resume_newer=newer.resume)

    def list_messages_around(self, user_uuid: str, group_uuid: str, limit: int, around: str) -> Page[Message]:
        """As many newer as older ones than `around`, which is among them. Raises MessageGroupNotFound."""
        self.require_member(user_uuid, group_uuid)
        half = limit // 2
        newer = self._shown(self._newer(group_uuid, around, half + 1), half, user_uuid)
        older = self._shown(self._older(group_uuid, _above(around), limit - half + 1), limit - half, user_uuid)
        # Of a page of one, none is newer, whether it was looked at or not.
        resume_newer = newer.resume or (around if newer.more else None)
        return Page([*newer.items[::-1], *older.items], older.more, newer.more, older.resume, resume_newer)

    def _shown(self, items: list[Item], limit: int, user_uuid: str) -> Page[Message]:
        """Those of the first `limit` that the user may see; `resume` is the last that was looked at, if more follow."""
        page, now = page_of(items, limit, Message.from_item), self._clock()
        more = len(items) > limit
        shown = [message for message in page.items if message.is_shown_to(user_uuid, now)]
        return Page(shown, more, resume=items[limit - 1]["sk"]["S"] if more and limit else None)

    def _newest(self, group_uuid: str, limit: int) -> list[Item]:
        return self.query("pk = :pk", {":pk": f"MSG#{group_uuid}"}, Limit=limit, ConsistentRead=True)

    def _older(self, group_uuid: str, before: str, limit: int) -> list[Item]:
        values = {":pk": f"MSG#{group_uuid}", ":before": before}
        return self.query("pk = :pk AND sk < :before", values, Limit=limit, ConsistentRead=True)

    def _newer(self, group_uuid: str, after: str, limit: int) -> list[Item]:
        """Oldest first."""
        values = {":pk": f"MSG#{group_uuid}", ":after": _above(after), ":end": _AFTER_ALL_MESSAGES}
        condition = "pk = :pk AND sk BETWEEN :after AND :end"
        return self.query(condition, values, Limit=limit, ConsistentRead=True, ScanIndexForward=True)

    def head(self, group_uuid: str) -> tuple[Group, Message | None]:
        """The message group, and its newest message. Raises MessageGroupNotFound."""
        items = self._newest(group_uuid, 2)
        try:
            group = Group.from_item(items.pop(0))
        except (IndexError, KeyError, ValueError, TypeError):
            raise MessageGroupNotFound from None
        return group, next(iter(page_of(items, 1, Message.from_item).items), None)

    def read_group(self, group_uuid: str) -> Group:
        """Raises MessageGroupNotFound."""
        key = message_key(group_uuid, GROUP_SK)
        found = self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True)
        try:
            return Group.from_item(found["Item"])
        except (KeyError, ValueError, TypeError):
            raise MessageGroupNotFound from None

    # B. list my message groups

    def list_message_groups(
        self, user_uuid: str, limit: int, before: str | None = None, *, since: str | None = None, counts: bool = True
    ) -> Page[MessageGroup]:
        """The message groups whose newest message is older than `before` and newer than `since`, newest first.

        The index follows the rows within milliseconds. `counts` asks how many messages of others are unread,
        at most MAX_UNREAD_COUNT, one call for each unread row.
        """
        condition, values = _inbox(user_uuid, before, since)
        items = self.query(condition, values, Limit=limit + 1, IndexName=INBOX_INDEX)
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
        resume = page.items[-1].last_message_uuid if page.more else None
        if not page.more and "LastEvaluatedKey" in answer:
            resume = answer["LastEvaluatedKey"]["inbox_sk"]["S"]
        # What the count says to have expired is not unread.
        return Page([row for row in page.items if row.unread], more=resume is not None, resume=resume)

    def find_message_group(self, user_uuid: str, group_uuid: str, *, counts: bool = True) -> Page[MessageGroup]:
        """The user's own side of one message group, or nothing."""
        row = self.client.get_item(TableName=self.name, Key=row_key(user_uuid, group_uuid), ConsistentRead=True)
        items = [row["Item"]] if "Item" in row and is_begun(row["Item"]) else []
        return self._page_of_rows(user_uuid, items, 1, counts)

    def _page_of_rows(self, user_uuid: str, items: list[Item], limit: int, counts: bool) -> Page[MessageGroup]:
        """What is read has nothing unread; only the others must be counted. What has expired is not shown."""
        now = self._clock()
        page = page_of(items, limit, lambda item: _without_expired(MessageGroup.from_item(item), now))
        if not counts:
            return page
        unread = [row for row in page.items if row.unread]
        found = dict(zip((row.uuid for row in unread), self._count_all(user_uuid, unread), strict=True))
        return replace(page, items=[replace(row, unread_count=found.get(row.uuid, 0)) for row in page.items])

    def _count_all(self, user_uuid: str, rows: list[MessageGroup]) -> list[int]:
        """Counts side by side: one after the other, a page of unread rows would take as long as all of them."""
        if len(rows) < 2:
            return [self._count_unread(user_uuid, row) for row in rows]
        # Each count keeps the context, and so the deadline, of the request that it belongs to.
        counts = [self._counting.submit(copy_context().run, self._count_unread, user_uuid, row) for row in rows]
        return [count.result() for count in counts]

    def _count_unread(self, user_uuid: str, row: MessageGroup) -> int:
        count = 0
        place: dict[str, Any] = {}
        # One call, unless some of them have expired or reach nobody else.
        for _ in range(MAX_LOOKS):
            counted = self.client.query(
                TableName=self.name,
                Select="COUNT",
                KeyConditionExpression="pk = :pk AND sk BETWEEN :after AND :end",
                FilterExpression=f"user_uuid <> :me AND attribute_not_exists(only_sender) AND {_LIVES}",
                ExpressionAttributeValues={
                    ":pk": {"S": f"MSG#{row.uuid}"},
                    ":after": {"S": _above(row.read_up_to)},
                    ":end": {"S": _AFTER_ALL_MESSAGES},
                    ":me": {"S": user_uuid},
                    ":now": {"N": str(int(self._clock()))},
                },
                Limit=MAX_UNREAD_COUNT,
                **place,
            )
            count += int(counted["Count"])
            if count >= MAX_UNREAD_COUNT or "LastEvaluatedKey" not in counted:
                break
            place = {"ExclusiveStartKey": counted["LastEvaluatedKey"]}
        return min(count, MAX_UNREAD_COUNT)

    # C. create a message in an existing message group

    def create_message(self, sender: Member, group_uuid: str, text: str, send_key: str | None = None) -> Message:
        """Stores a message, once for a send key. Raises MessageGroupNotFound or SendKeyReused."""
        side = self._side_to_send_from(sender.uuid, group_uuid)
        if side is None:
            raise MessageGroupNotFound
        return self._put_message(self._draft(sender, group_uuid, text, send_key), side)

    def require_member(self, user_uuid: str, group_uuid: str) -> None:
        """Raises MessageGroupNotFound."""
        row = self.client.get_item(
            TableName=self.name, Key=row_key(user_uuid, group_uuid), ConsistentRead=True, ProjectionExpression="sk"
        )
        if "Item" not in row:
            raise MessageGroupNotFound

    def _side(self, user_uuid: str, group_uuid: str) -> _Side | None:
        """None if the user has no row, and so is no member."""
        row = self.client.get_item(
            TableName=self.name,
            Key=row_key(user_uuid, group_uuid),
            ConsistentRead=True,
            ProjectionExpression="sk, inbox_sk, user_uuid, ttl_seconds, other_blocks",
        )
        return _Side.of(row["Item"]) if "Item" in row else None

    def _side_to_send_from(self, user_uuid: str, group_uuid: str) -> _Side | None:
        """The same. Raises UserBlocked."""
        side = self._side(user_uuid, group_uuid)
        if side and side.blocked:
            raise UserBlocked
        return side

    def _put_message(self, message: Message, side: _Side) -> Message:
        """Stores the message if it is not there. If it is, an earlier attempt has stored it: that one counts."""
        message = _for(side, message)
        stored = self.put_if_absent(message.to_item())
        if stored:
            message = Message.from_item(stored)
        elif self._is_late(message):
            self._note_late(message, side.to(message.user_uuid))
        self._announce(Hint(message.message_group_uuid, message.message_uuid, side.to(message.user_uuid)))
        return message

    def _is_late(self, message: Message) -> bool:
        return self._clock() * 1000 - message.created_at_ms > LATE_SECONDS * 1000

    def _note_late(self, message: Message, to: tuple[str, ...] | None) -> None:
        """A send key that was completed so late that the message lies below what its readers have seen: no row rises by
        it, so the stream function cannot tell it from one that it has seen before."""
        members = to or sorted(self.read_group(message.message_group_uuid).member_uuids)
        for member_uuid in members:
            self._note(member_uuid, Change("late", *message.place, message.rev), int(self._clock() * 1000))

    def _draft(self, sender: Member, group_uuid: str, text: str, send_key: str | None) -> Message:
        """The message to store. A send key that was seen before gives the first message's uuid again, so that a
        crash between the two writes is completed by the retry."""
        message = Message(group_uuid, self._make_id(), sender.uuid, sender.display_name, sender.handle, text)
        return message if send_key is None else self._claim(send_key, message, f"{group_uuid}\n{text}")

    def _claim(self, send_key: str, message: Message, body: str) -> Message:
        """The message, or the one that was stored or was to be stored with this send key. Raises SendKeyReused."""
        digest = hashlib.sha256(body.encode()).hexdigest()
        now = int(self._clock())
        seen = self.put_if_absent(
            {
                **send_key_key(message.user_uuid, send_key),
                "message_group_uuid": {"S": message.message_group_uuid},
                "message_uuid": {"S": message.message_uuid},
                "body_hash": {"S": digest},
                TTL_ATTRIBUTE: {"N": str(now + SEND_KEY_DAYS * 86_400)},
            },
            unless=f"{TTL_ATTRIBUTE} < :now",
            values={":now": {"N": str(now)}},
        )
        if seen and seen["body_hash"]["S"] != digest:
            raise SendKeyReused
        if seen:
            message_group_uuid, message_uuid = seen["message_group_uuid"]["S"], seen["message_uuid"]["S"]
            message = replace(message, message_group_uuid=message_group_uuid, message_uuid=message_uuid)
        return message

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

        Raises SendKeyReused, UserBlocked, what `take` raises, or ValueError if the two are one.
        """
        _distinct([sender, other])
        group_uuid = direct_group_uuid(sender.uuid, other.uuid)
        # The row comes first: one read tells a group that is there, which costs as much as C, from one to start, which
        # costs ten writes, or eight to be refused. It comes before the send key, so that who is refused by `take`
        # leaves nothing behind. A row that was seen stays; one that comes after this look meets the transaction.
        side = self._side_to_send_from(sender.uuid, group_uuid)
        give_back = take(side is None)
        try:
            first = self._draft(sender, group_uuid, text, send_key)
        except SendKeyReused:
            give_back()
            raise
        if side is None:
            started = self._start_direct(first, sender, other)
            if started:
                return started
            give_back()
            side = self._side(sender.uuid, group_uuid) or _Side(group_uuid, other.uuid, None, False, False)
        return self._put_message(first, side)

    def _start_direct(self, first: Message, sender: Member, other: Member) -> Message | None:
        """None if the message group is there already. A person who blocks another, with whom there is no message group
        yet, has a row all the same. It is looked for first, so that being blocked takes the sender no longer."""
        theirs = self._side(other.uuid, first.message_group_uuid)
        is_likely = theirs is None or not theirs.blocked
        for is_heard in (is_likely, not is_likely) * _CONFLICT_ATTEMPTS:
            message = replace(first, only_sender=not is_heard)
            mine, yours = (MessageGroup.of(message, owner, [sender, other], None) for owner in (sender, other))
            refused = self.transact(
                {"Put": _absent(_group_of(message, [sender, other], None).to_item())},
                {"Put": {"Item": replace(mine, other_blocks=not is_heard).to_item(sender.uuid)}},
                {"Put": {"Item": yours.to_item(other.uuid), **if_blocked(no=True)}}
                if is_heard
                else {"ConditionCheck": {"Key": row_key(other.uuid, yours.uuid), **if_blocked()}},
                {"Put": {"Item": message.to_item()}},
            )
            if not refused:
                to = (sender.uuid, other.uuid) if is_heard else (sender.uuid,)
                self._announce(Hint(message.message_group_uuid, message.message_uuid, to))
                return message
            if 0 in refused:
                return None
        raise DamagedMessageGroup(first.message_group_uuid)

    def create_message_group(
        self,
        creator: Member,
        others: Sequence[Member],
        title: str,
        text: str,
        *,
        or_called: str = "",
        send_key: str | None = None,
        on_existing: Callable[[], None] = lambda: None,
    ) -> Message:
        """Stores the first message of a new message group of up to MAX_MEMBERS members, without a title `or_called` so.

        A send key that was seen before gives the first message again, and calls `on_existing`. Raises SendKeyReused,
        or ValueError.
        """
        members = _distinct([creator, *others])
        first = self._draft(creator, self._make_id(), text, None)
        if send_key is not None:
            body = "\n".join([*sorted(member.uuid for member in others), title, text])
            first = self._claim(send_key, first, body)
        # Not a part of the body: the same request may come again when people have other names.
        title = title or or_called
        rows = [MessageGroup.of(first, member, members, title).to_item(member.uuid) for member in members]
        refused = self.transact(
            {"Put": _absent(_group_of(first, members, title).to_item())},
            *({"Put": {"Item": item}} for item in (*rows, first.to_item())),
        )
        if refused:
            on_existing()
            return Message.from_item(self.put_if_absent(first.to_item()) or first.to_item())
        self._announce(Hint(first.message_group_uuid, first.message_uuid, tuple(member.uuid for member in members)))
        return first

    # Edit or delete a message

    def edit_message(
        self, user_uuid: str, group_uuid: str, message_uuid: str, text: str, rev: int | None = None
    ) -> Message:
        """Gives one's own message another text; with `rev` only if that is its version.

        The same edit once more gives the same message. Raises MessageGroupNotFound, MessageNotFound, MessageNotYours,
        MessageDeleted or MessageChanged.
        """
        return self._revise(
            (user_uuid, group_uuid, message_uuid),
            "message = :message, edited_at = :at",
            {":message": {"S": text}},
            rev,
            lambda there: there.message == text and not there.deleted_at and there.rev - 1 == rev,
        )

    def delete_message(self, user_uuid: str, group_uuid: str, message_uuid: str, rev: int | None = None) -> Message:
        """Takes the text out of one's own message, which keeps its place; with `rev` only if that is its version.

        A message that is deleted already is given as it is. Raises as `edit_message`.
        """
        return self._revise(
            (user_uuid, group_uuid, message_uuid),
            "message = :message, deleted_at = :at",
            {":message": {"S": ""}},
            rev,
            lambda there: there.deleted_at is not None,
        )

    def _revise(
        self,
        place: tuple[str, str, str],
        update: str,
        values: Item,
        rev: int | None,
        is_done: Callable[[Message], bool],
    ) -> Message:
        """`is_done` says of a message that refuses whether it is as it should be."""
        user_uuid, group_uuid, message_uuid = place
        side = self._side(user_uuid, group_uuid)
        if side is None:
            raise MessageGroupNotFound
        now = self._clock()
        values |= {":at": {"S": iso(int(now * 1000))}, ":now": {"N": str(int(now))}, ":me": {"S": user_uuid}}
        values |= {":one": {"N": "1"}} | ({} if rev is None else {":rev": {"N": str(rev)}})
        condition = f"user_uuid = :me AND attribute_exists(rev) AND attribute_not_exists(deleted_at) AND {_LIVES}"
        try:
            answer = self._retry_conflicts(
                lambda: self.client.update_item(
                    TableName=self.name,
                    Key=message_key(group_uuid, message_uuid),
                    UpdateExpression=f"SET {update}, rev = rev + :one",
                    ConditionExpression=condition + ("" if rev is None else " AND rev = :rev"),
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            message = self._why_not(error.response.get("Item") or {}, user_uuid, is_done)
        else:
            message = Message.from_item(answer["Attributes"])
        self._announce(Hint(group_uuid, message_uuid, side.to(user_uuid)))
        return message

    def _why_not(self, item: Item, user_uuid: str, is_done: Callable[[Message], bool]) -> Message:
        """The message, if it is as it should be. Raises what keeps it from becoming so."""
        try:
            there = Message.from_item(item)
        except (KeyError, ValueError, TypeError):
            raise MessageNotFound from None
        if not there.is_shown_to(user_uuid, self._clock()):
            raise MessageNotFound
        if there.user_uuid != user_uuid:
            raise MessageNotYours
        if is_done(there):
            return there
        raise MessageDeleted if there.deleted_at else MessageChanged

    # E. update the message groups of all members from the table's stream

    def update_message_groups(self, messages: Iterable[Message]) -> None:
        """Brings every member's row up to the newest of these messages, which are of ONE message group.

        A pure maximum over message versions: repeated, reordered, split or cut short, it leaves the same rows.
        A sender has read what they wrote. What changed, or came late, is noted for the members' devices. Raises
        DamagedMessageGroup.
        """
        ordered = sorted(messages, key=lambda message: message.version)
        group_uuid = ordered[0].message_group_uuid
        group = self.client.get_item(TableName=self.name, Key=message_key(group_uuid, GROUP_SK), ConsistentRead=True)
        if "Item" not in group:
            raise DamagedMessageGroup(group_uuid)
        self._raise_rows(group["Item"], ordered)

    def refresh_message_group(self, group_uuid: str) -> None:
        """Brings every member's row up to the newest message: one may have been made while a message was on its way.

        Raises DamagedMessageGroup.
        """
        items = self._newest(group_uuid, 2)
        newest = page_of(items[1:], 1, Message.from_item).items
        if newest:
            self._raise_rows(items[0], newest, is_news=False)

    def _raise_rows(self, group: Item, ordered: list[Message], *, is_news: bool = True) -> None:
        damaged: list[str] = []
        is_direct = group.get("kind", {}).get("S") == "direct"
        for member_uuid in sorted(members_in(group)):
            seen = [message for message in ordered if message.reaches(member_uuid)]
            if not seen:
                continue
            try:
                was_raised = self.raise_row(member_uuid, seen, is_direct=is_direct)
            except (KeyError, ValueError, TypeError):
                # The other members get their message all the same.
                damaged.append(member_uuid)
            else:
                if is_news:
                    self._note_changes(member_uuid, seen, was_raised)
        if damaged:
            raise DamagedMessageGroup(f"{ordered[0].message_group_uuid}: the rows of {', '.join(damaged)}")

    def raise_row(self, member_uuid: str, ordered: Sequence[Message], *, is_direct: bool) -> bool:
        """Brings one member's row up to the last of these messages, its read marker to the last of their own, and the
        other person's name to the last of theirs. Says whether it was below one of them.

        Raises KeyError, ValueError or TypeError if the row is none.
        """
        rise = Rise.of(member_uuid, ordered, is_direct)
        # The first try takes the row to lack all of it, as it mostly does; the next ones know the row.
        for _ in range(_RISE_ATTEMPTS):
            old = self.update_if(row_key(member_uuid, rise.message_group_uuid), *rise.expressions())
            if old is None:
                return True
            rise = rise.still_due(old)
            if not rise.is_due:
                return False
        raise DamagedMessageGroup(f"{rise.message_group_uuid}: the row of {member_uuid} does not come to rest")

    def _note_changes(self, member_uuid: str, messages: Sequence[Message], was_raised: bool) -> None:
        """What a device that comes back would not find by asking for newer messages: changes, and what came late."""
        now_ms = int(self._clock() * 1000)
        for message in messages:
            if message.rev:
                self._note(member_uuid, Change("edit", *message.place, message.rev), _changed_at(message, now_ms))
        # One that was changed came in time before.
        oldest = next((message for message in messages if not message.rev), None)
        if oldest and was_raised and now_ms - oldest.created_at_ms > LATE_SECONDS * 1000:
            self._note(member_uuid, Change("late", *oldest.place), now_ms)

    def _note(self, user_uuid: str, change: Change, at_ms: int) -> None:
        expires_at = int(self._clock()) + CHANGE_DAYS * 86_400
        self.client.put_item(TableName=self.name, Item=change.to_item(user_uuid, at_ms, expires_at))

    # The read marker

    def mark_read(self, user_uuid: str, group_uuid: str, message_uuid: str) -> None:
        """Moves the user's read marker forward to a message; backward does nothing.

        Raises MessageGroupNotFound, or MessageNotFound if the marker would pass the newest message.
        """
        key, values = row_key(user_uuid, group_uuid), {":m": {"S": message_uuid}}
        condition = "attribute_exists(pk) AND read_up_to < :m AND last_message_uuid >= :m"
        old = self.update_if(key, "SET read_up_to = :m", condition, values, gone=MessageGroupNotFound)
        if old is not None and old["read_up_to"]["S"] >= message_uuid:
            return
        if old is not None:
            self._mark_what_the_row_has_not(user_uuid, group_uuid, message_uuid)
        self._note(user_uuid, Change("marker", group_uuid, message_uuid), int(self._clock() * 1000))
        self._announce(Hint(group_uuid, message_uuid, (user_uuid,), is_marker=True))

    def _mark_what_the_row_has_not(self, user_uuid: str, group_uuid: str, message_uuid: str) -> None:
        # The row's summary may be some milliseconds behind the message that the user has just seen.
        seen = self.client.get_item(
            TableName=self.name,
            Key=message_key(group_uuid, message_uuid),
            ConsistentRead=True,
            ProjectionExpression="user_uuid, only_sender",
        )
        message = seen.get("Item")
        if message is None or ("only_sender" in message and message.get("user_uuid") != {"S": user_uuid}):
            raise MessageNotFound
        self.update_if(
            row_key(user_uuid, group_uuid), "SET read_up_to = :m", "read_up_to < :m", {":m": {"S": message_uuid}}
        )

    # Calls

    def query(self, condition: str, values: dict[str, str], **arguments: Any) -> list[Item]:
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

    def put_if_absent(self, item: Item, unless: str = "", values: Item | None = None) -> Item | None:
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

    def update_if(
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
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **({"ExpressionAttributeValues": values} if values else {}),
                )
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            refused: Item | None = error.response.get("Item") or None
            if refused is None and gone:
                raise gone from None
            return refused
        return None

    def transact(self, *actions: dict[str, Any]) -> list[int]:
        """Does all of these or none, and gives the places of those whose conditions did not hold."""
        items = [{kind: {"TableName": self.name, **action}} for each in actions for kind, action in each.items()]
        try:
            self._retry_conflicts(lambda: self.client.transact_write_items(TransactItems=items))
        except self.client.exceptions.TransactionCanceledException as error:
            refused = [place for place, reason in enumerate(_reasons(error)) if reason == "ConditionalCheckFailed"]
            if not refused:
                raise
            return refused
        return []

    def _retry_conflicts(self, call: Callable[[], T]) -> T:
        """The SDK does not try again when two transactions touch one item; the loser has only to wait a little."""
        for attempt in range(1, _CONFLICT_ATTEMPTS):
            try:
                return call()
            except ClientError as error:
                if not _is_conflict(error):
                    raise
                self._sleep(random.uniform(0, _CONFLICT_WAIT_SECONDS * 2**attempt))  # noqa: S311
        return call()


def _inbox(user_uuid: str, before: str | None, since: str | None) -> tuple[str, dict[str, str]]:
    """The key condition of a part of somebody's rows, and its values. Those of blocked people are below all uuids."""
    values = {":pk": f"GRP#{user_uuid}", ":from": _above(since) if since else _LEAST_UUID}
    if before:
        return "pk = :pk AND inbox_sk BETWEEN :from AND :to", values | {":to": below(before)}
    return "pk = :pk AND inbox_sk > :from", values


def _above(a_uuid: str) -> str:
    """A key that only greater uuids lie above: no uuid has a space."""
    return a_uuid + " "


def below(a_uuid: str) -> str:
    """A key that all smaller uuids lie below, and this one above."""
    return a_uuid[:-1] + chr(ord(a_uuid[-1]) - 1) + "~"


def page_of(items: list[Item], limit: int, read: Callable[[Item], T]) -> Page[T]:
    """The first `limit` of these items. A damaged one is passed over, and logged: it must not hide the others."""
    found = []
    for item in items[:limit]:
        try:
            found.append(read(item))
        except (KeyError, ValueError, TypeError) as error:
            log.error("item_damaged", extra={"pk": item["pk"], "sk": item["sk"], "error": type(error).__name__})
    return Page(found, more=len(items) > limit and bool(found))


def _first(page: Page[Message], limit: int) -> Page[Message]:
    """The first `limit` of a longer page."""
    if len(page.items) <= limit:
        return page
    return Page(page.items[:limit], more=True)


def _without_expired(row: MessageGroup, now: float) -> MessageGroup:
    return replace(row, message="") if has_expired(row.last_expires_at, now) else row


def _for(side: _Side, message: Message) -> Message:
    """The message as it is to be stored from this side of its message group."""
    if side.ttl_seconds is None and not side.other_blocks:
        return message
    expires_at = None if side.ttl_seconds is None else message.created_at_ms // 1000 + side.ttl_seconds
    return replace(message, expires_at=expires_at, only_sender=side.other_blocks)


def _group_of(first: Message, members: Sequence[Member], title: str | None) -> Group:
    member_uuids = frozenset(member.uuid for member in members)
    return Group(first.message_group_uuid, member_uuids, first.user_uuid, first.created_at, title)


def _absent(item: Item) -> dict[str, Any]:
    """A put of what must not be there."""
    return {"Item": item, "ConditionExpression": "attribute_not_exists(pk)"}


def _changed_at(message: Message, now_ms: int) -> int:
    """When a message was edited or deleted; now, if that is long ago, and its readers may be beyond it."""
    try:
        at = datetime.fromisoformat(message.deleted_at or message.edited_at or "")
        changed_ms = int(at.timestamp() * 1000)
    except ValueError:
        return now_ms
    return changed_ms if 0 <= now_ms - changed_ms < LATE_SECONDS * 1000 else now_ms


def _distinct(members: list[Member]) -> list[Member]:
    """The same members. Raises ValueError unless they are 2 to MAX_MEMBERS different people."""
    if not 2 <= len({member.uuid for member in members}) == len(members) <= MAX_MEMBERS:
        raise ValueError(f"a message group has 2 to {MAX_MEMBERS} different members")
    return members


def _reasons(error: Any) -> list[str]:
    return [reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])] or ["None"]


def _is_conflict(error: ClientError) -> bool:
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        reasons = set(_reasons(error))
        return "TransactionConflict" in reasons and "ConditionalCheckFailed" not in reasons
    return code in {"TransactionConflictException", "TransactionInProgressException"}
