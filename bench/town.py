"""Somebody with a busy inbox, and the requests that they make: what the measurements of speed have in common."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.bare import Asked, taken_down
from bench.caller import request_of
from tests.api import Api, Person, eventually

MESSAGES = 60
GROUPS = 30
UNREAD_ROWS = 5
# Less than half of what may be sent at once: what the API has sent is sent again by hand, and nobody is to be refused.
SENDS_OF_EACH = 25
STARTS_OF_EACH = 4
TEXT = "As long as many a message is: some lines on a telephone, a question, an answer."
HEALTH_CHECK = request_of("GET", "/api/health-check")


@dataclass(frozen=True)
class Request:
    """As it goes over the line, and what is asked of DynamoDB and Postgres to answer it."""

    raw: bytes
    asked: Asked
    # Of a message that is written: its own uuid, and that of whoever sends it.
    new_id: str = ""
    sender: str = ""


@dataclass(frozen=True)
class Endpoint:
    """`requests(n)` makes n requests that can be asked once each; those that only read are n times the same."""

    name: str
    requests: Callable[[int], list[Request]]


@dataclass
class Town:
    """For an API with its rate limits on.

    `reader` has GROUPS message groups, one of them with MESSAGES; nothing is unread. `busy` has UNREAD_ROWS too.
    """

    api: Api
    reader: Person = field(init=False)
    friend: Person = field(init=False)
    busy: Person = field(init=False)
    group: str = field(init=False)

    def __post_init__(self) -> None:
        self.reader, self.friend, self.busy = (self.api.person(name) for name in ("reader", "friend", "busy"))
        table = self.api.table
        # By the table itself, or it would be more than one person may send.
        for owner in (self.reader, self.busy):
            for _ in range(GROUPS):
                table.create_direct_message(owner.member, self.api.person("other").member, TEXT)
        for _ in range(UNREAD_ROWS):
            table.create_direct_message(self.api.person("writer").member, self.busy.member, TEXT)
        first = table.create_direct_message(self.reader.member, self.friend.member, TEXT)
        self.group = first.message_group_uuid
        for _ in range(MESSAGES):
            newest = table.create_message(self.reader.member, self.group, TEXT)
        self.api.stream(self.reader, self.friend)
        eventually(lambda: self.reader.groups()[0]["last_message_uuid"], newest.message_uuid)
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
        with taken_down(self.api.table.client) as asked:
            answer = person.get(path)
        assert answer.status_code == 200, answer.text
        request = Request(request_of("GET", path, person.token), asked)
        return Endpoint(name, lambda count: [request] * count)

    def _sending(self, name: str, key: str = "") -> Endpoint:
        with taken_down(self.api.table.client) as asked:
            sent = self.reader.send(TEXT, group=self.group, key=key)

        def requests(count: int) -> list[Request]:
            made = []
            for number in range(count):
                if number % SENDS_OF_EACH == 0:
                    sender = self.api.person("sender")
                    group = sender.send(TEXT, to=self.friend)["message_group_uuid"]
                again, new_id = str(uuid.uuid4()), self.api.stores.make_id()
                raw = _post(
                    sender,
                    {"message": TEXT, "message_group_uuid": group},
                    **({"Idempotency-Key": f"by-hand-{again}"} if key else {}),
                )
                ids = {sent["uuid"]: new_id, self.reader.user.uuid: sender.user.uuid, self.group: group}
                made.append(Request(raw, asked.renewed(ids | ({key: again} if key else {})), new_id, sender.user.uuid))
            return made

        return Endpoint(name, requests)

    def _starting(self, name: str) -> Endpoint:
        first = self.api.person("other")
        with taken_down(self.api.table.client) as asked:
            sent = self.reader.send(TEXT, to=first)

        def requests(count: int) -> list[Request]:
            made = []
            for number in range(count):
                if number % STARTS_OF_EACH == 0:
                    sender = self.api.person("starter")
                    # Whoever sends has been seen before.
                    sender.groups()
                other = self.api.person("other")
                ids = {
                    self.reader.user.uuid: sender.user.uuid,
                    first.user.uuid: other.user.uuid,
                    first.user.handle: other.user.handle,
                    sent["uuid"]: self.api.stores.make_id(),
                    # Another group than the API starts: each can be started once.
                    sent["message_group_uuid"]: str(uuid.uuid4()),
                }
                body = {"message": TEXT, "handle": other.user.handle}
                made.append(Request(_post(sender, body), asked.renewed(ids)))
            return made

        return Endpoint(name, requests)


def _post(sender: Person, body: dict[str, str], **headers: str) -> bytes:
    return request_of("POST", "/api/messages", sender.token, body, **headers)
