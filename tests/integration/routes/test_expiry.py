"""Messages that live for some time. The table's clock is put forward; DynamoDB has removed nothing yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.services.rules import LIFETIMES
from backend_flask.stores import EXTENSION
from tests.api import Api, Person, done, eventually, pages, refusal_of
from tests.groups import at, field_in_list, row_in_list, started
from tests.messages_table import stored

HOUR = 3600
MISSING = (404, "message_not_found")


class Clock:
    """The real time, and what is added to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(another_api: Callable[..., Api], clock: Clock) -> Api:
    """An app for which time passes faster."""
    made = another_api()
    make_id = Uuid7(lambda: int(clock() * 1000))
    table = MessageTable(made.table.client, made.table.name, make_id, clock)
    made.app.extensions[EXTENSION] = replace(made.stores, table=table, membership=Membership(table, make_id))
    return made


@pytest.fixture
def direct(londo: Person, gkar: Person) -> str:
    """A message for good, and then one for an hour, which gkar has not read."""
    group = started(londo.send("for good", to=gkar))
    done(gkar.patch(at(group), {"ttl": "1-hour"}))
    londo.send("for an hour", group=group)
    londo.api.stream_of(group)
    return group


def lives(message: dict[str, Any]) -> timedelta | None:
    if message["expires_at"] is None:
        return None
    return datetime.fromisoformat(message["expires_at"]) - datetime.fromisoformat(message["created_at"])


@pytest.mark.parametrize("ttl", LIFETIMES)
def test_messages_say_when_they_expire(londo: Person, gkar: Person, group: str, ttl: str) -> None:
    assert done(gkar.patch(at(group), {"ttl": ttl}))["ttl"] == ttl
    sent = londo.send("hi", group=group)
    lifetime = lives(sent)
    assert lifetime
    assert abs(lifetime - LIFETIMES[ttl]) < timedelta(seconds=1)
    assert done(gkar.get(f"/api/messages/{group}"))[0] == sent
    assert (
        done(londo.patch(f"/api/messages/{group}/{sent['uuid']}", {"message": "new"}))["expires_at"]
        == (sent["expires_at"])
    )


def test_a_time_to_live_holds_for_what_is_sent_from_then_on(londo: Person, gkar: Person, vir: Person) -> None:
    for group in (started(londo.start(gkar, vir)), started(londo.send("hi", to=gkar))):
        path = at(group)
        assert done(londo.get(path))["ttl"] is None
        assert lives(done(gkar.get(f"/api/messages/{group}"))[0]) is None
        done(gkar.patch(path, {"ttl": "1-hour"}))
        for person in (londo, gkar):
            assert done(person.get(path))["ttl"] == "1-hour"
            eventually(partial(field_in_list, person, group, "ttl"), "1-hour")
            assert lives(person.send("hi", group=group))
        assert done(londo.patch(path, {"ttl": "off"}))["ttl"] is None
        assert lives(gkar.send("hi", group=group)) is None
        eventually(partial(field_in_list, gkar, group, "ttl"), None)
        assert lives(done(gkar.get(f"/api/messages/{group}"))[1])


def test_a_new_member_sends_for_as_long_as_the_others(api: Api, londo: Person, group: str) -> None:
    done(londo.patch(at(group), {"ttl": "1-hour", "title": "Soon gone"}))
    lennier = api.person("lennier")
    shown = done(londo.post(at(group, "/members"), {"handles": [lennier.user.handle]}))
    assert (shown["ttl"], shown["title"]) == ("1-hour", "Soon gone")
    assert lives(lennier.send("hi", group=group))


def test_what_has_expired_is_nowhere(clock: Clock, londo: Person, gkar: Person, direct: str) -> None:
    good, hour = (message.message_uuid for message in stored(londo.api.table, direct))
    path = f"/api/messages/{direct}"
    assert gkar.messages(direct) == ["for good", "for an hour"]
    eventually(partial(field_in_list, gkar, direct, "message"), "for an hour")
    clock.ahead = HOUR + 1
    for person in (londo, gkar):
        for query in ("", "?limit=1", "?order=asc", f"?around={hour}", f"?around={good}", f"?before={hour[:-1]}f"):
            assert [message["uuid"] for message in done(person.get(path + query))] == [good], query
        assert done(person.get(f"{path}?after={good}")) == []
        assert field_in_list(person, direct, "message") == ""
    assert refusal_of(londo.patch(f"{path}/{hour}", {"message": "more"})) == MISSING
    assert refusal_of(londo.delete(f"{path}/{hour}")) == MISSING
    assert refusal_of(gkar.patch(f"{path}/{hour}", {"message": "more"})) == MISSING
    assert [message.message_uuid for message in stored(londo.api.table, direct)] == [good, hour]


def test_what_has_expired_is_not_unread(clock: Clock, gkar: Person, londo: Person, direct: str) -> None:
    good = stored(gkar.api.table, direct)[0].message_uuid

    def unread() -> tuple[object, ...]:
        row = row_in_list(gkar, direct)
        return row.get("unread"), row.get("unread_count"), row.get("message")

    def listed(more: str = "") -> list[str]:
        return [row["uuid"] for row in done(gkar.get(f"/api/message_groups?unread=1{more}"))]

    eventually(unread, (True, 2, "for an hour"))
    done(gkar.post(at(direct, "/read"), {"message_uuid": good}))
    eventually(unread, (True, 1, "for an hour"))
    assert listed() == [direct]
    clock.ahead = HOUR + 1
    assert unread() == (False, 0, "")
    assert listed() == []
    londo.send("anybody?", to=gkar)
    gkar.api.stream_of(direct)
    eventually(unread, (True, 1, "anybody?"))
    assert listed() == [direct]


def test_pages_of_what_is_unread_go_on_past_what_has_expired(clock: Clock, api: Api, londo: Person) -> None:
    expiring: list[str] = []
    staying: list[str] = []
    for number in range(6):
        other = api.person("vir")
        sent = londo.send("hi", to=other)
        if number % 3:
            done(londo.patch(at(started(sent)), {"ttl": "1-hour"}))
        other.send("back", to=londo)
        api.stream_of(started(sent))
        (expiring if number % 3 else staying).append(started(sent))
    eventually(lambda: len(done(londo.get("/api/message_groups?unread=1"))), 6)
    clock.ahead = HOUR + 1
    for limit in (1, 2, 3, 20):
        found = [row["uuid"] for page in pages(londo, f"/api/message_groups?unread=1&limit={limit}") for row in page]
        assert found == staying[::-1]


def test_a_page_is_full_of_what_is_left_and_leads_on(clock: Clock, londo: Person, gkar: Person, direct: str) -> None:
    for number in range(5):
        londo.send(f"hour {number}", group=direct)
    done(londo.patch(at(direct), {"ttl": "off"}))
    for number in range(3):
        londo.send(f"good {number}", group=direct)
    clock.ahead = HOUR + 1
    for limit in (1, 2, 3, 4, 100):
        found = [each for page in pages(gkar, f"/api/messages/{direct}?limit={limit}") for each in page]
        assert [message["message"] for message in found] == ["good 2", "good 1", "good 0", "for good"], limit


def test_a_send_key_does_not_bring_back_what_has_expired(
    clock: Clock, londo: Person, gkar: Person, direct: str
) -> None:
    first = londo.send("once", group=direct, key="k")
    clock.ahead = HOUR + 1
    assert londo.send("once", group=direct, key="k")["uuid"] == first["uuid"]
    assert gkar.messages(direct) == ["for good"]
    item = stored(gkar.api.table, direct)[-1]
    assert item.message_uuid == first["uuid"]
    gkar.api.table.client.delete_item(
        TableName=gkar.api.table.name, Key={"pk": {"S": f"MSG#{direct}"}, "sk": {"S": first["uuid"]}}
    )
    assert londo.send("once", group=direct, key="k")["expires_at"] == first["expires_at"]
    assert gkar.messages(direct) == ["for good"]
