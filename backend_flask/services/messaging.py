"""The rules of direct messages: who may read and write what, and what a message must be.

A message group is named by its uuid, or by `@<handle>`: the direct message group with that person.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend_flask.errors import Conflict, Invalid, NotFound
from backend_flask.lib.db import Database
from backend_flask.lib.ddb import (
    Member,
    Message,
    MessageGroup,
    MessageGroupNotFound,
    MessageNotFound,
    MessageTable,
    Page,
    SendKeyReused,
    direct_group_uuid,
)
from backend_flask.services import rules, users
from backend_flask.services.rate_limits import NoLimits
from backend_flask.services.users import User

NO_LIMITS = NoLimits()
NOT_FOUND_SECONDS = 0.1


@dataclass(frozen=True)
class Messaging:
    """The messages as one signed-in user sees them: all data is reached through that user's own rows."""

    table: MessageTable
    db: Database
    user: User
    limits: NoLimits = NO_LIMITS

    def list_message_groups(self, limit: int, before: str | None, *, counts: bool) -> Page[MessageGroup]:
        return self.table.list_message_groups(self.user.uuid, limit, before, counts=counts)

    def list_messages(self, group: str, limit: int, before: str | None) -> Page[Message]:
        """Raises NotFound if the user is no member; a direct message group that is yet to come is empty."""
        begun = time.monotonic()
        if group.startswith("@"):
            group_uuid = direct_group_uuid(self.user.uuid, self._person(group).uuid)
            try:
                return self.table.list_messages(self.user.uuid, group_uuid, limit, before)
            except MessageGroupNotFound:
                return Page([], more=False)
        try:
            return self.table.list_messages(self.user.uuid, _existing(group), limit, before)
        except MessageGroupNotFound:
            _wait_for_the_next_step(begun)
            raise _no_such_group() from None

    def send(self, message: Any, group: Any, handle: Any, send_key: str | None) -> Message:
        """Sends to a message group, or, if `group` is None, to the person with this handle.

        Raises Invalid, RateLimited, NotFound, or Conflict if the send key was used for something else.
        """
        problems: list[str] = []
        text = rules.text(message, "message", rules.MESSAGE_MAX_CHARACTERS, problems)
        receiver = _receiver(group, handle, problems)
        rules.raise_if_any(problems)
        try:
            if receiver.startswith("@"):
                return self._send_to_person(receiver.removeprefix("@"), text, send_key)
            return self._send_to_group(_member(self.user), _existing(receiver), text, send_key)
        except MessageGroupNotFound:
            raise _no_such_group() from None
        except SendKeyReused:
            raise Conflict("idempotency_key_reused", "This Idempotency-Key was used for another message.") from None

    def _send_to_group(self, me: Member, group_uuid: str, text: str, send_key: str | None) -> Message:
        self.limits.take_message(me.uuid)
        return self.table.create_message(me, group_uuid, text, send_key)

    def _send_to_person(self, handle: str, text: str, send_key: str | None) -> Message:
        me, other = map(_member, users.sender_and_receiver(self.db, self.user, handle))
        return self.table.create_direct_message(me, other, text, send_key, self._take)

    def _take(self, is_new: bool) -> Callable[[], None]:
        """What a message by handle uses up, once the table knows whether it starts a message group."""
        if is_new:
            return self.limits.take_message_and_group(self.user.uuid)
        self.limits.take_message(self.user.uuid)
        return lambda: None

    def mark_read(self, group: str, message_uuid: Any) -> None:
        """Moves the user's read marker forward to this message. Raises Invalid or NotFound."""
        message = rules.as_uuid(message_uuid)
        if message is None:
            raise Invalid("message_uuid_invalid" if message_uuid else "message_uuid_blank")
        if group.startswith("@"):
            group = direct_group_uuid(self.user.uuid, self._person(group).uuid)
        try:
            self.table.mark_read(self.user.uuid, _existing(group), message)
        except MessageGroupNotFound:
            raise _no_such_group() from None
        except MessageNotFound:
            raise NotFound("message_not_found") from None

    def _person(self, at_handle: str) -> User:
        return users.short(self.db, at_handle.removeprefix("@"))


def _receiver(group: Any, handle: Any, problems: list[str]) -> str:
    """A message group's uuid or `@<handle>`. The group wins if both are given, as the Cruddur front end expects."""
    if group is not None:
        return rules.text(group, "message_group_uuid", 128, problems)
    # "reciever" is how the front end spells the code.
    return "@" + rules.text(handle, "user_reciever_handle", 128, problems).removeprefix("@")


def _member(user: User) -> Member:
    return Member(user.uuid, user.display_name, user.handle)


def _existing(group: str) -> str:
    """A uuid that may exist. Raises MessageGroupNotFound for what is no uuid, as for one that does not exist."""
    group_uuid = rules.as_uuid(group)
    if group_uuid is None:
        raise MessageGroupNotFound
    return group_uuid


def _wait_for_the_next_step(begun: float) -> None:
    """Until a whole number of NOT_FOUND_SECONDS has passed since `begun`.

    The call that says whether a reader may read has then read what there is to read, which takes longer where there is
    something. Direct message groups can be guessed, so a stranger could tell by the time who writes to whom.
    """
    time.sleep(NOT_FOUND_SECONDS - (time.monotonic() - begun) % NOT_FOUND_SECONDS)


def _no_such_group() -> NotFound:
    return NotFound("message_group_not_found")
