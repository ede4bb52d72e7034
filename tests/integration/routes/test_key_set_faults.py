"""A key set that is garbled, slow, endless, or not the same as before, as people notice it who ask the API.

tests/unit/lib/test_cognito_key_set.py has the many ways in which it can be garbled.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from threading import Event, Thread

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from werkzeug.test import TestResponse

from backend_flask.auth import SignIn
from backend_flask.lib.cognito_jwt_token import FETCH_PAUSE_SECONDS, CognitoTokenVerifier, KeySet, fetch_from
from backend_flask.services.users import from_claims
from backend_flask.stores import EXTENSION
from tests.api import Api, code_of
from tests.proxy import Stopwatch
from tests.tokens import CLAIMS, CLIENT_ID, HEADER, ISSUER, OTHER_KEY, POOL_KEY, Clock, jwk_of, key_set_of, rs

GOOD = json.dumps(key_set_of(jwk_of(POOL_KEY))).encode()
ROTATED = json.dumps(key_set_of(jwk_of(OTHER_KEY, "k2"))).encode()


@dataclass
class Source:
    """Gives its answer part by part, and waits before each part of it."""

    url: str
    parts: list[bytes] = field(default_factory=lambda: [GOOD])
    endless: bool = False
    pause: float = 0
    closing: Event = field(default_factory=Event)

    def answer(self, write: Callable[[bytes], object]) -> None:
        for part in repeat(self.parts[0]) if self.endless else self.parts:
            if self.closing.wait(self.pause):
                return
            write(part)


@pytest.fixture
def source() -> Iterator[Source]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):
                self.send_response(200)
                self.end_headers()
                made.answer(self.wfile.write)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        made = Source(f"http://127.0.0.1:{server.server_port}/jwks.json")
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.closing.set()
        server.shutdown()


class World:
    """Somebody who asks an API that has yet to fetch its first key set."""

    def __init__(self, api: Api, source: Source) -> None:
        self.api, self.clock, self.sub = api, Clock(), str(uuid.uuid4())
        stores = api.stores
        stores.db.one(
            "users/create", handle=f"k{self.sub[:8]}", display_name="Kosh", email=None, cognito_user_id=self.sub
        )
        verifier = CognitoTokenVerifier(KeySet(fetch_from(source.url), self.clock), ISSUER, CLIENT_ID)
        sign_in = SignIn(verifier, lambda claims, token: from_claims(stores.db, stores.cognito, claims, token))
        api.app.extensions[EXTENSION] = replace(stores, sign_in=sign_in)

    def ask(self, kid: str = "k1", key: RSAPrivateKey = POOL_KEY) -> TestResponse:
        token = rs(HEADER | {"kid": kid}, CLAIMS | {"sub": self.sub, "exp": int(time.time()) + 3600}, key)
        with Stopwatch(5):
            return self.api.request("GET", "/api/message_groups", headers={"Authorization": f"Bearer {token}"})

    def later(self) -> None:
        """The key set may be fetched again."""
        self.clock.now += FETCH_PAUSE_SECONDS


@pytest.fixture
def world(another_api: Callable[..., Api], source: Source) -> World:
    return World(another_api(), source)


def is_unavailable(answer: TestResponse) -> None:
    assert (answer.status_code, code_of(answer)) == (503, "unavailable"), answer.text
    assert 1 <= int(answer.headers["Retry-After"]) <= FETCH_PAUSE_SECONDS


FAULTS: dict[str, dict[str, object]] = {
    "an HTML page": {"parts": [b"<html>Welcome to the hotel</html>"]},
    "no keys": {"parts": [b'{"keys": []}']},
    "wrong types": {"parts": [b'{"keys": [{"kid": 1, "kty": "RSA", "n": [], "e": null}]}']},
    "cut off": {"parts": [GOOD[:100]]},
    "silent": {"pause": 60.0},
    "a byte now and then": {"parts": [b" "], "endless": True, "pause": 0.5},
    "without an end": {"parts": [b" " * 65_536], "endless": True},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_key_set_that_is_of_no_use_is_503_until_it_is_mended(
    world: World, source: Source, fault: dict[str, object]
) -> None:
    well = dict(vars(source))
    vars(source).update(fault)
    is_unavailable(world.ask())
    vars(source).update(well)
    world.later()
    assert world.ask().status_code == 200
    vars(source).update(fault)
    world.later()
    assert code_of(world.ask("k2", OTHER_KEY)) == "token_invalid"
    assert world.ask().status_code == 200, "the old keys serve meanwhile"


def test_new_keys_count_and_old_ones_do_not_without_a_restart(world: World, source: Source) -> None:
    assert world.ask("k1", POOL_KEY).status_code == 200
    source.parts = [ROTATED]
    assert world.ask("k1", POOL_KEY).status_code == 200, "nobody has heard of the new keys yet"
    world.later()
    assert world.ask("k2", OTHER_KEY).status_code == 200
    assert code_of(world.ask("k1", POOL_KEY)) == "token_invalid"
