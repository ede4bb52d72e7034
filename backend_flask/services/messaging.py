"""The rules of direct messages: who may read and write what, and what a message must be.

A message group is named by its uuid, or by `@<handle>`: the direct message group with that person.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from backend_flask.errors import Invalid, NotFound
from backend_flask.lib.db import Database
from backend_flask.lib.ddb import MessageGroupNotFound, MessageNotFound, MessageTable, Page
from backend_flask.lib.ddb_items import Member, Message, MessageGroup, direct_group_uuid
from backend_flask.services import rules, users
from backend_flask.services.rate_limits import NoLimits
from backend_flask.services.refusals import told
from backend_flask.services.users import User

MESSAGE = rules.Text(
    "message", rules.MESSAGE_MAX_CHARACTERS, example="Are you still up for the meteor shower on Saturday?"
)
MESSAGE_GROUP = rules.Text("message_group_uuid", 128, example="7c4e0c1e-0f9b-5b7e-8d6a-0c8f7b1d2e3f")
# "reciever" is how the front end spells the code.
RECEIVER = rules.Text("user_reciever_handle", rules.HANDLE_FIELD_MAX_CHARACTERS, example="ada")
READ_MESSAGE = rules.UuidOf("message_uuid")
NO_LIMITS = NoLimits()
NOT_FOUND_SECONDS = 0.1


@dataclass(frozen=True)
class Place:
    """Where in a message group a page of messages is: older or newer than one, around it, or at the end."""

    before: str | None = None
    after: str | None = None
    around: str | None = None

    @classmethod
    def of(cls, **places: str | None) -> Place:
        """Raises Invalid if more than one is said."""
        if sum(place is not None for place in places.values()) > 1:
            raise Invalid("place_ambiguous")
        return cls(**places)


NEWEST = Place()


@dataclass(frozen=True)
class Messaging:
    """The messages as one signed-in user sees them: all data is reached through that user's own rows."""

    table: MessageTable
    db: Database
    user: User
    limits: NoLimits = NO_LIMITS

    def list_message_groups(
        self,
        limit: int,
        before: str | None,
        since: str | None = None,
        *,
        handle: str | None = None,
        unread: bool = False,
        counts: bool = True,
    ) -> Page[MessageGroup]:
        """All; or only those that are `unread`; or only that with the person of this handle. Raises NotFound."""
        if handle is not None:
            group_uuid = direct_group_uuid(self.user.uuid, self._person(handle).uuid)
            return self.table.find_message_group(self.user.uuid, group_uuid, counts=counts)
        if since is not None and before is not None and before <= since:
            # DynamoDB refuses a range that ends before it begins.
            return Page([], more=False)
        listed = self.table.list_unread_message_groups if unread else self.table.list_message_groups
        return listed(self.user.uuid, limit, before, since=since, counts=counts)

    def list_messages(self, group: str, limit: int, at: Place = NEWEST) -> Page[Message]:
        """Raises NotFound if the user is no member; a direct message group that is yet to come is empty."""
        begun = time.monotonic()
        if group.startswith("@"):
            try:
                return self._messages(self.uuid_of(group), limit, at)
            except MessageGroupNotFound:
                return Page([], more=False)
        try:
            return self._messages(existing(group), limit, at)
        except MessageGroupNotFound:
            _wait_for_the_next_step(begun)
            raise _no_such_group() from None

    def _messages(self, group_uuid: str, limit: int, at: Place) -> Page[Message]:
        if at.after:
            return self.table.list_messages_after(self.user.uuid, group_uuid, limit, at.after)
        if at.around:
            return self.table.list_messages_around(self.user.uuid, group_uuid, limit, at.around)
        return self.table.list_messages(self.user.uuid, group_uuid, limit, at.before)

    def send(self, message: Any, group: Any, handle: Any, send_key: str | None) -> Message:
        """Sends to a message group, or, if `group` is None, to the person with this handle.

        Raises Invalid, RateLimited, NotFound, or Conflict if the send key was used for something else or the user has
        blocked the person.
        """
        problems: list[str] = []
        text = MESSAGE.read(message, problems)
        receiver = _receiver(group, handle, problems)
        rules.raise_if_any(problems)
        with told():
            if receiver.startswith("@"):
                return self._send_to_person(receiver.removeprefix("@"), text, send_key)
            return self._send_to_group(member_of(self.user), existing(receiver), text, send_key)

    def _send_to_group(self, me: Member, group_uuid: str, text: str, send_key: str | None) -> Message:
        self.limits.take_message(me.uuid)
        return self.table.create_message(me, group_uuid, text, send_key)

    def _send_to_person(self, handle: str, text: str, send_key: str | None) -> Message:
        me, other = map(member_of, users.sender_and_receiver(self.db, self.user, handle))
        return self.table.create_direct_message(me, other, text, send_key, self._take)

    def _take(self, is_new: bool) -> Callable[[], None]:
        """What a message by handle uses up, once the table knows whether it starts a message group."""
        if is_new:
            return self.limits.take_message_and_group(self.user.uuid)
        self.limits.take_message(self.user.uuid)
        return lambda: None

    def mark_read(self, group: str, message_uuid: Any) -> None:
        """Moves the user's read marker forward to this message. Raises Invalid or NotFound."""
        problems: list[str] = []
        message = READ_MESSAGE.read(message_uuid, problems)
        rules.raise_if_any(problems)
        with told():
            self.table.mark_read(self.user.uuid, existing(self.uuid_of(group)), message)

    def edit(self, group: str, message_uuid: str, message: Any, rev: int | None) -> Message:
        """Gives the user's own message another text, with `rev` only if that is its version.

        Raises Invalid, RateLimited, NotFound, Forbidden, Conflict if it is deleted, or PreconditionFailed.
        """
        problems: list[str] = []
        text = MESSAGE.read(message, problems)
        rules.raise_if_any(problems)
        self.limits.take_message(self.user.uuid)
        with told():
            group_uuid, found = existing(self.uuid_of(group)), _existing_message(message_uuid)
            return self.table.edit_message(self.user.uuid, group_uuid, found, text, rev)

    def delete(self, group: str, message_uuid: str, rev: int | None) -> Message:
        """Takes the text out of the user's own message, with `rev` only if that is its version.

        Raises RateLimited, NotFound, Forbidden or PreconditionFailed.
        """
        self.limits.take_message(self.user.uuid)
        with told():
            group_uuid, found = existing(self.uuid_of(group)), _existing_message(message_uuid)
            return self.table.delete_message(self.user.uuid, group_uuid, found, rev)

    def uuid_of(self, group: str) -> str:
        """What names a message group, with the uuid in the place of `@<handle>`. Raises NotFound."""
        if group.startswith("@"):
            return direct_group_uuid(self.user.uuid, self._person(group).uuid)
        return group

    def _person(self, at_handle: str) -> User:
        return users.short(self.db, at_handle.removeprefix("@"))


def _receiver(group: Any, handle: Any, problems: list[str]) -> str:
    """A message group's uuid or `@<handle>`. The group wins if both are given, as the Cruddur front end expects."""
    if group is not None:
        return MESSAGE_GROUP.read(group, problems)
    return "@" + RECEIVER.read(handle, problems).removeprefix("@")


def member_of(user: User) -> Member:
    return Member(user.uuid, user.display_name, user.handle)


def existing(group: str) -> str:
    """A uuid that may exist. Raises MessageGroupNotFound for what is no uuid, as for one that does not exist."""
    group_uuid = rules.as_uuid(group)
    if group_uuid is None:
        raise MessageGroupNotFound
    return group_uuid


def _existing_message(message_uuid: str) -> str:
    """A uuid that may exist. Raises MessageNotFound for what is no uuid, as for one that does not exist."""
    found = rules.as_uuid(message_uuid)
    if found is None:
        raise MessageNotFound
    return found


def _wait_for_the_next_step(begun: float) -> None:
    """Until a whole number of NOT_FOUND_SECONDS has passed since `begun`.

    The call that says whether a reader may read has then read what there is to read, which takes longer where there is
    something. Direct message groups can be guessed, so a stranger could tell by the time who writes to whom.
    """
    time.sleep(NOT_FOUND_SECONDS - (time.monotonic() - begun) % NOT_FOUND_SECONDS)


def _no_such_group() -> NotFound:
    return NotFound("message_group_not_found")
