"""Messages after and around one, and message groups since, unread, and with somebody, over HTTP."""

from __future__ import annotations

import re
import uuid

import pytest

from backend_flask.lib.metering import meter
from tests.api import Api, Person, code_of, eventually


@pytest.fixture
def sent(londo: Person, gkar: Person) -> list[str]:
    """The uuids of seven messages, newest first."""
    return [londo.send(str(number), to=gkar)["uuid"] for number in range(7)][::-1]


def links(answer: object) -> dict[str, str]:
    """The addresses of the pages on both sides, by their relation."""
    header = answer.headers.get("Link", "")  # type: ignore[attr-defined]
    return {relation: address for address, relation in re.findall(r'<(.+?)>; rel="(\w+)"', header)}


def uuids(answer: object) -> list[str]:
    return [message["uuid"] for message in answer.get_json()]  # type: ignore[attr-defined]


def test_a_reader_catches_up_page_by_page(londo: Person, gkar: Person, sent: list[str]) -> None:
    answer = londo.get(f"/api/messages/{gkar.at_handle}?limit=2&after={sent[4]}")
    assert uuids(answer) == sent[2:4]
    assert set(links(answer)) == {"prev"}
    answer = londo.get(links(answer)["prev"])
    assert uuids(answer) == sent[0:2]
    assert links(answer) == {}


def test_catching_up_oldest_first(londo: Person, gkar: Person, sent: list[str]) -> None:
    answer = londo.get(f"/api/messages/{gkar.at_handle}?limit=2&order=asc&after={sent[4]}")
    assert uuids(answer) == [sent[3], sent[2]]


def test_around_a_message_one_may_go_on_both_ways(londo: Person, gkar: Person, sent: list[str]) -> None:
    answer = londo.get(f"/api/messages/{gkar.at_handle}?limit=2&around={sent[3]}")
    assert uuids(answer) == sent[2:4]
    both = links(answer)
    assert uuids(londo.get(both["prev"])) == sent[0:2]
    assert uuids(londo.get(both["next"])) == sent[4:6]


def test_one_place_at_a_time(londo: Person, gkar: Person, sent: list[str]) -> None:
    answer = londo.get(f"/api/messages/{gkar.at_handle}?before={sent[0]}&after={sent[1]}")
    assert (answer.status_code, code_of(answer)) == (422, ["place_ambiguous"])


@pytest.mark.parametrize("name", ["after", "around"])
def test_a_place_is_a_uuid(londo: Person, gkar: Person, name: str) -> None:
    answer = londo.get(f"/api/messages/{gkar.at_handle}?{name}=yesterday")
    assert (answer.status_code, code_of(answer)) == (422, [f"{name}_invalid"])


@pytest.mark.parametrize("name", ["after", "around"])
def test_a_stranger_finds_no_place(api: Api, londo: Person, gkar: Person, sent: list[str], name: str) -> None:
    group = londo.send("hello", to=gkar)["message_group_uuid"]
    answers = [api.person().get(f"/api/messages/{each}?{name}={sent[3]}") for each in (group, uuid.uuid4())]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].data == answers[1].data


def test_a_conversation_is_found_without_being_started(londo: Person, gkar: Person) -> None:
    path = f"/api/message_groups?with={gkar.user.handle}"
    assert londo.get(path).get_json() == []
    group = gkar.send("hello", to=londo)["message_group_uuid"]
    (found,) = londo.get(path).get_json()
    assert (found["uuid"], found["handle"], found["unread_count"]) == (group, gkar.user.handle, 1)


def test_nobody_has_no_conversation(londo: Person) -> None:
    answer = londo.get("/api/message_groups?with=nobody.at.all")
    assert (answer.status_code, code_of(answer)) == (404, "user_not_found")


def test_a_conversation_is_found_by_one_read_and_one_query(api: Api, londo: Person, gkar: Person) -> None:
    londo.send("hello", to=gkar)
    gkar.get("/api/message_groups")
    spent = meter(api.table.client)
    gkar.get(f"/api/message_groups?with={londo.user.handle}&counts=0")
    assert spent.calls == ["GetItem"]


def test_since_the_newest_nothing_has_changed_until_it_has(api: Api, londo: Person, gkar: Person) -> None:
    first = gkar.send("hello", to=londo)
    eventually(lambda: len(londo.groups()), 1)
    path = f"/api/message_groups?since={first['uuid']}"
    assert londo.get(path).get_json() == []
    second = api.person("eve").send("hello", to=londo)
    eventually(lambda: [group["uuid"] for group in londo.get(path).get_json()], [second["message_group_uuid"]])


def test_unread_conversations_alone(api: Api, londo: Person, gkar: Person) -> None:
    read = londo.send("hello", to=gkar)
    unread = api.person("eve").send("hello", to=londo)
    eventually(lambda: len(londo.groups()), 2)
    listed = londo.get("/api/message_groups?unread=1").get_json()
    assert [group["uuid"] for group in listed] == [unread["message_group_uuid"]]
    assert read["message_group_uuid"] not in listed


@pytest.mark.parametrize(("query", "code"), [("since=now", "since_invalid"), ("unread=true", "unread_invalid")])
def test_what_cannot_be_read_is_refused(londo: Person, query: str, code: str) -> None:
    answer = londo.get(f"/api/message_groups?{query}")
    assert (answer.status_code, code_of(answer)) == (422, [code])
