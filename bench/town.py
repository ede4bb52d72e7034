"""Somebody with a busy inbox, and the requests that they make: what the measurements of speed have in common."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.bare import Call, taken_down
from bench.caller import request_of
from tests.api import Api, Person, eventually

MESSAGES = 60
GROUPS = 30
UNREAD_ROWS = 5
# A burst of the rate limits, and a little less: nobody here is to be refused.
SENDS_OF_EACH = 50
STARTS_OF_EACH = 8
TEXT = "As long as many a message is: some lines on a telephone, a question, an answer."
HEALTH_CHECK = request_of("GET", "/api/health-check")


@dataclass(frozen=True)
class Request:
    """As it goes over the line, and the calls of DynamoDB that answer it."""

    raw: bytes
    calls: tuple[Call, ...]
    # The id in the calls that a message must have for itself, if one is written.
    new_id: str = ""


@dataclass(frozen=True)
class Endpoint:
    """`requests(n)` makes n requests that can be asked once each; those that only read are n times the same."""

    name: str
    requests: Callable[[int], list[Request]]


@dataclass
class Town:
    """`reader` has GROUPS message groups, one of them with MESSAGES; nothing is unread. `busy` has UNREAD_ROWS too."""

    api: Api
    reader: Person = field(init=False)
    friend: Person = field(init=False)
    busy: Person = field(init=False)
    group: str = field(init=False)

    def __post_init__(self) -> None:
        self.reader, self.friend, self.busy = (self.api.person(name) for name in ("reader", "friend", "busy"))
        for owner in (self.reader, self.busy):
            for _ in range(GROUPS):
                owner.send(TEXT, to=self.api.person("other"))
        for _ in range(UNREAD_ROWS):
            self.api.person("writer").send(TEXT, to=self.busy)
        self.group = self.reader.send(TEXT, to=self.friend)["message_group_uuid"]
        for _ in range(MESSAGES):
            newest = self.reader.send(TEXT, group=self.group)["uuid"]
        self.api.stream(self.reader, self.friend)
        eventually(lambda: self.reader.groups()[0]["last_message_uuid"], newest)
        eventually(lambda: sum(group["unread"] for group in self.busy.groups()), UNREAD_ROWS)

    def endpoints(self) -> list[Endpoint]:
        middle = self.reader.get(f"/api/messages/{self.group}").get_json()[-1]["uuid"]
        return [
            self._reading("A first page", self.reader, f"/api/messages/{self.group}"),
            self._reading("A older page", self.reader, f"/api/messages/{self.group}?before={middle}"),
            self._reading("B", self.reader, "/api/message_groups"),
            self._reading(f"B with {UNREAD_ROWS} unread rows", self.busy, "/api/message_groups"),
            self._sending("C"),
            self._sending("C with a key", key="first-key"),
            self._starting("D, a new group"),
        ]

    def short(self) -> Endpoint:
        """Asks Postgres, and DynamoDB nothing."""
        return self._reading("users short", self.reader, f"/api/users/{self.friend.at_handle}/short")

    def _reading(self, name: str, person: Person, path: str) -> Endpoint:
        with taken_down(self.api.table.client) as calls:
            answer = person.get(path)
        assert answer.status_code == 200, answer.text
        request = Request(request_of("GET", path, person.token), tuple(calls))
        return Endpoint(name, lambda count: [request] * count)

    def _sending(self, name: str, key: str = "") -> Endpoint:
        calls, sent = self._taken_down(lambda: self.reader.send(TEXT, group=self.group, key=key))

        def requests(count: int) -> list[Request]:
            made = []
            for number in range(count):
                if number % SENDS_OF_EACH == 0:
                    sender = self.api.person("sender")
                    group = sender.send(TEXT, to=self.friend)["message_group_uuid"]
                again = str(uuid.uuid4())
                headers = {"Idempotency-Key": again} if key else {}
                raw = _post(sender, {"message": TEXT, "message_group_uuid": group}, **headers)
                new_id = self.api.stores.make_id()
                ids = {sent["uuid"]: new_id} | ({key: again} if key else {})
                made.append(Request(raw, tuple(call.renewed(ids) for call in calls), new_id))
            return made

        return Endpoint(name, requests)

    def _starting(self, name: str) -> Endpoint:
        calls, sent = self._taken_down(lambda: self.reader.send(TEXT, to=self.api.person("other")))

        def requests(count: int) -> list[Request]:
            made = []
            for number in range(count):
                if number % STARTS_OF_EACH == 0:
                    sender = self.api.person("starter")
                body = {"message": TEXT, "handle": self.api.person("other").user.handle}
                ids = {sent["uuid"]: self.api.stores.make_id(), sent["message_group_uuid"]: str(uuid.uuid4())}
                made.append(Request(_post(sender, body), tuple(call.renewed(ids) for call in calls)))
            return made

        return Endpoint(name, requests)

    def _taken_down(self, send: Callable[[], dict[str, Any]]) -> tuple[list[Call], dict[str, Any]]:
        with taken_down(self.api.table.client) as calls:
            sent = send()
        return calls, sent


def _post(sender: Person, body: dict[str, str], **headers: str) -> bytes:
    return request_of("POST", "/api/messages", sender.token, body, **headers)
