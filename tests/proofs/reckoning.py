"""What every answer must be, reckoned without the table: who said what, in plain lists.

A delivery of the stream that was cut short has reached some rows and not others. Which, is looked up: a row is as it
was before, or as it is after, and nothing else.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from backend_flask.services.users import User

NOTHING_READ = "00000000-0000-0000-0000-000000000000"
LIFETIMES = {
    "30-days": 2_592_000,
    "7-days": 604_800,
    "3-days": 259_200,
    "1-day": 86_400,
    "12-hours": 43_200,
    "3-hours": 10_800,
    "1-hour": 3_600,
}
Answer = dict[str, Any]
# Of a message: its uuid, and how often it was changed.
Version = tuple[str, int]
NO_MESSAGE: Version = (NOTHING_READ, 0)


def instant(seconds: float) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{milliseconds:03}Z"


def seconds_in(uuid7: str) -> float:
    """The first 48 bits are the milliseconds since 1970 (RFC 9562, section 5.7)."""
    return (uuid.UUID(uuid7).int >> 80) / 1000


def has_expired(message: Answer, now: float) -> bool:
    return message["expires_at"] is not None and message["expires_at"] <= instant(now)


@dataclass
class Row:
    """One member's side of a group. `name` is the other person's, as they were called in the message `named_by`."""

    shows: Version = NO_MESSAGE
    read: str = NOTHING_READ
    place: Literal["listed", "hidden", "blocked"] = "listed"
    muted: bool = False
    name: str = ""
    named_by: str = NOTHING_READ


@dataclass(eq=False)
class Group:
    """`people` are its members. A direct one has no title, and is known from the first message or block on; it has no
    `uuid` before the first message.

    `said` has the messages as they are now by their uuids, `versions` as they have ever been, `unheard` those that
    reach only who sent them. `since` is when a member came.
    """

    uuid: str
    people: list[User]
    title: str | None
    creator: str = ""
    created_at: str = ""
    ttl: str | None = None
    changes: int = 0
    said: dict[str, Answer] = field(default_factory=dict)
    versions: dict[Version, Answer] = field(default_factory=dict)
    unheard: set[str] = field(default_factory=set)
    rows: dict[str, Row] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)

    def add(self, message: Answer, *, is_heard: bool = True) -> None:
        """A new message, or a new version of one."""
        self.uuid = message["message_group_uuid"]
        self.said[message["uuid"]] = message
        self.versions[message["uuid"], message["rev"]] = message
        if not is_heard:
            self.unheard.add(message["uuid"])

    def begin(self, first: Answer, names: dict[str, str], *, is_heard: bool = True) -> None:
        """The first message makes the rows. Who is not to hear it has a row already, or none yet."""
        self.creator, self.created_at = first["user_uuid"], first["created_at"]
        self.add(first, is_heard=is_heard)
        for owner in self.people:
            mine = owner.uuid == self.creator
            if mine or is_heard:
                shows, named_by = (first["uuid"], 0), NOTHING_READ if mine else first["uuid"]
                name = "" if self.title else names[self.other(owner.uuid).uuid]
                self.rows[owner.uuid] = Row(shows, first["uuid"] if mine else NOTHING_READ, name=name)
                self.rows[owner.uuid].named_by = NOTHING_READ if self.title else named_by

    def join(self, person: User, newest: Version, now: float) -> None:
        """Sees all that was written, and has read it."""
        self.people.append(person)
        place: Literal["listed", "hidden"] = "hidden" if newest == NO_MESSAGE else "listed"
        self.rows[person.uuid] = Row(newest, newest[0], place)
        self.since[person.uuid] = now

    def leave(self, user_uuid: str) -> None:
        self.people = [each for each in self.people if each.uuid != user_uuid]
        del self.rows[user_uuid]

    @property
    def newest(self) -> Version:
        return max(((message["uuid"], message["rev"]) for message in self.said.values()), default=NO_MESSAGE)

    def other(self, user_uuid: str) -> User:
        return next(person for person in self.people if person.uuid != user_uuid)

    def hears(self, user_uuid: str, message: Answer) -> bool:
        return message["uuid"] not in self.unheard or message["user_uuid"] == user_uuid

    def seen_by(self, user_uuid: str, now: float) -> list[Answer]:
        """What a member may read, newest first."""
        alive = [message for message in self.said.values() if not has_expired(message, now)]
        mine = [message for message in alive if self.hears(user_uuid, message)]
        return sorted(mine, key=lambda message: str(message["uuid"]), reverse=True)

    def raised(self, user_uuid: str, versions: Iterable[Version]) -> Row:
        """The row once the stream function has seen these versions."""
        row = replace(self.rows[user_uuid])
        for version in sorted(versions):
            message = self.versions[version]
            if not self.hears(user_uuid, message):
                continue
            if version[0] > row.shows[0] and row.place == "hidden":
                row.place = "listed"
            row.shows = max(row.shows, version)
            if message["user_uuid"] == user_uuid:
                row.read = max(row.read, version[0])
            elif self.title is None and version[0] > row.named_by:
                row.name, row.named_by = message["display_name"], version[0]
        return row

    def unread_count(self, user_uuid: str, now: float) -> int:
        """By hand; a row that has yet to hear of a message counts none."""
        row = self.rows[user_uuid]
        if row.shows[0] <= row.read:
            return 0
        newer = [message for message in self.seen_by(user_uuid, now) if message["uuid"] > row.read]
        return sum(message["user_uuid"] != user_uuid for message in newer)

    def in_list_of(self, user_uuid: str, now: float, *, counts: bool = True) -> Answer:
        """What a member's list says of it."""
        row, other = self.rows[user_uuid], self.other(user_uuid) if self.title is None else None
        last, count = self.versions[row.shows], self.unread_count(user_uuid, now)
        return {
            "uuid": self.uuid,
            "kind": "direct" if other else "group",
            "user_uuid": other.uuid if other else None,
            "display_name": row.name if other else self.title,
            "handle": other.handle if other else None,
            "message": "" if has_expired(last, now) else _preview(last["message"]),
            "created_at": last["created_at"],
            "last_message_uuid": last["uuid"],
            "last_sender_uuid": last["user_uuid"],
            "unread": count > 0 if counts else row.shows[0] > row.read,
            "read_up_to": row.read,
            "members": len(self.people),
            "ttl": self.ttl,
            "muted": row.muted,
            "blocked": row.place == "blocked",
            **({"unread_count": count} if counts else {}),
        }

    def whole(self, user_uuid: str, names: dict[str, str]) -> Answer:
        """What a member is told who asks for it alone."""
        row = self.rows[user_uuid]
        people = sorted(self.people, key=lambda person: person.handle)
        return {
            "uuid": self.uuid,
            "kind": "direct" if self.title is None else "group",
            "title": self.title,
            "ttl": self.ttl,
            "created_by": self.creator,
            "created_at": self.created_at,
            "members": [
                {"uuid": each.uuid, "handle": each.handle, "display_name": names[each.uuid]} for each in people
            ],
            "muted": row.muted,
            "blocked": row.place == "blocked",
            "read_up_to": row.read,
        }


def _preview(text: str) -> str:
    """The first 200 characters, or fewer if they take more than 231 bytes."""
    shown = text[:200]
    while len(shown.encode()) > 231:
        shown = shown[:-1]
    return shown


@dataclass
class Key:
    """What a send key stands for: what was asked with it, when, and the message that it became."""

    asked: object
    at: float
    group: Group
    message_uuid: str


@dataclass
class Block:
    blocker: str
    blocked: str
    at: float


@dataclass
class Mark:
    """A read marker was moved."""

    user_uuid: str
    group_uuid: str
    message_uuid: str
    at: float


@dataclass
class Reckoning:
    """All groups, what each send key stands for, how everybody is called, who blocks whom, and what was marked."""

    groups: list[Group] = field(default_factory=list)
    keys: dict[tuple[str, str], Key] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    @property
    def newest(self) -> str:
        return max((uuid for group in self.groups for uuid, _ in group.versions), default=NOTHING_READ)

    @property
    def begun(self) -> list[Group]:
        return [group for group in self.groups if group.uuid]

    def of(self, user: User) -> list[Group]:
        return [group for group in self.begun if user.uuid in group.rows]

    def listed(self, user: User) -> list[Group]:
        """In the order of the list."""
        mine = [group for group in self.of(user) if group.rows[user.uuid].place == "listed"]
        return sorted(mine, key=lambda group: group.rows[user.uuid].shows, reverse=True)

    def direct(self, one: User, other: User) -> Group | None:
        pair = {one.uuid, other.uuid}
        return next(
            (each for each in self.groups if each.title is None and {u.uuid for u in each.people} == pair), None
        )

    def block_of(self, blocker: str, blocked: str) -> Block | None:
        return next((each for each in self.blocks if (each.blocker, each.blocked) == (blocker, blocked)), None)

    def is_heard(self, group: Group, sender: str) -> bool:
        """Whether what they send now reaches the others."""
        return group.title is not None or not self.block_of(group.other(sender).uuid, sender)
