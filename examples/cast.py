"""The people of the examples: they sign up, ask the API, listen to it, and print what they hear."""

from __future__ import annotations

import json
import queue
import re
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

PATIENCE_SECONDS = 10
PASSWORD = "A long enough passw0rd!"  # noqa: S105  # of people who exist for a minute, on one laptop
# Long values and what a reader knows already would hide the rest.
WIDTH = 110
_UUID = re.compile(r"([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOLD = ("code", "message", "display_name", "title", "ttl", "kind", "unread_count", "rev", "read_up_to", "success")


class OutOfScript(Exception):
    """Something was not as the story has it."""


@dataclass
class Stage:
    """Where the API and the sign-in are, and how the story is told."""

    api: str
    cognito: str
    client_id: str
    asked: int = 0
    scenes: int = 0

    @classmethod
    def of(cls, settings: Path) -> Stage:
        """Raises OutOfScript if the system is not up."""
        try:
            pairs = dict(line.split("=", 1) for line in settings.read_text(encoding="utf-8").split("\n") if line)
        except FileNotFoundError:
            raise OutOfScript("nothing is running here. Start it in another terminal: bin/dev") from None
        cognito = pairs["AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"]
        return cls(pairs["BACKEND_URL"], cognito, pairs["AWS_COGNITO_USER_POOL_CLIENT_ID"])

    def scene(self, title: str) -> None:
        self.scenes += 1
        print(f"\n{self.scenes}. {title}")

    def expect(self, it_is_so: bool, what: str) -> None:
        if not it_is_so:
            raise OutOfScript(f"it is not so that {what}")
        print(f"   - {what}")

    def until(self, it_is_so: Callable[[], bool], what: str) -> None:
        """Lists follow a message within some tens of milliseconds."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while not it_is_so():
            if time.monotonic() > ends_at:
                raise OutOfScript(f"it has not come to be in {PATIENCE_SECONDS} s that {what}")
            time.sleep(0.05)
        print(f"   - {what}")

    def newcomer(self, name: str) -> Friend:
        """Somebody who signs up and signs in, as a front end lets them. Any code confirms in the local pool."""
        handle = f"{name.split(maxsplit=1)[0].lower()}-{uuid.uuid4().hex[:6]}"
        email = f"{handle}@cruddur.example"
        told = {"name": name, "email": email, "preferred_username": handle}
        attributes = [{"Name": key, "Value": value} for key, value in told.items()]
        who = {"ClientId": self.client_id, "Username": email}
        self._cognito("SignUp", who | {"Password": PASSWORD, "UserAttributes": attributes})
        self._cognito("ConfirmSignUp", who | {"ConfirmationCode": "123456"})
        proof = {"USERNAME": email, "PASSWORD": PASSWORD}
        signed_in = self._cognito(
            "InitiateAuth", {"ClientId": self.client_id, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": proof}
        )
        friend = Friend(self, handle, signed_in["AuthenticationResult"]["AccessToken"])
        # The first request makes their row in Postgres.
        friend.look("/api/message_groups")
        return friend

    def _cognito(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        headers = {
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        answer = self.ask("POST", self.cognito, headers=headers, data=json.dumps(body))
        if answer.status_code != requests.codes.ok:
            raise OutOfScript(f"Cognito answers {answer.status_code} to {operation}")
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    def ask(self, method: str, url: str, **arguments: Any) -> requests.Response:
        self.asked += 1
        try:
            return requests.request(method, url, timeout=PATIENCE_SECONDS, **arguments)
        except requests.ConnectionError:
            raise OutOfScript(f"nobody answers at {url}. Start it in another terminal: bin/dev") from None


@dataclass
class Friend:
    stage: Stage
    handle: str
    token: str = field(repr=False)

    @property
    def name(self) -> str:
        return self.handle.partition("-")[0]

    @property
    def signed(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def get(self, path: str, status: int = 200) -> Any:
        return self._ask("GET", path, None, status, {})

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None, status: int = 200) -> Any:
        return self._ask("POST", path, body, status, headers or {})

    def put(self, path: str, body: Any = None, status: int = 200) -> Any:
        return self._ask("PUT", path, body, status, {})

    def patch(self, path: str, body: Any, headers: dict[str, str] | None = None, status: int = 200) -> Any:
        return self._ask("PATCH", path, body, status, headers or {})

    def delete(self, path: str, status: int = 200) -> Any:
        return self._ask("DELETE", path, None, status, {})

    def look(self, path: str) -> Any:
        """Asks without telling."""
        return self.stage.ask("GET", self.stage.api + path, headers=self.signed).json()

    def _ask(self, method: str, path: str, body: Any, status: int, headers: dict[str, str]) -> Any:
        url = self.stage.api + path
        answer = self.stage.ask(method, url, json=body, headers=self.signed | headers)
        said = f" {json.dumps(body)}" if body else ""
        print(_cut(f"   {self.name:>6} > {method} {_short(path)}{_short(said)}"))
        print(_cut(f"          {answer.status_code} {_brief(answer.json())}"))
        if answer.status_code != status:
            raise OutOfScript(f"{method} {path} was to be answered {status}, and was {answer.status_code}")
        return answer.json()

    def listen(self, after: Stream | None = None) -> Stream:
        """Opens an event stream; `after` another one, what was missed since then comes first."""
        stream = Stream(self, after.last_id if after else "")
        stream.open()
        return stream


@dataclass
class Stream:
    """Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), read in a thread."""

    friend: Friend
    last_id: str
    events: queue.Queue[tuple[str, str, Any]] = field(default_factory=queue.Queue)
    answer: requests.Response | None = None

    def open(self) -> None:
        headers = self.friend.signed | {"Accept": "text/event-stream"}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        url = f"{self.friend.stage.api}/api/messages/stream"
        self.answer = self.friend.stage.ask("GET", url, headers=headers, stream=True)
        since = " with Last-Event-ID" if self.last_id else ""
        print(f"   {self.friend.name:>6} > GET /api/messages/stream{since}")
        if self.answer.status_code != requests.codes.ok:
            raise OutOfScript(f"the stream is answered {self.answer.status_code}")
        threading.Thread(target=self._read, args=(self.answer,), daemon=True).start()

    def hears(self, kind: str = "", message_uuid: str = "") -> Any:
        """The next event. Raises OutOfScript if it is another one, or does not come."""
        try:
            name, event_id, told = self.events.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise OutOfScript(f"{self.friend.name} has heard nothing for {PATIENCE_SECONDS} s") from None
        self.last_id = event_id or self.last_id
        print(_cut(f"   {self.friend.name:>6} < {name} {_brief(told)}"))
        if (kind and name != kind) or (message_uuid and told["uuid"] != message_uuid):
            raise OutOfScript(f"{self.friend.name} was to hear {kind} {message_uuid}")
        return told

    def close(self) -> None:
        if self.answer:
            self.answer.close()

    def _read(self, answer: requests.Response) -> None:
        fields: dict[str, str] = {}
        try:
            for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line:
                    name, _, value = line.partition(":")
                    fields[name] = value.removeprefix(" ")
                elif "data" in fields:
                    told = json.loads(fields["data"])
                    self.events.put((fields.get("event", "message"), fields.get("id", ""), told))
                    fields = {}
        except (requests.RequestException, AttributeError, ValueError):
            return  # it was closed


def _brief(told: Any) -> str:
    if isinstance(told, list):
        return json.dumps(told) if all(isinstance(each, str) for each in told) else _list(told)
    kept = {name: told[name] for name in _TOLD if told.get(name) not in {None, ""}}
    if "members" in told and isinstance(told["members"], list):
        kept["members"] = [each["handle"] for each in told["members"]]
    return _short(json.dumps(kept))


def _list(told: list[Any]) -> str:
    texts = [each.get("message", each.get("handle", "")) for each in told]
    return f"{len(told)}: " + json.dumps(texts)


def _short(text: str) -> str:
    """With the first eight letters of uuids."""
    return _UUID.sub(r"\1...", text)


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."
