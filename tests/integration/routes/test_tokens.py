"""Bad tokens at the door of the API, one by one and a thousand at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from backend_flask.auth import SignIn
from backend_flask.lib.cognito_jwt_token import FETCH_PAUSE_SECONDS, CognitoTokenVerifier, KeySet
from backend_flask.services.users import from_claims
from backend_flask.stores import EXTENSION
from tests.api import Api, code_of, token_of
from tests.arena import Arena
from tests.bad_tokens import BAD_TOKENS
from tests.tokens import CLAIMS, CLIENT_ID, HEADER, ISSUER, OTHER_KEY, POOL_KEY, Clock, headed, jwk_of, key_set_of, rs

GUARDED = "/api/message_groups"
# The white space around a token is no part of it, and a front end that is signed out says null.
OTHERWISE = {"empty": "token_missing", "the word null": "token_missing", "line break at the end": None}


def test_every_bad_token_is_refused_with_its_code(api: Api) -> None:
    for name, token, refusal in BAD_TOKENS:
        code = OTHERWISE.get(name, refusal)
        if code is None:
            continue
        header = f"Bearer {token}".encode("utf-8", "surrogatepass").decode("latin-1")
        answer = api.request("GET", GUARDED, environ_overrides={"HTTP_AUTHORIZATION": header})
        assert (answer.status_code, code_of(answer)) == (401, code), name


class SlowKeySet:
    """Answers at once the first time; from then on not before `go_on`."""

    def __init__(self) -> None:
        self.fetches = 0
        self.asked_again, self.go_on = threading.Event(), threading.Event()

    def __call__(self) -> Any:
        self.fetches += 1
        if self.fetches > 1:
            self.asked_again.set()
            self.go_on.wait(10)
        return key_set_of(jwk_of(POOL_KEY))


@pytest.fixture
def server() -> SlowKeySet:
    return SlowKeySet()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slow_keys(arena: Arena, server: SlowKeySet, clock: Clock) -> Iterator[Api]:
    """An API with this key set server and this clock."""
    with arena.api() as api:
        stores = api.stores
        verifier = CognitoTokenVerifier(KeySet(server, clock), ISSUER, CLIENT_ID)
        sign_in = SignIn(verifier, lambda claims, token: from_claims(stores.db, stores.cognito, claims, token))
        api.app.extensions[EXTENSION] = replace(stores, sign_in=sign_in)
        yield api


def ask(api: Api, token: str) -> TestResponse:
    return api.request("GET", GUARDED, headers={"Authorization": f"Bearer {token}"})


def unknown(many: int) -> list[str]:
    return [headed(kid=f"unknown{number}") for number in range(many)]


def test_a_thousand_unknown_kids_cost_one_fetch_and_delay_nobody(
    slow_keys: Api, server: SlowKeySet, clock: Clock
) -> None:
    """The fetch ends only when all known users have been served while it went on."""
    people = [slow_keys.person() for _ in range(3)]
    assert [ask(slow_keys, person.token).status_code for person in people] == [200] * 3
    assert server.fetches == 1
    clock.now += FETCH_PAUSE_SECONDS
    strangers = unknown(1000)
    with ThreadPoolExecutor(16) as storm, ThreadPoolExecutor(4) as others:
        refused = [storm.submit(ask, slow_keys, token) for token in strangers]
        try:
            assert server.asked_again.wait(5)
            served = list(others.map(lambda number: ask(slow_keys, people[number % 3].token), range(60)))
            newcomer = slow_keys.person()
            served.append(others.submit(ask, slow_keys, newcomer.token).result(5))
            assert not any(answer.done() for answer in refused)
        finally:
            server.go_on.set()
        answers = [answer.result() for answer in refused]
    assert [answer.status_code for answer in served] == [200] * 61
    assert {(answer.status_code, code_of(answer)) for answer in answers} == {(401, "token_invalid")}
    assert server.fetches == 2
    clock.now += FETCH_PAUSE_SECONDS - 0.001
    assert ask(slow_keys, strangers[0]).status_code == 401
    assert server.fetches == 2


def test_before_there_are_any_keys_many_tokens_cost_one_fetch_too(slow_keys: Api, server: SlowKeySet) -> None:
    """Nobody can tell then which of them would hold: they wait for the one fetch, and hear what it says."""
    server.fetches, person = 1, slow_keys.person()
    tokens = [*unknown(200), person.token, token_of("s", client_id="x")]
    with ThreadPoolExecutor(16) as storm:
        answers = [storm.submit(ask, slow_keys, token) for token in tokens]
        assert server.asked_again.wait(5)
        server.go_on.set()
        statuses = [answer.result().status_code for answer in answers]
    assert statuses == [401] * 200 + [200, 401]
    assert server.fetches == 2


def test_a_token_of_another_key_with_a_known_kid_costs_no_fetch(
    slow_keys: Api, server: SlowKeySet, clock: Clock
) -> None:
    assert ask(slow_keys, slow_keys.person().token).status_code == 200
    clock.now += FETCH_PAUSE_SECONDS
    assert ask(slow_keys, rs(HEADER, CLAIMS, OTHER_KEY)).status_code == 401
    assert server.fetches == 1
