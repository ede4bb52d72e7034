"""Cognito access tokens: structure, then signature, then claims. No claim is read before the signature holds.

The rules are those of "Verifying JSON web tokens" (Amazon Cognito Developer Guide) and RFC 8725. The only part of
python-jose in use is one RSA key built from the pool's key set: a token cannot bring a key, name an algorithm
or choose how it is checked.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from http import HTTPStatus
from typing import Any

import requests
from jose import jwk
from jose.exceptions import JOSEError

ALGORITHM = "RS256"
LEEWAY_SECONDS = 5
MAX_TOKEN_BYTES = 8192
MAX_SUB_CHARACTERS = 128
# Extensions that must be understood: RFC 7515, section 4.1.11, and RFC 7797, which changes what is signed.
_NOT_UNDERSTOOD = {"crit", "b64"}
FETCH_TIMEOUT_SECONDS = (1.0, 2.0)
FETCH_SECONDS = 2.0
# Cognito's has two keys and takes 1 KB.
MAX_KEY_SET_BYTES = 64 * 1024
FETCH_PAUSE_SECONDS = 10

Claims = dict[str, Any]


class TokenRefused(Exception):
    """The token does not hold. `code` is stable and says why, as far as its owner may know."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class KeySetUnavailable(Exception):
    """No key set has ever been fetched; the next fetch may be made after `retry_after` seconds, a whole number."""

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__()
        self.retry_after = retry_after


class KeySet:
    """The pool's public keys by `kid`.

    Fetched on first use and again on an unknown kid: one fetch at a time, at most one in FETCH_PAUSE_SECONDS.
    The old keys serve while a fetch fails.
    """

    def __init__(self, fetch: Callable[[], Any], clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched_at: float | None = None

    def key(self, kid: str) -> Any:
        """The key, or None if the pool has no such key. Raises KeySetUnavailable."""
        if kid not in self._keys and self._may_fetch():
            with self._lock:
                if kid not in self._keys and self._may_fetch():
                    self._refresh()
        if not self._keys:
            raise KeySetUnavailable(math.ceil(self._pause_left()) or 1)
        return self._keys.get(kid)

    def _may_fetch(self) -> bool:
        return self._pause_left() <= 0

    def _pause_left(self) -> float:
        return 0 if self._fetched_at is None else self._fetched_at + FETCH_PAUSE_SECONDS - self._clock()

    def _refresh(self) -> None:
        try:
            self._keys = _usable_keys(self._fetch()) or self._keys
        except (requests.RequestException, ValueError, RecursionError):
            pass
        finally:
            self._fetched_at = self._clock()


class CognitoTokenVerifier:
    """Checks access tokens of one user pool and one app client."""

    def __init__(self, keys: KeySet, issuer: str, client_id: str, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._issuer = issuer
        self._client_id = client_id
        self._clock = clock

    def verify(self, token: str) -> Claims:
        """The claims of a token that holds. Raises TokenRefused or KeySetUnavailable."""
        signed, signature, kid, payload = _take_apart(token)
        key = self._keys.key(kid)
        if key is None or not _signature_holds(key, signed, signature):
            raise TokenRefused("token_invalid")
        claims = _json_object(payload)
        self._check(claims)
        return claims

    def _check(self, claims: Claims) -> None:
        expected = {"iss": self._issuer, "token_use": "access", "client_id": self._client_id}
        if any(claims.get(name) != value for name, value in expected.items()) or not _others_are_texts(claims):
            raise TokenRefused("token_invalid")
        sub = claims.get("sub")
        if not isinstance(sub, str) or not 1 <= len(sub) <= MAX_SUB_CHARACTERS or not sub.isprintable():
            raise TokenRefused("token_invalid")
        if "iat" in claims:
            _instant(claims, "iat")
        now = self._clock()
        if _instant(claims, "exp") < now - LEEWAY_SECONDS:
            raise TokenRefused("token_expired")
        if "nbf" in claims and _instant(claims, "nbf") > now + LEEWAY_SECONDS:
            raise TokenRefused("token_not_yet_valid")


def fetch_from(url: str) -> Callable[[], Any]:
    """A fetcher of the key set at `url` that is waited for no longer than FETCH_SECONDS.

    It has a thread of its own: requests limits neither the time that a name takes to be found, nor that of a head which
    trickles in. What still hangs is left behind: whoever waited for it could not see that the next one is well.
    """

    def fetch() -> Any:
        answer: Future[Any] = Future()
        threading.Thread(target=_answer, args=[answer, url], daemon=True, name="key-set").start()
        try:
            return answer.result(FETCH_SECONDS)
        except TimeoutError:
            raise requests.Timeout("a key set that does not come") from None

    return fetch


def _answer(answer: Future[Any], url: str) -> None:
    try:
        answer.set_result(_download(url))
    except Exception as error:  # noqa: BLE001  # whatever it is, the one who waits is to hear of it
        answer.set_exception(error)


def _download(url: str) -> Any:
    """Waits no longer than FETCH_TIMEOUT_SECONDS for each next byte, and reads no more than MAX_KEY_SET_BYTES."""
    ends_at = time.monotonic() + FETCH_SECONDS
    with requests.get(url, timeout=FETCH_TIMEOUT_SECONDS, allow_redirects=False, stream=True) as answer:
        if answer.status_code != HTTPStatus.OK:
            raise requests.HTTPError(f"status {answer.status_code}")
        return json.loads(_read(answer, ends_at))


def _read(answer: requests.Response, ends_at: float) -> bytes:
    body = bytearray()
    # Byte by byte: a longer part would be waited for until it is whole.
    for byte in answer.iter_content(1):
        body += byte
        if len(body) > MAX_KEY_SET_BYTES or time.monotonic() > ends_at:
            raise requests.Timeout("a key set that does not end")
    return bytes(body)


def _take_apart(token: str) -> tuple[bytes, bytes, str, bytes]:
    """The signed part, the signature, the kid and the payload (RFC 7515, compact serialisation)."""
    if len(token) > MAX_TOKEN_BYTES:
        raise TokenRefused("token_invalid")
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        raise TokenRefused("token_invalid")
    header = _json_object(_decode(parts[0]))
    kid = header.get("kid")
    if header.get("alg") != ALGORITHM or not isinstance(kid, str) or not kid or _NOT_UNDERSTOOD & header.keys():
        raise TokenRefused("token_invalid")
    return f"{parts[0]}.{parts[1]}".encode(), _decode(parts[2]), kid, _decode(parts[1])


def _signature_holds(key: Any, signed: bytes, signature: bytes) -> bool:
    try:
        return bool(key.verify(signed, signature))
    except JOSEError:
        return False


def _decode(part: str) -> bytes:
    try:
        decoded = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenRefused("token_invalid") from None
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != part:
        raise TokenRefused("token_invalid")  # the same bytes must not have two spellings
    return decoded


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError):
        raise TokenRefused("token_invalid") from None
    if not isinstance(value, dict):
        raise TokenRefused("token_invalid")
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """RFC 8725, section 2.4: a reader that takes the first of two equal names and one that takes the last differ."""
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _instant(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise TokenRefused("token_invalid")
    return value


def _others_are_texts(claims: Claims) -> bool:
    """A claim that nobody here uses must be of its type all the same (RFC 7519, section 4.1; RFC 8693, section 4.2)."""
    audience = claims.get("aud", [])
    texts = audience if isinstance(audience, list) else [audience]
    texts = texts + [claims[name] for name in ("scope", "jti") if name in claims]
    return all(isinstance(text, str) for text in texts)


def _usable_keys(key_set: Any) -> dict[str, Any]:
    """The RSA signing keys of a JWK set (RFC 7517), ready for use. Raises ValueError if it is none.

    A key that cannot be used is passed over: RFC 7517, section 5.
    """
    if not isinstance(key_set, dict) or not isinstance(key_set.get("keys"), list):
        raise ValueError("not a key set")
    built = {key["kid"]: _build(key) for key in key_set["keys"] if _is_usable(key)}
    return {kid: key for kid, key in built.items() if key is not None}


def _is_usable(key: Any) -> bool:
    return (
        isinstance(key, dict)
        and isinstance(key.get("kid"), str)
        and key.get("kty") == "RSA"
        and key.get("use", "sig") == "sig"
        and key.get("alg", ALGORITHM) == ALGORITHM
    )


def _build(key: dict[str, Any]) -> Any:
    try:
        return jwk.construct({name: key[name] for name in ("kty", "n", "e")}, algorithm=ALGORITHM)
    except (JOSEError, KeyError, TypeError, ValueError, AttributeError):
        return None
