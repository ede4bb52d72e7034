"""What a warm request asks of the engines: the calls of the design's access patterns, and of Postgres nothing, or, for
a message, the one query of the rate limits, or who people are. test_rate_limits.py counts the rare cases."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from werkzeug.test import TestResponse

from backend_flask.lib.metering import Meter, meter
from tests.api import Api, Person, eventually

LATEST = "ffffffff-ffff-7fff-bfff-ffffffffffff"


class World:
    def __init__(self, api: Api) -> None:
        self.api = api
        self.londo, self.gkar, self.vir = api.person("londo"), api.person("gkar"), api.person("vir")
        self.last = self.gkar.send("hi", to=self.londo)
        self.group = self.last["message_group_uuid"]
        self.vir.send("hi", to=self.londo)
        eventually(lambda: len(self.londo.groups()), 2)
        self.calls: Meter = meter(api.table.client)
        self.queries: list[str] = []
        api.stores.db.on_query = self.queries.append

    def cost_of(self, ask: Callable[[], TestResponse]) -> tuple[list[str], list[str]]:
        self.calls.reset()
        self.queries.clear()
        answer = ask()
        assert answer.status_code in {200, 404, 409}, answer.text
        return self.calls.calls[:], self.queries[:]


@pytest.fixture
def world(another_api: Callable[..., Api]) -> World:
    return World(another_api(RATE_LIMITS="on"))


def test_reading_costs_what_the_access_patterns_say(world: World) -> None:
    londo, group = world.londo, world.group
    costs: list[tuple[str, list[str]]] = [
        ("/api/message_groups", ["Query", "Query", "Query"]),
        ("/api/message_groups?limit=1", ["Query", "Query"]),
        ("/api/message_groups?counts=0", ["Query"]),
        (f"/api/message_groups?before={LATEST}&counts=0", ["Query"]),
        (f"/api/messages/{group}", ["Query"]),
        (f"/api/messages/{group}?limit=100&order=asc", ["Query"]),
        (f"/api/messages/{group}?before={LATEST}", ["GetItem", "Query"]),
        (f"/api/messages/{group}?after={group}", ["GetItem", "Query"]),
        (f"/api/messages/{group}?around={world.last['uuid']}", ["GetItem", "Query", "Query"]),
        (f"/api/message_groups?since={world.last['uuid']}", ["Query", "Query"]),
        (f"/api/message_groups?since={LATEST}&before={world.last['uuid']}", []),
        ("/api/message_groups?unread=1", ["Query", "Query", "Query"]),
        ("/api/message_groups?unread=1&counts=0", ["Query"]),
        ("/api/blocks", ["Query"]),
    ]
    for path, calls in costs:
        assert world.cost_of(partial(londo.get, path)) == (calls, []), path
    who = ["users/short"]
    with_gkar = f"/api/message_groups?with={world.gkar.user.handle}"
    assert world.cost_of(partial(londo.get, with_gkar)) == (["GetItem", "Query"], who)
    assert world.cost_of(partial(londo.get, with_gkar + "&counts=0")) == (["GetItem"], who)
    assert world.cost_of(partial(londo.get, "/api/message_groups?with=" + londo.user.handle)) == (["GetItem"], who)
    assert world.cost_of(partial(londo.get, f"/api/messages/{world.gkar.at_handle}")) == (["Query"], who)


def test_writing_costs_what_the_access_patterns_say(world: World) -> None:
    londo, gkar = world.londo, world.gkar
    to_group = {"message": "hi", "message_group_uuid": world.group}
    to_gkar, to_vir = ({"message": "hi", "handle": person.user.handle} for person in (gkar, world.api.person()))
    key = {"Idempotency-Key": "k"}
    read = f"/api/message_groups/{world.group}/read"

    def cost(path: str, body: dict[str, str], headers: dict[str, str] | None = None) -> tuple[list[str], list[str]]:
        return world.cost_of(lambda: londo.post(path, body, **(headers or {})))

    limit, who = ["rate_limits/take_message"], ["users/create_message_users"]
    assert cost("/api/messages", to_group) == (["GetItem", "PutItem"], limit)
    assert cost("/api/messages", to_group, key) == (["GetItem", "PutItem", "PutItem"], limit)
    assert cost("/api/messages", to_group, key) == (["GetItem", "PutItem", "PutItem"], limit)
    assert cost("/api/messages", to_group | {"message": "other"}, key) == (["GetItem", "PutItem"], limit)
    both = [*who, "rate_limits/take_message_and_group"]
    assert cost("/api/messages", to_vir) == (["GetItem", "GetItem", "TransactWriteItems"], both)
    assert cost("/api/messages", to_vir) == (["GetItem", "PutItem"], [*who, *limit])
    assert cost("/api/messages", to_gkar) == (["GetItem", "PutItem"], [*who, *limit])
    assert cost("/api/messages", to_gkar, {"Idempotency-Key": "new"}) == (
        ["GetItem", "PutItem", "PutItem"],
        [*who, *limit],
    )
    assert cost(read, {"message_uuid": world.last["uuid"]}) == (["UpdateItem", "PutItem"], [])
    assert cost(read, {"message_uuid": world.last["uuid"]}) == (["UpdateItem"], [])


def test_to_search_for_people_costs_one_query(world: World) -> None:
    for term in ("l", world.gkar.user.handle, "nobody"):
        ask = partial(world.londo.get, f"/api/users/search?term={term}")
        assert world.cost_of(ask) == ([], ["users/search"])


TAKE, TAKE_BOTH = "rate_limits/take_message", "rate_limits/take_message_and_group"


def test_editing_and_deleting_cost_one_read_and_one_write(world: World) -> None:
    gkar, path = world.gkar, f"/api/messages/{world.group}/{world.last['uuid']}"
    once: tuple[list[str], list[str]] = ["GetItem", "UpdateItem"], [TAKE]
    version = {"If-Match": '"1"'}
    assert world.cost_of(lambda: gkar.patch(path, {"message": "ho"})) == once
    assert (world.calls.read_units, world.calls.write_units) == (1, 1)
    assert world.cost_of(lambda: gkar.patch(path, {"message": "ha"}, **version)) == once
    assert world.cost_of(lambda: gkar.patch(path, {"message": "ha"}, **version)) == once
    assert world.cost_of(lambda: gkar.delete(path)) == once
    assert world.cost_of(lambda: gkar.delete(path)) == once


@pytest.mark.parametrize("size", [3, 10, 50])
def test_a_change_of_a_message_group_costs_a_write_for_each_member(world: World, size: int) -> None:
    """A transaction takes two units an item, and the index one more: AWS counts it, and not every engine."""
    londo, others, late = world.londo, [world.api.person() for _ in range(size - 1)], world.api.person()
    started: list[str] = []

    def start() -> TestResponse:
        answer = londo.post("/api/message_groups", {"handles": [each.user.handle for each in others], "message": "hi"})
        started.append(answer.get_json()["message_group_uuid"])
        return answer

    assert world.cost_of(start) == (["TransactWriteItems"], ["users/by_handles", TAKE_BOTH])
    assert 2 * (size + 2) <= world.calls.write_units <= 3 * size + 6
    group = f"/api/message_groups/{started[0]}"
    added, more = {"handles": [others[0].user.handle]}, {"handles": [late.user.handle]}
    read, whom, people = ["GetItem"] * 3, ["users/by_handles", TAKE], ["users/by_uuids"]
    write, rows = ["TransactWriteItems"], range(2 * size, 3 * size + 8)
    full = size == 50
    table: list[tuple[Callable[[], TestResponse], list[str], list[str], range]] = [
        (lambda: londo.get(group), ["GetItem"] * 2, people, range(1)),
        (lambda: londo.patch(group, {"ttl": "1-day"}), read + write, [TAKE, *people], rows),
        (lambda: londo.patch(group, {"title": "Many"}), read + write, [TAKE, *people], rows),
        (lambda: londo.delete(f"{group}/members/{others[0].at_handle}"), ["GetItem"] * 2 + write,
         [TAKE, "users/short"], rows),
        (lambda: londo.post(f"{group}/members", added), ["GetItem", "GetItem", "Query", *write],
         [*whom, *people], rows),
        (lambda: londo.post(f"{group}/members", added), ["GetItem", "GetItem", "Query"], [*whom, *people], range(1)),
        (lambda: londo.post(f"{group}/members", more), ["GetItem", "GetItem", "Query", *([] if full else write)],
         whom if full else [*whom, *people], range(1) if full else rows),
        (lambda: londo.patch(group, {"title": "Some", "ttl": "off"}), read + write, [TAKE, *people], rows),
    ]  # fmt: skip
    for ask, calls, queries, units in table:
        found = world.cost_of(ask)
        assert (found[0], sorted(found[1])) == (calls, sorted(queries))
        assert int(world.calls.write_units) in units


def test_what_is_ones_own_affair_costs_one_write(world: World) -> None:
    londo, path = world.londo, f"/api/message_groups/{world.group}"
    for ask in (lambda: londo.put(f"{path}/mute"), lambda: londo.delete(f"{path}/mute")):
        assert world.cost_of(ask) == (["UpdateItem"], [])
    assert world.cost_of(lambda: londo.post(f"{path}/hide", {})) == (["UpdateItem"], [])
    assert world.calls.write_units <= 2


def test_a_block_costs_a_write_for_each_of_the_two(world: World) -> None:
    who = ["users/short"]
    gkar, stranger = (f"/api/blocks/{person.at_handle}" for person in (world.gkar, world.api.person()))
    put, delete = world.londo.put, world.londo.delete
    assert world.cost_of(lambda: put(gkar)) == (["GetItem", "TransactWriteItems"], who)
    assert world.cost_of(lambda: put(gkar)) == (["GetItem"], who)
    assert world.cost_of(lambda: delete(gkar)) == (["GetItem", "GetItem", "TransactWriteItems"], who)
    assert world.cost_of(lambda: delete(gkar)) == (["GetItem"], who)
    assert world.cost_of(lambda: put(stranger)) == (["GetItem", "PutItem"], who)
    assert world.cost_of(lambda: delete(stranger)) == (["GetItem", "GetItem", "TransactWriteItems"], who)
    assert world.cost_of(lambda: delete(stranger)) == (["GetItem"], who)


def test_a_stranger_costs_one_read(world: World) -> None:
    stranger: Person = world.api.person()
    stranger.groups()
    assert world.cost_of(lambda: stranger.get(f"/api/messages/{world.group}")) == (["Query"], [])
    assert world.cost_of(lambda: stranger.get(f"/api/messages/{world.group}?before={LATEST}")) == (["GetItem"], [])
    body = {"message": "hi", "message_group_uuid": world.group}
    assert world.cost_of(lambda: stranger.post("/api/messages", body)) == (["GetItem"], [TAKE])
    group, message = f"/api/message_groups/{world.group}", f"/api/messages/{world.group}/{world.last['uuid']}"
    assert world.cost_of(lambda: stranger.get(group)) == (["GetItem"], [])
    assert world.cost_of(lambda: stranger.patch(group, {"ttl": "off"})) == (["GetItem"], [TAKE])
    assert world.cost_of(lambda: stranger.patch(message, {"message": "hi"})) == (["GetItem"], [TAKE])
    assert world.cost_of(lambda: stranger.delete(message)) == (["GetItem"], [TAKE])
    for ask in (lambda: stranger.put(f"{group}/mute"), lambda: stranger.post(f"{group}/hide", {})):
        assert world.cost_of(ask) == (["UpdateItem"], [])


def test_a_refused_request_costs_nothing(world: World) -> None:
    londo, queries = world.londo, world.queries
    world.calls.reset()
    queries.clear()
    for answer in (
        londo.post("/api/messages", {"message": "", "message_group_uuid": world.group}),
        londo.get(f"/api/messages/{world.group}?limit=0"),
        londo.get("/api/messages/no-uuid"),
        londo.post(f"/api/message_groups/{world.group}/read", {}),
        londo.post("/api/message_groups", {"handles": [], "message": "hi"}),
        londo.patch(f"/api/message_groups/{world.group}", {"ttl": "for ever"}),
        londo.patch(f"/api/message_groups/{world.group}", {}),
        londo.post(f"/api/message_groups/{world.group}/members", {}),
        londo.get("/api/message_groups/no-uuid"),
        londo.patch(f"/api/messages/{world.group}/{world.last['uuid']}", {"message": " "}),
        londo.delete(f"/api/messages/{world.group}/{world.last['uuid']}", **{"If-Match": "x"}),
        londo.get("/api/blocks?before=x"),
        world.api.request("GET", "/api/message_groups"),
        world.api.request("GET", "/api/health-check"),
    ):
        assert answer.status_code in {200, 401, 404, 422}
    assert (world.calls.calls, queries) == ([], [])


def test_a_first_request_asks_postgres_once_who_it_is(world: World) -> None:
    somebody = world.api.person()
    assert world.cost_of(lambda: somebody.get("/api/message_groups"))[1] == ["users/uuid_from_cognito_user_id"]
    assert world.cost_of(lambda: somebody.get("/api/message_groups"))[1] == []
