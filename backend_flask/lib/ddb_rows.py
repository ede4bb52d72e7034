"""How a row is brought up to what has happened in its message group: one conditional update, and another one if the row
was not what it was taken to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend_flask.lib.ddb_items import BLOCKED, Item, Message, MessageGroup, if_there, preview


@dataclass(frozen=True, slots=True)
class Rise:
    """What a row is to be brought up to, each None once it has it: the newest message, how far its owner has read, and
    the message that the other person's name is from.

    `is_edit` and `is_blocked` is what the row is taken to be: one that shows the newest message already, in an older
    version, and one whose other person is blocked. Neither changes its place in the list.
    """

    message_group_uuid: str
    newest: Message | None
    own: str | None
    named: Message | None
    is_edit: bool
    is_blocked: bool = False

    @classmethod
    def of(cls, owner_uuid: str, ordered: Sequence[Message], is_direct: bool) -> Rise:
        own = [message.message_uuid for message in ordered if message.user_uuid == owner_uuid]
        of_others = [message for message in ordered if message.user_uuid != owner_uuid] if is_direct else []
        newest = ordered[-1]
        return cls(
            newest.message_group_uuid,
            newest,
            own[-1] if own else None,
            of_others[-1] if of_others else None,
            is_edit=newest.rev > 0,
        )

    @property
    def is_due(self) -> bool:
        return bool(self.newest or self.own or self.named)

    def still_due(self, item: Item) -> Rise:
        """Raises KeyError, ValueError or TypeError if the item is no row."""
        row = MessageGroup.from_item(item)
        newest = self.newest if self.newest and row.version < self.newest.version else None
        return replace(
            self,
            newest=newest,
            own=self.own if self.own and row.read_up_to < self.own else None,
            named=self.named if self.named and row.named_by < self.named.message_uuid else None,
            is_edit=newest is not None and row.last_message_uuid == newest.message_uuid,
            is_blocked=row.blocked,
        )

    def expressions(self) -> tuple[str, str, Item]:
        """The update, its condition and their values."""
        sets: Item = {}
        removes: list[str] = []
        conditions = ["attribute_exists(pk)"]
        values: Item = {}
        if self.newest:
            sets |= _summary(self.newest)
            removes += [] if self.newest.expires_at else ["last_expires_at"]
            if self.is_edit:
                conditions.append("last_message_uuid = :last_message_uuid AND last_message_rev < :last_message_rev")
            else:
                conditions.append("last_message_uuid < :last_message_uuid")
                conditions.append(("" if self.is_blocked else "NOT ") + "begins_with(inbox_sk, :blocked)")
                values[":blocked"] = {"S": BLOCKED}
                if not self.is_blocked:
                    sets["inbox_sk"] = {"S": self.newest.message_uuid}
                    removes += ["is_hidden"]
        if self.own:
            sets["read_up_to"] = {"S": self.own}
            conditions.append("read_up_to <= :read_up_to")
        if self.named:
            sets |= _name(self.named)
            conditions.append("(attribute_not_exists(named_by) OR named_by <= :named_by)")
        update = "SET " + ", ".join(f"{name} = :{name}" for name in sets)
        update += " REMOVE " + ", ".join(removes) if removes else ""
        return update, " AND ".join(conditions), values | {f":{name}": value for name, value in sets.items()}


def if_blocked(*, no: bool = False) -> dict[str, Any]:
    """The condition that the owner of a row has blocked its other person, or that not."""
    return {
        "ConditionExpression": ("NOT " if no else "") + "begins_with(inbox_sk, :blocked)",
        "ExpressionAttributeValues": {":blocked": {"S": BLOCKED}},
    }


def _summary(newest: Message) -> Item:
    """What a row says of its newest message."""
    return {
        "last_message_uuid": {"S": newest.message_uuid},
        "last_message_rev": {"N": str(newest.rev)},
        "last_message_at": {"S": newest.created_at},
        "last_sender_uuid": {"S": newest.user_uuid},
        "message": {"S": preview(newest.message)},
        **if_there("N", last_expires_at=newest.expires_at),
    }


def _name(message: Message) -> Item:
    return {
        "user_display_name": {"S": message.user_display_name},
        "user_handle": {"S": message.user_handle},
        "named_by": {"S": message.message_uuid},
    }
