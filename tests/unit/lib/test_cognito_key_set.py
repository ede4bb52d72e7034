"""Where the keys come from, and what happens while they cannot be had."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from backend_flask.lib.cognito_jwt_token import (
    FETCH_PAUSE_SECONDS,
    CognitoTokenVerifier,
    KeySet,
    KeySetUnavailable,
    TokenRefused,
)
from tests.tokens import (
    CLAIMS,
    CLIENT_ID,
    GOOD,
    HEADER,
    ISSUER,
    NOW,
    OTHER_KEY,
    PEM,
    POOL_KEY,
    Clock,
    headed,
    jwk_of,
    key_set_of,
    rs,
    text_of,
)


class Fetch:
    """Gives an answer, or raises it; counts how often it was asked."""

    def __init__(self, answer: Any, takes: float = 0) -> None:
        self.answer = answer
        self.takes = takes
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        time.sleep(self.takes)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def verifier(keys: KeySet) -> CognitoTokenVerifier:
    return CognitoTokenVerifier(keys, ISSUER, CLIENT_ID, Clock(NOW))


def test_the_key_set_is_fetched_on_first_use_and_then_kept() -> None:
    fetch, clock = Fetch(key_set_of(jwk_of(POOL_KEY))), Clock()
    keys = KeySet(fetch, clock)
    assert fetch.calls == 0
    for _ in range(3):
        verifier(keys).verify(GOOD)
        clock.now += 86_400
    assert fetch.calls == 1


def test_an_unknown_kid_fetches_again_but_not_within_the_pause() -> None:
    fetch, clock = Fetch(key_set_of(jwk_of(POOL_KEY))), Clock()
    keys = KeySet(fetch, clock)
    assert keys.key("k1") is not None
    for now, calls in [(0, 1), (FETCH_PAUSE_SECONDS - 0.01, 1), (FETCH_PAUSE_SECONDS, 2), (FETCH_PAUSE_SECONDS + 1, 2)]:
        clock.now = now
        assert keys.key("k9") is None
        assert fetch.calls == calls


def test_a_thousand_unknown_kids_at_once_cause_one_fetch() -> None:
    fetch, clock = Fetch(key_set_of(jwk_of(POOL_KEY)), takes=0.05), Clock()
    keys = KeySet(fetch, clock)
    keys.key("k1")
    clock.now = FETCH_PAUSE_SECONDS
    with ThreadPoolExecutor(50) as threads:
        found = list(threads.map(lambda number: keys.key(f"unknown{number}"), range(1000)))
    assert found == [None] * 1000
    assert fetch.calls == 2


def test_many_first_requests_at_once_cause_one_fetch_and_all_get_the_key() -> None:
    fetch = Fetch(key_set_of(jwk_of(POOL_KEY)), takes=0.05)
    keys = KeySet(fetch)
    with ThreadPoolExecutor(50) as threads:
        assert None not in list(threads.map(lambda _: keys.key("k1"), range(200)))
    assert fetch.calls == 1


def test_a_known_key_does_not_wait_for_the_fetch_of_an_unknown_one() -> None:
    fetching, finish = threading.Event(), threading.Event()
    answer = key_set_of(jwk_of(POOL_KEY))

    def slow_the_second_time() -> object:
        if clock.now:
            fetching.set()
            finish.wait(5)
        return answer

    clock = Clock()
    keys = KeySet(slow_the_second_time, clock)
    keys.key("k1")
    clock.now = FETCH_PAUSE_SECONDS
    with ThreadPoolExecutor(1) as threads:
        unknown = threads.submit(keys.key, "k9")
        assert fetching.wait(5)
        try:
            assert keys.key("k1") is not None
            assert not unknown.done()
        finally:
            finish.set()


def test_rotated_keys_work_without_a_restart_and_withdrawn_ones_stop() -> None:
    fetch, clock = Fetch(key_set_of(jwk_of(POOL_KEY, "k1"))), Clock()
    keys = KeySet(fetch, clock)
    verifier(keys).verify(GOOD)
    fetch.answer, clock.now = key_set_of(jwk_of(OTHER_KEY, "k2")), FETCH_PAUSE_SECONDS
    assert verifier(keys).verify(rs(HEADER | {"kid": "k2"}, CLAIMS, OTHER_KEY))
    with pytest.raises(TokenRefused):
        verifier(keys).verify(GOOD)


NO_KEY_SETS: list[tuple[str, Any]] = [
    ("server away", requests.ConnectionError("away")),
    ("server silent", requests.Timeout("silent")),
    ("error page", requests.HTTPError("500")),
    ("not JSON", requests.exceptions.JSONDecodeError("not JSON", "<html>", 0)),
    ("JSON nested too deeply", RecursionError()),
    ("null", None),
    ("a list", [jwk_of(OTHER_KEY)]),
    ("a text", "keys"),
    ("keys missing", {}),
    ("keys not a list", {"keys": {"k1": jwk_of(OTHER_KEY)}}),
    ("no key in it", {"keys": []}),
    ("nothing that is a key", {"keys": [None, 7, "k1", [], {}]}),
    ("no usable key", {"keys": [{"kid": "k1", "kty": "oct", "k": "c2VjcmV0"}]}),
]


@pytest.mark.parametrize("answer", [row[1] for row in NO_KEY_SETS], ids=[row[0] for row in NO_KEY_SETS])
def test_the_old_keys_serve_while_the_set_cannot_be_had(answer: object) -> None:
    fetch, clock = Fetch(key_set_of(jwk_of(POOL_KEY))), Clock()
    keys = KeySet(fetch, clock)
    verifier(keys).verify(GOOD)
    fetch.answer, clock.now = answer, FETCH_PAUSE_SECONDS
    with pytest.raises(TokenRefused):
        verifier(keys).verify(headed(kid="k9"))
    assert fetch.calls == 2
    assert verifier(keys).verify(GOOD)


@pytest.mark.parametrize("answer", [row[1] for row in NO_KEY_SETS], ids=[row[0] for row in NO_KEY_SETS])
def test_without_any_keys_nobody_can_tell_and_it_tries_again_after_the_pause(answer: object) -> None:
    fetch, clock = Fetch(answer), Clock()
    keys = KeySet(fetch, clock)
    for _ in range(3):
        with pytest.raises(KeySetUnavailable):
            verifier(keys).verify(GOOD)
    assert fetch.calls == 1
    fetch.answer, clock.now = key_set_of(jwk_of(POOL_KEY)), FETCH_PAUSE_SECONDS
    assert verifier(keys).verify(GOOD)


UNUSABLE_KEYS: list[tuple[str, object]] = [
    ("EC", {"kid": "bad", "kty": "EC", "crv": "P-256", "x": text_of(b"x" * 32), "y": text_of(b"y" * 32)}),
    ("oct", {"kid": "bad", "kty": "oct", "alg": "RS256", "k": text_of(PEM)}),
    ("RSA without n", jwk_of(OTHER_KEY, "bad", n=None)),
    ("RSA with n a number", jwk_of(OTHER_KEY, "bad", n=7)),
    ("RSA with n empty", jwk_of(OTHER_KEY, "bad", n="")),
    ("RSA with n no base64", jwk_of(OTHER_KEY, "bad", n="é!")),
    ("RSA with n tiny", jwk_of(OTHER_KEY, "bad", n=text_of(b"\x0f"))),
    ("RSA of 256 bits", jwk_of(OTHER_KEY, "bad", n=text_of(b"\xff" * 31 + b"\xf1"))),
    ("RSA with e zero", jwk_of(OTHER_KEY, "bad", e="AA")),
    ("RSA with e even", jwk_of(OTHER_KEY, "bad", e="Ag")),
    ("RSA with e missing", {name: value for name, value in jwk_of(OTHER_KEY, "bad").items() if name != "e"}),
    ("RSA for encryption", jwk_of(OTHER_KEY, "bad", use="enc")),
    ("RSA for another algorithm", jwk_of(OTHER_KEY, "bad", alg="RS512")),
    ("kid missing", {name: value for name, value in jwk_of(OTHER_KEY).items() if name != "kid"}),
    ("kid a list", jwk_of(OTHER_KEY, ["bad"])),
    ("no object", "bad"),
]


@pytest.mark.parametrize("unusable", [row[1] for row in UNUSABLE_KEYS], ids=[row[0] for row in UNUSABLE_KEYS])
def test_an_unusable_key_beside_a_good_one_is_passed_over(unusable: object) -> None:
    keys = KeySet(Fetch(key_set_of(unusable, jwk_of(POOL_KEY))))
    assert verifier(keys).verify(GOOD)
    with pytest.raises(TokenRefused):
        verifier(keys).verify(rs(HEADER | {"kid": "bad"}, CLAIMS, OTHER_KEY))
