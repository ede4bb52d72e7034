"""What every answer must be, reckoned without the table: who said what, in plain lists.

A delivery of the stream that was cut short has reached some rows and not others, so of a row only bounds are known:
what it shows at least, and at most. Where nothing was cut short the two are one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backend_flask.services.users import User

NOTHING_READ = "00000000-0000-0000-0000-000000000000"
Answer = dict[str, Any]


@dataclass
class Bounds:
    low: str
    high: str

    def reach(self, value: str) -> None:
        self.low = max(self.low, value)
        self.high = max(self.high, value)

    def may_reach(self, value: str) -> None:
        self.high = max(self.high, value)

    def allow(self, value: str) -> bool:
        return self.low <= value <= self.high


@dataclass
class Row:
    """One member's side of a group: the uuid of the message that it shows, and of that up to which all is read."""

    last: Bounds
    read: Bounds


@dataclass
class Group:
    """`said` holds the answers to those who sent, in the order of their uuids."""

    uuid: str
    members: list[User]
    title: str | None
    said: list[Answer] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)

    def add(self, *answers: Answer) -> None:
        self.said = sorted([*self.said, *answers], key=lambda answer: str(answer["uuid"]))

    def make_rows(self) -> None:
        """The rows as they are made with the first message. If first messages cross, either may be the one."""
        uuids = [answer["uuid"] for answer in self.said]
        for member in self.members:
            own = max(
                (answer["uuid"] for answer in self.said if answer["user_uuid"] == member.uuid), default=NOTHING_READ
            )
            surely_own = own if len(self.said) == 1 else NOTHING_READ
            self.rows[member.uuid] = Row(Bounds(min(uuids), max(uuids)), Bounds(surely_own, own))

    def deliver(self, uuids: set[str], *, whole: bool) -> None:
        """The stream function was given these messages, and lived to the end of them if `whole`."""
        delivered = [answer for answer in self.said if answer["uuid"] in uuids]
        for user_uuid, row in self.rows.items():
            own = [answer["uuid"] for answer in delivered if answer["user_uuid"] == user_uuid]
            for bounds, values in ((row.last, sorted(uuids)), (row.read, own)):
                for value in values:
                    bounds.reach(value) if whole else bounds.may_reach(value)

    def unread_counts(self, user_uuid: str, last: str) -> set[int]:
        """The counts that a list may show beside the message `last`."""
        read = self.rows[user_uuid].read
        marks = {read.low, read.high} | {answer["uuid"] for answer in self.said if read.allow(answer["uuid"])}
        return {self._count(user_uuid, mark) if last > mark else 0 for mark in marks}

    def _count(self, user_uuid: str, mark: str) -> int:
        return sum(answer["uuid"] > mark and answer["user_uuid"] != user_uuid for answer in self.said)

    def problem_with(self, user_uuid: str, shown: Answer) -> str:
        """What is wrong with this group in a member's list; empty if nothing is."""
        row, last = self.rows[user_uuid], shown["last_message_uuid"]
        message = next((answer for answer in self.said if answer["uuid"] == last), None)
        if message is None or not row.last.allow(last):
            return f"shows message {last}, which is not from {row.last.low} to {row.last.high}"
        counts = self.unread_counts(user_uuid, last)
        if shown["unread_count"] not in counts:
            return f"counts {shown['unread_count']} unread messages instead of {counts}"
        # A marker may be past the shown message, and below others that the row has yet to hear of.
        if (shown["unread"] and row.read.low >= last) or (not shown["unread"] and row.read.high < last):
            return f"is unread: {shown['unread']}"
        wanted = self._heading(user_uuid) | {
            "message": _preview(message["message"]),
            "last_sender_uuid": message["user_uuid"],
            "created_at": message["created_at"],
        }
        wrong = {name: (shown[name], value) for name, value in wanted.items() if shown[name] != value}
        return f"differs, shown and wanted: {wrong}" if wrong else ""

    def _heading(self, user_uuid: str) -> Answer:
        if self.title is not None:
            return {"user_uuid": None, "display_name": self.title, "handle": None}
        other = next(member for member in self.members if member.uuid != user_uuid)
        return {"user_uuid": other.uuid, "display_name": other.display_name, "handle": other.handle}


def _preview(text: str) -> str:
    """The first 200 characters, or fewer if they take more than 360 bytes."""
    shown = text[:200]
    while len(shown.encode()) > 360:
        shown = shown[:-1]
    return shown


@dataclass
class Reckoning:
    """Everything that was said, by group; and what each send key stands for."""

    groups: list[Group] = field(default_factory=list)
    keys: dict[tuple[str, str], Answer] = field(default_factory=dict)

    @property
    def newest(self) -> str:
        return max((answer["uuid"] for group in self.groups for answer in group.said), default=NOTHING_READ)

    def of(self, user: User) -> list[Group]:
        return [group for group in self.groups if user.uuid in group.rows]

    def direct(self, one: User, other: User) -> Group | None:
        pair = {one.uuid, other.uuid}
        return next((group for group in self.groups if group.title is None and set(group.rows) == pair), None)

    def start(self, group: Group) -> None:
        group.make_rows()
        self.groups.append(group)

    def problem_with_list(self, user: User, shown: list[Answer]) -> str:
        """What is wrong with somebody's whole list; empty if nothing is."""
        mine = {group.uuid: group for group in self.of(user)}
        if sorted(each["uuid"] for each in shown) != sorted(mine):
            return f"holds {[each['uuid'] for each in shown]} instead of {list(mine)}"
        uuids = [each["last_message_uuid"] for each in shown]
        if uuids != sorted(uuids, reverse=True):
            return "is not newest first"
        problems = [mine[each["uuid"]].problem_with(user.uuid, each) for each in shown]
        return next(filter(None, problems), "")
