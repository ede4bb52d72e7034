"""People who use the API over HTTP, one thing after the other, and look hard at every answer."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.api import Person
from tests.proofs.trial import Refuted
from tests.servers import Answer, Caller

# Stands in every message, and must stand in no log.
MARK = "between you and me"
Page = list[dict[str, Any]]


class Known:
    """What has been answered so far, by message group: nothing of it may ever be missing again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, dict[str, str]] = {}

    def add(self, group: str, message_uuid: str, text: str) -> None:
        with self._lock:
            self._said.setdefault(group, {})[message_uuid] = text

    def of(self, group: str) -> dict[str, str]:
        """The texts by the messages' uuids."""
        with self._lock:
            return dict(self._said.get(group, {}))

    @property
    def groups(self) -> list[str]:
        with self._lock:
            return list(self._said)


@dataclass
class Visitor:
    """A person with a connection, who does one thing after the other and checks every answer."""

    person: Person
    friends: list[Person]
    caller: Caller
    luck: random.Random
    known: Known
    requests: int = 0
    groups: set[str] = field(default_factory=set)

    def act(self) -> None:
        acts: list[Callable[[], None]] = [self.send, self.list_groups, self.look, self.page_to_the_end, self.mark_read]
        self.luck.choices(acts, weights=[30, 30, 25, 5, 10])[0]()

    def send(self) -> None:
        """To a friend, whether there is a group yet or not, or to any group of theirs; half of them with a key."""
        key = f"{self.luck.getrandbits(64):x}"
        text = f"{MARK} {key}"
        if self.groups and self.luck.random() < 0.7:
            body = {"message": text, "message_group_uuid": self.luck.choice(sorted(self.groups))}
        else:
            body = {"message": text, "handle": self.luck.choice(self.friends).user.handle}
        chance = self.luck.random()
        said = self._said(body, key if chance < 0.5 else None)
        if chance < 0.1 and self._said(body, key) != said:
            raise Refuted(f"a key sent again is answered in another way than {said}")

    def say(self, text: str, to: Person) -> str:
        """The uuid of the message."""
        return str(self._said({"message": text, "handle": to.user.handle}, None)["uuid"])

    def shows(self) -> str:
        """The uuid of the newest message in the list."""
        rows = self._ok(self.caller.ask("GET", "/api/message_groups?limit=1&counts=0")).body
        return str(rows[0]["last_message_uuid"]) if rows else ""

    def list_groups(self) -> None:
        """A group that was ever in the list stays in it."""
        rows = self._ok(self.caller.ask("GET", "/api/message_groups?limit=100")).body
        shown = {row["uuid"] for row in rows}
        newest = [row["last_message_uuid"] for row in rows]
        if self.groups - shown or newest != sorted(newest, reverse=True):
            raise Refuted(f"a list is not in order or lacks rows: {self.groups - shown} in {rows}")
        self.groups = shown

    def look(self) -> None:
        """The newest page, and now and then the one before it."""
        if group := self._any_group():
            known = self.known.of(group)
            answer = self._ok(self.caller.ask("GET", f"/api/messages/{group}"))
            self._is_whole(known, answer.body, to_the_end=answer.following is None)

    def page_to_the_end(self) -> None:
        if group := self._any_group():
            known = self.known.of(group)
            pages = self._counting(self.caller.pages(f"/api/messages/{group}?limit=100"))
            self._is_whole(known, list(itertools.chain.from_iterable(pages)), to_the_end=True)

    def mark_read(self) -> None:
        if (group := self._any_group()) and (known := self.known.of(group)):
            body = {"message_uuid": max(known)}
            self._ok(self.caller.ask("POST", f"/api/message_groups/{group}/read", body))

    def _said(self, body: dict[str, str], key: str | None) -> dict[str, Any]:
        said: dict[str, Any] = self._ok(self.caller.send(body, key)).body
        self.known.add(said["message_group_uuid"], said["uuid"], body["message"])
        return said

    def _any_group(self) -> str:
        return self.luck.choice(sorted(self.groups)) if self.groups else ""

    def _is_whole(self, known: dict[str, str], shown: Page, *, to_the_end: bool) -> None:
        """No repeat, no gap, in order: of what was known before the question, all that lies on these pages is shown."""
        uuids = [message["uuid"] for message in shown]
        if uuids != sorted(set(uuids), reverse=True):
            raise Refuted(f"pages repeat a message or are out of order: {uuids}")
        oldest = "" if to_the_end else min(uuids, default="")
        texts = {message["uuid"]: message["message"] for message in shown}
        wanted = {uuid: text for uuid, text in known.items() if uuid >= oldest}
        if wanted.items() - texts.items():
            raise Refuted(f"pages lack messages that were answered before: {wanted.items() - texts.items()}")

    def _counting(self, pages: Iterable[Page]) -> Iterator[Page]:
        for page in pages:
            self.requests += 1
            yield page

    def _ok(self, answer: Answer) -> Answer:
        self.requests += 1
        if answer.status != 200:
            raise Refuted(f"a request is answered {answer.status} {answer.body}")
        return answer
