"""What a user's devices may have missed, found in the table; and what a live event needs to know.

Newer messages are found by the rows that show them, in `inbox-index`. What is not found so is noted when it happens,
for CHANGE_DAYS: a message that was edited or deleted, a read marker that moved, and a message that the stream function
has applied so late that its readers may be beyond it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from backend_flask.lib.ddb import INBOX_INDEX, MessageGroupNotFound, MessageTable, below, page_of
from backend_flask.lib.ddb_items import Change, Item, Message, changes_pk, first_uuid_of, message_key

MAX_GROUPS = 100
MAX_MISSED = 500


class TooMuchMissed(Exception):
    """So much has happened that it is cheaper to read the lists again."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that a user's devices are told of, once for each `version`; `at_uuid` orders what happened.

    Of a read marker there is no message: it has moved to `message_uuid`.
    """

    kind: Literal["message", "edited", "deleted", "read"]
    at_uuid: str
    message_group_uuid: str
    message_uuid: str
    message: Message | None = None

    @property
    def version(self) -> tuple[str, str, int]:
        """The same for the same version of a message, and the same place of a read marker, however it was found."""
        return self.message_group_uuid, self.message_uuid, self.message.rev if self.message else -1

    @classmethod
    def of(cls, message: Message, at_uuid: str | None = None) -> Happened:
        kind: Literal["message", "edited", "deleted"] = (
            "deleted" if message.deleted_at else "edited" if message.rev else "message"
        )
        return cls(kind, at_uuid or message.message_uuid, message.message_group_uuid, message.message_uuid, message)

    @classmethod
    def marker(cls, message_group_uuid: str, message_uuid: str, at_uuid: str) -> Happened:
        return cls("read", at_uuid, message_group_uuid, message_uuid)


@dataclass(frozen=True)
class Changes:
    """Errors of AWS come through as botocore raises them. `clock` is in seconds since the epoch."""

    table: MessageTable
    clock: Callable[[], float]

    def read(self, message_group_uuid: str, message_uuid: str) -> Message | None:
        """The message as it is now, whoever may see it."""
        found = self.table.client.get_item(
            TableName=self.table.name, Key=message_key(message_group_uuid, message_uuid), ConsistentRead=True
        )
        return _message(found["Item"]) if "Item" in found else None

    def members_of(self, message_group_uuid: str) -> tuple[str, ...]:
        """Nobody, if there is no such message group."""
        try:
            return tuple(sorted(self.table.read_group(message_group_uuid).member_uuids))
        except MessageGroupNotFound:
            return ()

    def catch_up(self, user_uuid: str, since_ms: int) -> list[Happened]:
        """All that has happened for a user since an instant, and perhaps a little before, oldest first.

        A message is given in its newest version, once. 2 Query; for each message group with something newer 1 GetItem
        and 1 Query, for each message that was changed 2 GetItem. Raises TooMuchMissed.
        """
        since = first_uuid_of(since_ms)
        found: dict[tuple[str, str, int], Happened] = {}
        for change_uuid, change in self._changes(user_uuid, since):
            for happened in self._happened(user_uuid, change_uuid, change):
                found.setdefault(happened.version, happened)
        for group_uuid in self._groups(user_uuid, since):
            for happened in self._newer(user_uuid, group_uuid, since):
                found.setdefault(happened.version, happened)
            if len(found) > MAX_MISSED:
                raise TooMuchMissed
        return sorted(found.values(), key=lambda happened: (happened.at_uuid, happened.message_uuid))

    def _groups(self, user_uuid: str, since: str) -> list[str]:
        values = {":pk": f"GRP#{user_uuid}", ":since": since}
        items = self.table.query("pk = :pk AND inbox_sk > :since", values, Limit=MAX_GROUPS + 1, IndexName=INBOX_INDEX)
        if len(items) > MAX_GROUPS:
            raise TooMuchMissed
        return [item["sk"]["S"] for item in items]

    def _changes(self, user_uuid: str, since: str) -> list[tuple[str, Change]]:
        values = {":pk": changes_pk(user_uuid), ":since": since}
        items = self.table.query("pk = :pk AND sk > :since", values, Limit=MAX_MISSED + 1, ConsistentRead=True)
        if len(items) > MAX_MISSED:
            raise TooMuchMissed
        return [(item["sk"]["S"], Change.from_item(item)) for item in items]

    def _happened(self, user_uuid: str, change_uuid: str, change: Change) -> list[Happened]:
        if change.kind == "marker":
            return [Happened.marker(change.message_group_uuid, change.message_uuid, change_uuid)]
        if change.kind == "late":
            late = self._newer(user_uuid, change.message_group_uuid, below(change.message_uuid))
            # As old as they are, they are found for as long as the change is.
            return [replace(each, at_uuid=change_uuid) for each in late]
        try:
            self.table.require_member(user_uuid, change.message_group_uuid)
        except MessageGroupNotFound:
            return []
        message = self.read(change.message_group_uuid, change.message_uuid)
        is_shown = message and message.is_shown_to(user_uuid, self.clock())
        return [Happened.of(message, change_uuid)] if message and is_shown else []

    def _newer(self, user_uuid: str, group_uuid: str, after: str) -> list[Happened]:
        try:
            page = self.table.list_messages_after(user_uuid, group_uuid, MAX_MISSED, after)
        except MessageGroupNotFound:
            return []
        if page.newer:
            raise TooMuchMissed
        return [Happened.of(message) for message in page.items]


def _message(item: Item) -> Message | None:
    """None if it is damaged, as it is in a list."""
    return next(iter(page_of([item], 1, Message.from_item).items), None)
