"""The API in this process, and people who use it."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from backend_flask.lib.ddb import Hint, MessageTable
from backend_flask.lib.ddb_items import Member, direct_group_uuid
from backend_flask.services.users import User
from backend_flask.stores import EXTENSION, Stores
from tests import openapi
from tests.messages_table import stored
from tests.tokens import CLAIMS, HEADER, rs

FRONTEND = "http://localhost:3000"
_numbers = itertools.count(1)


def token_of(sub: str, **claims: object) -> str:
    """An access token of the test pool that holds for an hour."""
    now = int(time.time())
    return rs(HEADER, CLAIMS | {"sub": sub, "iat": now, "exp": now + 3600} | claims)


@dataclass(frozen=True)
class Api:
    app: Flask

    @property
    def stores(self) -> Stores:
        stores: Stores = self.app.extensions[EXTENSION]
        return stores

    @property
    def table(self) -> MessageTable:
        return self.stores.table

    def withhold_hints(self) -> None:
        """The thread that sends them asks Postgres and DynamoDB too, and would be counted among what a test asks."""

        def withhold(hint: Hint) -> None:
            """Drops it."""

        self.stores.live.publisher.publish = withhold  # type: ignore[method-assign]

    def request(self, method: str, path: str, **arguments: Any) -> TestResponse:
        """Every answer is held to the OpenAPI document."""
        answer = self.app.test_client().open(path, method=method, **arguments)
        openapi.check(self.app, answer)
        if answer.mimetype == "text/event-stream":
            # Nobody reads it here (see tests/listening.py), and it would be told of all that other tests do.
            answer.close()
        return answer

    def person(self, name: str = "person") -> Person:
        """Somebody new, whose handle nobody else has."""
        handle, sub = f"{name}{next(_numbers)}", str(uuid.uuid4())
        row = self.stores.db.one(
            "users/create", handle=handle, display_name=name.title(), email=None, cognito_user_id=sub
        )
        assert row
        return Person(self, User(**row), token_of(sub))

    def stream(self, *people: Person) -> None:
        """What the stream function would have done by now in the direct message group of two people."""
        one, other = people
        self.stream_of(direct_group_uuid(one.user.uuid, other.user.uuid))

    def stream_of(self, group: str) -> None:
        """The same in any message group."""
        self.table.update_message_groups(stored(self.table, group))
        self.table.refresh_message_group(group)


@dataclass(frozen=True)
class Person:
    api: Api
    user: User
    token: str

    @property
    def at_handle(self) -> str:
        return f"@{self.user.handle}"

    @property
    def member(self) -> Member:
        return Member(self.user.uuid, self.user.display_name, self.user.handle)

    def request(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        signed = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return self.api.request(method, path, headers=signed, **more)

    def get(self, path: str) -> TestResponse:
        return self.request("GET", path)

    def post(self, path: str, body: object, **headers: str) -> TestResponse:
        return self.request("POST", path, json=body, headers=headers)

    def put(self, path: str) -> TestResponse:
        return self.request("PUT", path)

    def delete(self, path: str, **headers: str) -> TestResponse:
        return self.request("DELETE", path, headers=headers)

    def patch(self, path: str, body: object, **headers: str) -> TestResponse:
        return self.request("PATCH", path, json=body, headers=headers)

    def start(self, *others: Person, message: str = "hi", key: str = "", **more: object) -> dict[str, Any]:
        """The first message of a message group of many that was started."""
        body = {"handles": [other.user.handle for other in others], "message": message, **more}
        first: dict[str, Any] = done(
            self.post("/api/message_groups", body, **({"Idempotency-Key": key} if key else {}))
        )
        return first

    def send(self, message: str, to: Person | None = None, group: str | None = None, key: str = "") -> dict[str, Any]:
        """The answer of a message that was sent."""
        body = {"message": message, **({"handle": to.user.handle} if to else {"message_group_uuid": group})}
        sent: dict[str, Any] = done(self.post("/api/messages", body, **({"Idempotency-Key": key} if key else {})))
        return sent

    def messages(self, group: str) -> list[str]:
        """The texts of the newest messages of a message group, oldest first."""
        return [message["message"] for message in done(self.get(f"/api/messages/{group}?limit=100&order=asc"))]

    def groups(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = done(self.get("/api/message_groups"))
        return found


def done(answer: TestResponse) -> Any:
    """What a request is answered that does what it asks."""
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def refusal_of(answer: TestResponse) -> tuple[int, object]:
    """The status, and the code or codes."""
    return answer.status_code, code_of(answer)


def code_of(answer: TestResponse) -> object:
    """The code of a problem, or the codes of an invalid request."""
    body = json.loads(answer.data)
    return body["code"] if isinstance(body, dict) else body


def eventually(found: Callable[[], object], wanted: object, seconds: float = 3) -> None:
    """An index follows its table within milliseconds."""
    ends_at = time.monotonic() + seconds
    while (seen := found()) != wanted and time.monotonic() < ends_at:
        time.sleep(0.01)
    assert seen == wanted


def next_link(answer: TestResponse) -> str | None:
    """The address of the next page (RFC 8288)."""
    link = answer.headers.get("Link")
    if link is None:
        return None
    address, _, relation = link.partition(">; ")
    assert relation == 'rel="next"'
    assert address.startswith("</api/")
    return address[1:]


def pages(person: Person, path: str, between: Callable[[], object] = lambda: None) -> Iterable[list[dict[str, Any]]]:
    """All pages from this one on; `between` is called after each."""
    following: str | None = path
    while following:
        answer = person.get(following)
        assert answer.status_code == 200, answer.text
        yield answer.get_json()
        following = next_link(answer)
        between()
