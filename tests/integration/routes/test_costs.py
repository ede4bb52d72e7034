"""What a warm request asks of the engines: the calls of the design's access patterns, and of Postgres nothing, or, for
a message, the one query of the rate limits. test_rate_limits.py counts the rare cases."""

from collections.abc import Callable

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
    ]
    for path, calls in costs:
        assert world.cost_of(lambda path=path: londo.get(path)) == (calls, []), path  # type: ignore[misc]


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
    assert cost("/api/messages", to_vir) == (["GetItem", "TransactWriteItems"], both)
    assert cost("/api/messages", to_vir) == (["GetItem", "PutItem"], [*who, *limit])
    assert cost("/api/messages", to_gkar) == (["GetItem", "PutItem"], [*who, *limit])
    assert cost("/api/messages", to_gkar, {"Idempotency-Key": "new"}) == (
        ["GetItem", "PutItem", "PutItem"],
        [*who, *limit],
    )
    assert cost(read, {"message_uuid": world.last["uuid"]}) == (["UpdateItem"], [])


def test_to_search_for_people_costs_one_query(world: World) -> None:
    for term in ("l", world.gkar.user.handle, "nobody"):
        assert world.cost_of(lambda term=term: world.londo.get(f"/api/users/search?term={term}")) == (  # type: ignore[misc]
            [],
            ["users/search"],
        )


def test_a_stranger_costs_one_read(world: World) -> None:
    stranger: Person = world.api.person()
    stranger.groups()
    assert world.cost_of(lambda: stranger.get(f"/api/messages/{world.group}")) == (["Query"], [])
    assert world.cost_of(lambda: stranger.get(f"/api/messages/{world.group}?before={LATEST}")) == (["GetItem"], [])
    body = {"message": "hi", "message_group_uuid": world.group}
    assert world.cost_of(lambda: stranger.post("/api/messages", body)) == (["GetItem"], ["rate_limits/take_message"])


def test_a_refused_request_costs_nothing(world: World) -> None:
    londo, queries = world.londo, world.queries
    world.calls.reset()
    queries.clear()
    for answer in (
        londo.post("/api/messages", {"message": "", "message_group_uuid": world.group}),
        londo.get(f"/api/messages/{world.group}?limit=0"),
        londo.get("/api/messages/no-uuid"),
        londo.post(f"/api/message_groups/{world.group}/read", {}),
        world.api.request("GET", "/api/message_groups"),
        world.api.request("GET", "/api/health-check"),
    ):
        assert answer.status_code in {200, 401, 404, 422}
    assert (world.calls.calls, queries) == ([], [])


def test_a_first_request_asks_postgres_once_who_it_is(world: World) -> None:
    somebody = world.api.person()
    assert world.cost_of(lambda: somebody.get("/api/message_groups"))[1] == ["users/uuid_from_cognito_user_id"]
    assert world.cost_of(lambda: somebody.get("/api/message_groups"))[1] == []
