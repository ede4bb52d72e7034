"""Blocks: who is blocked finds everything as if they were not, wherever they look and whatever they do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from backend_flask.lib.metering import Meter, meter
from tests.api import Api, Person, done, eventually
from tests.groups import NO_SUCH_UUID, at, field_in_list, started

UUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def block(who: Person, whom: Person) -> None:
    assert done(who.put(f"/api/blocks/{whom.at_handle}")) == {"success": True}


def unblock(who: Person, whom: Person) -> None:
    assert done(who.delete(f"/api/blocks/{whom.at_handle}")) == {"success": True}


@dataclass
class Ear:
    """All that one person hears, with names in the place of what differs from one pair of people to the next."""

    who: Person
    other: Person
    spent: Meter
    names: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[str, object]] = field(default_factory=list)
    calls: list[list[str]] = field(default_factory=list)

    def hear(self, answer: TestResponse) -> Any:
        headers = [(name, self._plain(value)) for name, value in answer.headers if name != "Content-Length"]
        self.heard.append((f"{answer.request.method} {answer.status}", (headers, self._plain(answer.text))))
        self.calls.append(sorted(self.spent.calls))
        self.spent.reset()
        return answer.get_json(silent=True)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        self.spent.reset()
        return self.hear(self.who.request(method, path, **more))

    def _plain(self, text: str) -> str:
        for person, name in ((self.who, "WHO"), (self.other, "OTHER")):
            text = text.replace(person.user.handle, name)
        text = INSTANT.sub("INSTANT", text)
        return UUID.sub(lambda found: self.names.setdefault(found[0], f"UUID {len(self.names)}"), text)


def look_everywhere(ear: Ear, group: str, newest: str, oldest: str) -> None:
    """Every way of reading that there is."""
    handle, path = ear.other.user.handle, f"/api/messages/{group}"
    eventually(partial(field_in_list, ear.who, group, "last_message_uuid"), newest)
    for query in (
        "", "?limit=1", "?order=asc", f"?before={newest}", f"?after={oldest}", f"?around={newest}",
        f"?around={oldest}&limit=1", f"?after={newest}", "?limit=2",
    ):  # fmt: skip
        ear.ask("GET", path + query)
    for link in (f"/api/messages/@{handle}", f"/api/message_groups/@{handle}", at(group)):
        ear.ask("GET", link)
        ear.ask("HEAD", link)
    for query in (
        "", "?counts=0", "?unread=1", "?limit=1", f"?since={oldest}", f"?since={newest}", f"?before={newest}",
        f"?with={handle}", f"?with={handle}&counts=0",
    ):  # fmt: skip
        ear.ask("GET", f"/api/message_groups{query}")
    ear.ask("GET", f"/api/users/search?term={handle}")
    ear.ask("GET", f"/api/users/@{handle}/short")
    ear.ask("GET", "/api/blocks")
    ear.ask("GET", f"/api/activities/@{handle}")


def write_everything(ear: Ear, to: dict[str, Any]) -> str:
    """Every way of writing that there is. Gives the uuid of the newest message."""
    key = {"Idempotency-Key": "a key"}
    sent = ear.ask("POST", "/api/messages", json={"message": "by name", **to}, headers=key)
    group = started(sent)
    ear.ask("POST", "/api/messages", json={"message": "by name", **to}, headers=key)
    ear.ask("POST", "/api/messages", json={"message": "other", **to}, headers=key)
    ear.ask("POST", "/api/messages", json={"message": " ", **to})
    second = ear.ask("POST", "/api/messages", json={"message": "second", "message_group_uuid": group})
    path = f"/api/messages/{group}"
    for uuid in (sent["uuid"], second["uuid"], NO_SUCH_UUID):
        ear.ask("PATCH", f"{path}/{uuid}", json={"message": "edited"}, headers={"If-Match": '"0"'})
        ear.ask("PATCH", f"{path}/{uuid}", json={"message": "again"}, headers={"If-Match": '"0"'})
    ear.ask("DELETE", f"{path}/{sent['uuid']}")
    for uuid in (sent["uuid"], second["uuid"], NO_SUCH_UUID):
        ear.ask("POST", at(group, "/read"), json={"message_uuid": uuid})
    ear.ask("PATCH", at(group), json={"ttl": "7-days"})
    ear.ask("PATCH", at(group), json={"title": "Us"})
    ear.ask("POST", at(group, "/members"), json={"handles": [ear.other.user.handle]})
    ear.ask("DELETE", at(group, f"/members/{ear.other.at_handle}"))
    ear.ask("PUT", at(group, "/mute"))
    ear.ask("POST", at(group, "/hide"))
    newest = ear.ask("POST", "/api/messages", json={"message": "newest", "message_group_uuid": group})
    ear.who.api.stream(ear.who, ear.other)
    return uuid_of(newest)


Block = Callable[[Person, Person], None]


def story(api: Api, spent: Meter, block_or_not: Block, unblock_or_not: Block, *, has_begun: bool) -> Ear:
    """What londo hears who writes to gkar, before and after gkar may block him."""
    londo, gkar = api.person("londo"), api.person("gkar")
    ear, group = Ear(londo, gkar, spent), ""
    for person in (londo, gkar):
        person.groups()
    if has_begun:
        group = started(gkar.send("before", to=londo))
        mine = londo.send("mine, before", to=gkar)
        api.stream(londo, gkar)
        done(londo.post(at(group, "/read"), {"message_uuid": mine["uuid"]}))
    block_or_not(gkar, londo)
    if not has_begun:
        ear.ask("GET", f"/api/messages/{gkar.at_handle}")
        ear.ask("GET", f"/api/messages/{gkar.at_handle}?before={NO_SUCH_UUID}")
        ear.ask("GET", at(gkar.at_handle))
        ear.ask("PUT", at(gkar.at_handle, "/mute"))
        ear.ask("GET", f"/api/message_groups?with={gkar.user.handle}")
    newest = write_everything(ear, {"handle": gkar.user.handle})
    group = group or started(done(londo.get(f"/api/messages/{gkar.at_handle}"))[0])
    look_everywhere(ear, group, newest, oldest_of(londo, group))
    # Londo blocks gkar, and thinks better of it.
    for method in ("PUT", "PUT", "DELETE", "DELETE"):
        ear.ask(method, f"/api/blocks/{gkar.at_handle}")
    newest = write_everything(ear, {"message_group_uuid": group})
    look_everywhere(ear, group, newest, oldest_of(londo, group))
    unblock_or_not(gkar, londo)
    newest = write_everything(ear, {"message_group_uuid": group})
    look_everywhere(ear, group, newest, oldest_of(londo, group))
    newest = gkar.send("well?", to=londo)["uuid"]
    api.stream(londo, gkar)
    look_everywhere(ear, group, newest, oldest_of(londo, group))
    return ear


def oldest_of(person: Person, group: str) -> str:
    return uuid_of(done(person.get(f"/api/messages/{group}?order=asc&limit=100"))[0])


def uuid_of(message: dict[str, Any]) -> str:
    uuid: str = message["uuid"]
    return uuid


def nothing(_: Person, __: Person) -> None:
    pass


@pytest.mark.parametrize("has_begun", [True, False], ids=["after they have talked", "before they ever did"])
def test_who_is_blocked_hears_the_same_wherever_they_look(api: Api, has_begun: bool) -> None:
    """Bytes and headers, apart from uuids and times, and what it costs, which is time."""
    spent = meter(api.table.client)
    one, other = (story(api, spent, *acts, has_begun=has_begun) for acts in ((nothing, nothing), (block, unblock)))
    assert len(one.heard) == len(other.heard) > 150
    for number, (without, with_a_block) in enumerate(zip(one.heard, other.heard, strict=True)):
        assert with_a_block == without, number
    for number, (without_calls, calls) in enumerate(zip(one.calls, other.calls, strict=True)):
        assert calls == without_calls, one.heard[number]
