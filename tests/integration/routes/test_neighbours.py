"""Engines that are away, hang, throttle or lose an answer: 503 within 5 seconds, never 500, nothing half-written."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from werkzeug.test import TestResponse

from backend_flask.auth import SignIn
from backend_flask.lib import aws
from backend_flask.lib.cognito_jwt_token import FETCH_PAUSE_SECONDS, CognitoTokenVerifier, KeySet, fetch_from
from backend_flask.services.users import from_claims
from backend_flask.stores import EXTENSION
from tests.api import FRONTEND, Api, Person, eventually
from tests.proxy import Stopwatch
from tests.tokens import CLIENT_ID, ISSUER, Clock

UNAVAILABLE = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "unavailable"}
LATEST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
Ask = Callable[[], TestResponse]


class World:
    """Two people who have written to each other, through neighbours that are about to fail."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.londo, self.gkar = api.person("londo"), api.person("gkar")
        self.sent = self.gkar.send("hi", to=self.londo)
        self.group = self.sent["message_group_uuid"]
        self.londo.groups()
        self.stranger, self.newcomer = api.person("vir"), api.person("lennier")
        self.handles = [self.gkar.user.handle, self.stranger.user.handle]

    @property
    def author(self) -> Person:
        return replace(self.gkar, api=self.londo.api)

    def post(self, headers: dict[str, str] | None = None, **body: str) -> Ask:
        return lambda: self.londo.post("/api/messages", {"message": "lost?", **body}, **(headers or {}))

    def get(self, path: str, who: Person | None = None) -> Ask:
        return lambda: (who or self.londo).request("GET", path, headers={"Origin": FRONTEND})

    @property
    def ask_dynamodb(self) -> list[Ask]:
        read = f"/api/message_groups/{self.group}/read"
        return [
            self.get("/api/message_groups"),
            self.get(f"/api/messages/{self.group}"),
            self.get(f"/api/messages/{self.group}?before={LATEST}"),
            self.get(f"/api/messages/{self.gkar.at_handle}"),
            self.post(message_group_uuid=self.group),
            self.post(handle=self.gkar.user.handle),
            self.post({"Idempotency-Key": "k"}, message_group_uuid=self.group),
            self.post(handle=self.stranger.user.handle),
            lambda: self.londo.post(read, {"message_uuid": self.sent["uuid"]}),
            self.get(f"/api/message_groups/{self.group}"),
            lambda: self.londo.post("/api/message_groups", {"handles": self.handles, "message": "lost?"}),
            lambda: self.londo.patch(f"/api/message_groups/{self.group}", {"ttl": "1-day"}),
            lambda: self.londo.put(f"/api/message_groups/{self.group}/mute"),
            lambda: self.author.patch(f"/api/messages/{self.group}/{self.sent['uuid']}", {"message": "lost?"}),
            lambda: self.author.delete(f"/api/messages/{self.group}/{self.sent['uuid']}"),
            lambda: self.londo.put(f"/api/blocks/{self.stranger.at_handle}"),
        ]

    @property
    def ask_postgres(self) -> list[Ask]:
        return [
            self.get(f"/api/messages/{self.gkar.at_handle}"),
            self.get("/api/message_groups", self.newcomer),
            self.get(f"/api/users/{self.gkar.at_handle}/short"),
            self.get("/api/activities/home"),
            self.get("/api/activities/notifications"),
            self.post(handle=self.gkar.user.handle),
            lambda: self.londo.post("/api/activities", {"message": "lost?", "ttl": "1-day"}),
            lambda: self.londo.request("PUT", "/api/profile/update", json={"display_name": "Lost"}),
            lambda: self.londo.post("/api/message_groups", {"handles": self.handles, "message": "lost?"}),
        ]


@pytest.fixture
def world(cut_off: Callable[..., Api]) -> World:
    return World(cut_off())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB is waited for as in production, only shorter."""
    monkeypatch.setattr(aws, "READ_TIMEOUT", 0.25)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)


def all_are_unavailable(asked: list[Ask]) -> None:
    """All at once, as the timeouts add up otherwise."""

    def ask(one: Ask) -> TestResponse:
        with Stopwatch(5):
            return one()

    with ThreadPoolExecutor(len(asked)) as threads:
        for number, answer in enumerate(threads.map(ask, asked)):
            assert answer.status_code == 503, (number, answer.text)
            assert json.loads(answer.data) == UNAVAILABLE
            assert int(answer.headers["Retry-After"]) >= 1
            if answer.request.headers.get("Origin"):
                assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND


def nothing_was_lost(world: World) -> None:
    """Without a restart all is as before, and one more message can be sent."""
    assert world.londo.messages(world.group)[0] == "hi"
    again = world.londo.send("again", to=world.gkar)
    assert world.gkar.messages(world.group)[-1] == "again"
    assert again["message_group_uuid"] == world.group


def test_dynamodb_away_and_back(world: World, neighbours: Any) -> None:
    neighbours.dynamodb.refuse()
    all_are_unavailable(world.ask_dynamodb)
    neighbours.dynamodb.answer()
    nothing_was_lost(world)
    assert world.londo.messages(world.group) == ["hi", "again"]


def test_dynamodb_hangs_and_comes_back(world: World, neighbours: Any) -> None:
    neighbours.dynamodb.freeze()
    all_are_unavailable(world.ask_dynamodb)
    neighbours.dynamodb.cut()
    neighbours.dynamodb.answer()
    nothing_was_lost(world)


def test_the_table_is_missing(cut_off: Callable[..., Api], world: World) -> None:
    world.londo = replace(world.londo, api=cut_off(DDB_MESSAGE_TABLE="no-such-table"))
    all_are_unavailable(world.ask_dynamodb)


class Raw:
    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> list[bytes]:
        return [self.body]


REFUSALS = [
    (400, "ThrottlingException"),
    (400, "ProvisionedThroughputExceededException"),
    (400, "RequestLimitExceeded"),
    (400, "TransactionConflictException"),
    (400, "UnrecognizedClientException"),
    (400, "AccessDeniedException"),
    (500, "InternalServerError"),
    (503, "ServiceUnavailable"),
    (502, ""),
]


def test_whatever_aws_refuses_with_it_is_503_and_no_word_of_it_gets_out(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    refusal = [(0, "")]

    def refuse(request: Any, **_: Any) -> AWSResponse:
        status, kind = refusal[0]
        body = {"__type": f"com.amazonaws#{kind}", "message": "arn:aws:dynamodb:secret"} if kind else {}
        return AWSResponse(request.url, status, {}, Raw(json.dumps(body).encode()))  # type: ignore[arg-type]

    world.api.table.client.meta.events.register_last("before-send", refuse)
    for one in REFUSALS:
        refusal[0] = one
        all_are_unavailable(world.ask_dynamodb)


def test_postgres_away_and_back(world: World, neighbours: Any) -> None:
    neighbours.postgres.refuse()
    all_are_unavailable(world.ask_postgres)
    neighbours.postgres.answer()
    nothing_was_lost(world)
    assert world.newcomer.groups() == []


def test_postgres_hangs_and_comes_back(world: World, neighbours: Any) -> None:
    neighbours.postgres.freeze()
    all_are_unavailable(world.ask_postgres)
    assert world.londo.messages(world.group) == ["hi"], "a warm request needs no Postgres"
    neighbours.postgres.answer()
    nothing_was_lost(world)
    assert world.londo.send("x", to=world.gkar)["display_name"] == "Londo"


def test_a_postgres_that_was_restarted_costs_nobody_an_error(world: World, neighbours: Any) -> None:
    for _ in range(3):
        neighbours.postgres.cut()
        for ask in world.ask_postgres[:5]:
            assert ask().status_code == 200


def test_the_schema_is_missing(another_api: Callable[..., Api], empty_database_url: str, api: Api) -> None:
    londo = api.person("londo")
    elsewhere = another_api(CONNECTION_URL=empty_database_url)
    asked: list[Ask] = [
        lambda: elsewhere.request("GET", "/api/activities/home", headers={"Origin": FRONTEND}),
        lambda: elsewhere.request("GET", f"/api/users/{londo.at_handle}/short"),
        lambda: replace(londo, api=elsewhere).get("/api/message_groups"),
    ]
    all_are_unavailable(asked)


def test_a_key_set_that_is_away_is_503_and_later_its_keys_serve_without_it(world: World, neighbours: Any) -> None:
    api, clock = world.api, Clock()
    keys = KeySet(fetch_from(f"http://127.0.0.1:{neighbours.key_set.port}/jwks.json"), clock)
    verifier = CognitoTokenVerifier(keys, ISSUER, CLIENT_ID)
    stores = api.stores
    sign_in = SignIn(verifier, lambda claims, token: from_claims(stores.db, stores.cognito, claims, token))
    api.app.extensions[EXTENSION] = replace(stores, sign_in=sign_in)
    neighbours.key_set.refuse()
    all_are_unavailable([world.get("/api/message_groups"), world.get(f"/api/messages/{world.group}")])
    neighbours.key_set.answer()
    clock.now = FETCH_PAUSE_SECONDS
    assert world.londo.messages(world.group) == ["hi"]
    neighbours.key_set.refuse()
    clock.now = 86_400
    assert world.londo.messages(world.group) == ["hi"]


def at_write(world: World, operation: str, nth: int, fault: Callable[[], None]) -> None:
    """Has a fault happen just before the nth attempt of this operation is sent."""
    sent: list[object] = []

    def count(request: Any, **_: Any) -> None:
        sent.append(request)
        if len(sent) == nth:
            fault()

    world.api.table.client.meta.events.register_first(f"before-send.dynamodb.{operation}", count)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["swallow", "freeze"])
@pytest.mark.parametrize(
    ("operation", "nth", "new_group"),
    [("PutItem", 1, False), ("PutItem", 2, False), ("PutItem", 1, True), ("TransactWriteItems", 1, True)],
)
def test_a_lost_answer_and_a_retry_with_the_same_key_make_one_message(
    cut_off: Callable[..., Api], neighbours: Any, operation: str, nth: int, new_group: bool, how: str
) -> None:
    """The write is done and nobody hears of it, or it arrives only after everybody has given up."""
    world = World(cut_off())
    receiver = world.stranger if new_group else world.gkar
    at_write(world, operation, nth, getattr(neighbours.dynamodb, how))
    body = {"message": "once", "handle": receiver.user.handle}
    with Stopwatch(5):
        assert world.londo.post("/api/messages", body, **{"Idempotency-Key": "k"}).status_code == 503
    neighbours.dynamodb.answer()
    sent = world.londo.send("once", to=receiver, key="k")
    assert world.londo.send("once", to=receiver, key="k") == sent
    found = receiver.get(f"/api/messages/{world.londo.at_handle}").get_json()
    assert [message for message in found if message["message"] == "once"] == [sent]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("operation", "new_group"), [("PutItem", False), ("TransactWriteItems", True)])
def test_a_lost_answer_that_the_sdk_tries_again_makes_one_message_even_without_a_key(
    cut_off: Callable[..., Api], neighbours: Any, operation: str, new_group: bool
) -> None:
    world = World(cut_off())
    receiver = world.stranger if new_group else world.gkar
    at_write(world, operation, 1, neighbours.dynamodb.swallow)
    at_write(world, operation, 2, neighbours.dynamodb.answer)
    body = {"message": "once"} | (
        {"handle": receiver.user.handle} if new_group else {"message_group_uuid": world.group}
    )
    answer = world.londo.post("/api/messages", body)
    assert answer.status_code == 200
    found = receiver.get(f"/api/messages/{world.londo.at_handle}").get_json()
    assert [message for message in found if message["message"] == "once"] == [answer.get_json()]


def both_see_the_same(world: World) -> bool:
    return world.londo.messages(world.stranger.at_handle) == world.stranger.messages(world.londo.at_handle)


@pytest.mark.usefixtures("impatient")
def test_a_group_is_made_whole_or_not_at_all(cut_off: Callable[..., Api], neighbours: Any) -> None:
    for how in (neighbours.dynamodb.freeze, neighbours.dynamodb.swallow):
        world = World(cut_off())
        at_write(world, "TransactWriteItems", 1, how)
        all_are_unavailable([world.post(handle=world.stranger.user.handle)])
        neighbours.dynamodb.answer()
        # A frozen request may still arrive between the two looks.
        eventually(partial(both_see_the_same, world), wanted=True)
        assert world.londo.messages(world.stranger.at_handle) in ([], ["lost?"])
        world.londo.send("then", to=world.stranger)
        assert world.stranger.messages(world.londo.at_handle)[-1] == "then"
