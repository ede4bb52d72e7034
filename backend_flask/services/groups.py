"""The rules of message groups: who starts one, what its members may change, and what is each member's own affair."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from backend_flask.errors import Invalid
from backend_flask.lib.ddb import MAX_MEMBERS, Page, SendKeyReused
from backend_flask.lib.ddb_items import Group, Member, Message, MessageGroup
from backend_flask.lib.ddb_members import Membership
from backend_flask.services import rules, users
from backend_flask.services.messaging import MESSAGE, Messaging, existing, member_of
from backend_flask.services.refusals import told
from backend_flask.services.users import User

TITLE_MAX_CHARACTERS = 50
HANDLES = rules.Handles("handles", MAX_MEMBERS - 1)
TITLE = rules.Text("title", TITLE_MAX_CHARACTERS, one_line=True, example="Stargazers")
FOREVER = "off"
LIFETIMES = rules.LIFETIMES | {FOREVER: timedelta(0)}
TTL = rules.Choice("ttl", LIFETIMES)
LEAST_OTHERS = 2

_WORDS = {int(lifetime.total_seconds()): word for word, lifetime in rules.LIFETIMES.items()}


def ttl_word(seconds: int | None) -> str | None:
    """How long messages live, in Cruddur's words; None for good."""
    return _WORDS.get(seconds or 0)


@dataclass(frozen=True)
class Shown:
    """A message group as one of its members sees it, with its people by their names of now."""

    group: Group
    row: MessageGroup
    people: list[User]


@dataclass(frozen=True)
class Groups:
    """Message groups as one signed-in user sees them. Where a message group is asked for, `@<handle>` names the direct
    one with that person. Everything raises NotFound for what the user is no member of."""

    messaging: Messaging
    membership: Membership

    @property
    def _me(self) -> Member:
        return member_of(self.messaging.user)

    def start(self, handles: Any, title: Any, message: Any, send_key: str | None) -> Message:
        """Starts a message group of three and more; without a title it is called by its people's names.

        Raises Invalid, RateLimited, or Conflict if the send key was used for something else.
        """
        problems: list[str] = []
        wanted = HANDLES.read(handles, problems)
        name = "" if title is None else TITLE.read(title, problems)
        text = MESSAGE.read(message, problems)
        rules.raise_if_any(problems)
        others = [member_of(user) for user in self._people(wanted)]
        if len(others) < LEAST_OTHERS:
            raise Invalid("handles_too_few")
        give_back = self.messaging.limits.take_message_and_group(self._me.uuid)
        called = _called([self._me, *others])
        start = self.messaging.table.create_message_group
        with told():
            try:
                return start(self._me, others, name, text, or_called=called, send_key=send_key, on_existing=give_back)
            except SendKeyReused:
                give_back()
                raise

    def show(self, group: str) -> Shown:
        with told():
            row = self._row(group)
            return self._shown(self.messaging.table.read_group(row.uuid), row)

    def change(self, group: str, title: Any, ttl: Any) -> Shown:
        """Changes what is not None: the title, how long messages live that are sent from now on.

        Raises Invalid, RateLimited, or Conflict for a title of a direct message group.
        """
        problems: list[str] = []
        name = None if title is None else TITLE.read(title, problems)
        lifetime = None if ttl is None else TTL.read(ttl, problems)
        if title is None and ttl is None:
            problems.append("change_blank")
        rules.raise_if_any(problems)
        self._take()
        with told():
            row = self._row(group)
            seconds = None if lifetime is None else int(lifetime.total_seconds())
            changed = self.membership.change(self._me.uuid, row.uuid, title=name, ttl_seconds=seconds)
            return self._shown(changed, row)

    def add(self, group: str, handles: Any) -> Shown:
        """Raises Invalid, RateLimited, or Conflict if the message group is direct or full."""
        problems: list[str] = []
        wanted = HANDLES.read(handles, problems)
        rules.raise_if_any(problems)
        people = [member_of(user) for user in self._people(wanted)]
        self._take()
        with told():
            row = self._row(group)
            return self._shown(self.membership.add(self._me.uuid, row.uuid, people), row)

    def remove(self, group: str, handle: str) -> None:
        """Takes a member out; oneself leaves. Raises Forbidden, or Conflict if the message group is direct."""
        self._take()
        person = users.short(self.messaging.db, handle)
        with told():
            self.membership.remove(self._me.uuid, self._uuid(group), person.uuid)

    def mute(self, group: str, *, muted: bool) -> None:
        with told():
            self.membership.mute(self._me.uuid, self._uuid(group), muted=muted)

    def hide(self, group: str) -> None:
        """Until the next message."""
        with told():
            self.membership.hide(self._me.uuid, self._uuid(group))

    def block(self, handle: str) -> None:
        """Raises Invalid if it is one's own handle, or NotFound."""
        other = users.short(self.messaging.db, handle)
        if other.uuid == self._me.uuid:
            raise Invalid("handle_own")
        self.membership.block(self._me, member_of(other))

    def unblock(self, handle: str) -> None:
        """Raises NotFound if nobody has the handle."""
        self.membership.unblock(self._me.uuid, users.short(self.messaging.db, handle).uuid)

    def list_blocks(self, limit: int, before: str | None) -> Page[MessageGroup]:
        """My sides of the direct message groups with those whom I block, the last one first."""
        return self.membership.list_blocks(self._me.uuid, limit, before)

    def _uuid(self, group: str) -> str:
        return existing(self.messaging.uuid_of(group))

    def _people(self, handles: list[str]) -> list[User]:
        """Those whose handles these are, without the user, in the order of their handles. Raises Invalid."""
        found = users.by_handles(self.messaging.db, handles)
        if {handle.lower() for handle in handles} - {user.handle.lower() for user in found}:
            raise Invalid("handles_unknown")
        return [user for user in found if user.uuid != self._me.uuid]

    def _row(self, group: str) -> MessageGroup:
        """The user's own side, before anything else: whoever sees nothing of a message group changes nothing in it."""
        return self.membership.read_row(self._me.uuid, self._uuid(group))

    def _shown(self, group: Group, row: MessageGroup) -> Shown:
        return Shown(group, row, users.by_uuids(self.messaging.db, group.member_uuids))

    def _take(self) -> None:
        """A change of a message group counts as a message."""
        self.messaging.limits.take_message(self._me.uuid)


def _called(people: list[Member]) -> str:
    return ", ".join(person.display_name for person in people)[:TITLE_MAX_CHARACTERS].strip(", ")
