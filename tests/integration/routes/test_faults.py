"""Every fault of DynamoDB, at every call of every way to send and to read, once and for ever.

The answer is 200 or 503, in time; nothing is half-written; and a retry with the same key ends as exactly one message.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from backend_flask.lib.ddb import MessageGroupNotFound
from backend_flask.lib.ddb_items import GROUP_SK, direct_group_uuid, message_key
from backend_flask.routes.messages import MessageJson, as_json
from backend_flask.services.users import User
from tests.api import Api, Person
from tests.arena import Arena
from tests.faults import FAULTS, Fault, Plan, Wire, wire
from tests.messages_table import eventually, row_of, stored

UNAVAILABLE = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "unavailable"}
LATEST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
SECONDS = 5.0


@dataclass(frozen=True)
class Way:
    """A way to send, and the calls that it makes."""

    name: str
    calls: list[str]
    by_handle: bool
    is_first: bool = False
    with_key: bool = False


WAYS = [
    Way("to a group", ["GetItem", "PutItem"], by_handle=False),
    Way("to a group with a key", ["GetItem", "PutItem", "PutItem"], by_handle=False, with_key=True),
    Way("the first", ["GetItem", "GetItem", "TransactWriteItems"], by_handle=True, is_first=True),
    Way(
        "the first with a key",
        ["GetItem", "PutItem", "GetItem", "TransactWriteItems"],
        by_handle=True,
        is_first=True,
        with_key=True,
    ),
    Way("by handle", ["GetItem", "PutItem"], by_handle=True),
    Way("by handle with a key", ["GetItem", "PutItem", "PutItem"], by_handle=True, with_key=True),
]


@dataclass
class World:
    """Two people who have written to each other, over a wire that is about to fail."""

    api: Api
    wire: Wire
    londo: Person
    gkar: Person
    group: str
    sent: dict[str, Any]
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def send(self, way: Way, receiver: Person, text: str) -> TestResponse:
        body = {"message": text, **({"handle": receiver.user.handle} if way.by_handle else {})}
        if not way.by_handle:
            body["message_group_uuid"] = self.group
        return self.londo.post("/api/messages", body, **({"Idempotency-Key": text} if way.with_key else {}))

    def said(self, receiver: Person, text: str) -> list[MessageJson]:
        """The newest messages with this text, as the API would show them to the receiver."""
        group = direct_group_uuid(self.londo.user.uuid, receiver.user.uuid)
        try:
            newest = self.api.table.list_messages(receiver.user.uuid, group, 5)
        except MessageGroupNotFound:
            return []
        return [as_json(message) for message in newest.items if message.message == text]

    def receiver(self, way: Way) -> Person:
        """Somebody who has a message group with londo, or not. They never sign in."""
        if not way.is_first:
            return self.gkar
        row = self.api.stores.db.one(
            "users/create", handle=f"new{next(self.numbers)}", display_name="New", email=None, cognito_user_id=None
        )
        assert row
        return replace(self.gkar, user=User(**row))


@pytest.fixture(scope="module")
def world(arena: Arena) -> Iterator[World]:
    with arena.api() as api, wire(api.table) as between:
        londo, gkar = api.person("londo"), api.person("gkar")
        sent = gkar.send("hi", to=londo)
        assert eventually(londo.groups, bool)
        gkar.groups()
        yield World(api, between, londo, gkar, sent["message_group_uuid"], sent)


def at(nth: int, fault: Fault, *, for_ever: bool) -> Plan:
    """The fault strikes the nth attempt, and all that follow if it goes on for ever."""
    attempts = itertools.count(1)

    def plan(_: str) -> Fault | None:
        attempt = next(attempts)
        return fault if attempt == nth or (for_ever and attempt > nth) else None

    return plan


def answer_in_time(world: World, ask: Callable[[], TestResponse], plan: Plan) -> TestResponse:
    """200, or a 503 that says when to try again and nothing else. Afterwards all is well again."""
    world.wire.reset(plan)
    begun = time.monotonic()
    answer = ask()
    took = world.wire.waited + time.monotonic() - begun
    world.wire.reset()
    assert took < SECONDS
    assert answer.status_code in {200, 503}, answer.text
    if answer.status_code == 503:
        assert answer.get_json() == UNAVAILABLE
        assert int(answer.headers["Retry-After"]) >= 1
    return answer


def is_whole_or_not_there(world: World, receiver: Person) -> None:
    """The group's item, both rows and the first message."""
    group, table = direct_group_uuid(world.londo.user.uuid, receiver.user.uuid), world.api.table
    item = table.client.get_item(TableName=table.name, Key=message_key(group, GROUP_SK), ConsistentRead=True)
    rows = [row_of(table, person.user.uuid, group) for person in (world.londo, receiver)]
    there = {"Item" in item, *(row is not None for row in rows), bool(stored(table, group))}
    assert len(there) == 1, (item, rows)


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
def test_each_way_makes_the_calls_that_the_faults_are_for(world: World, way: Way) -> None:
    receiver = world.receiver(way)
    world.wire.reset()
    assert world.send(way, receiver, f"plain {next(world.numbers)}").status_code == 200
    assert world.wire.attempts == way.calls


@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
def test_a_fault_while_sending_ends_as_one_message(world: World, way: Way, fault: Fault, for_ever: bool) -> None:
    for nth, call in enumerate(way.calls, 1):
        if call not in fault.operations:
            continue
        receiver = world.receiver(way)
        text = f"message {next(world.numbers)}"
        plan = at(nth, fault, for_ever=for_ever)
        answer = answer_in_time(world, lambda r=receiver, t=text: world.send(way, r, t), plan)  # type: ignore[misc]
        if fault.absorbed and not for_ever:
            assert answer.status_code == 200, call
        if way.is_first:
            is_whole_or_not_there(world, receiver)
        if way.with_key:
            again = world.send(way, receiver, text)
            assert again.status_code == 200, again.text
            assert answer.status_code == 503 or answer.get_json() == again.get_json()
            answer = again
        said = world.said(receiver, text)
        assert said == [answer.get_json()] if answer.status_code == 200 else len(said) <= 1


def mark_read(world: World) -> TestResponse:
    return world.londo.post(f"/api/message_groups/{world.group}/read", {"message_uuid": world.sent["uuid"]})


QUESTIONS: list[tuple[str, list[str], Callable[[World], TestResponse]]] = [
    ("list", ["Query", "Query"], lambda world: world.londo.get("/api/message_groups")),
    ("list without counts", ["Query"], lambda world: world.londo.get("/api/message_groups?counts=0")),
    ("newest page", ["Query"], lambda world: world.londo.get(f"/api/messages/{world.group}")),
    ("older page", ["GetItem", "Query"], lambda world: world.londo.get(f"/api/messages/{world.group}?before={LATEST}")),
    ("page by handle", ["Query"], lambda world: world.londo.get(f"/api/messages/{world.gkar.at_handle}")),
    ("read marker", ["UpdateItem"], mark_read),
]


@pytest.fixture(scope="module")
def readers(world: World) -> World:
    """Two others, who have one message between them, unread."""
    londo, gkar = world.api.person("londo"), world.api.person("gkar")
    sent = gkar.send("hi", to=londo)
    assert eventually(londo.groups, bool)
    return replace(world, londo=londo, gkar=gkar, group=sent["message_group_uuid"], sent=sent)


@pytest.fixture(scope="module")
def right(readers: World) -> dict[str, Any]:
    """The answers while all is well, before anything is marked as read."""
    return {name: ask(readers).get_json() for name, _, ask in QUESTIONS[:-1]}


@pytest.mark.parametrize(("name", "calls", "ask"), QUESTIONS, ids=[question[0] for question in QUESTIONS])
def test_a_fault_while_reading_gives_the_right_answer_or_none(
    readers: World, right: dict[str, Any], name: str, calls: list[str], ask: Callable[[World], TestResponse]
) -> None:
    for fault, for_ever in itertools.product(FAULTS, [False, True]):
        for nth, call in enumerate(calls, 1):
            if call not in fault.operations:
                continue
            answer = answer_in_time(readers, lambda: ask(readers), at(nth, fault, for_ever=for_ever))
            if fault.absorbed and not for_ever:
                assert answer.status_code == 200, (fault.name, call)
            if answer.status_code == 200:
                assert answer.get_json() == right.get(name, {"success": True}), fault.name
