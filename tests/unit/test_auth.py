"""From the Authorization header to the user, with the stores replaced."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from flask import Flask

from backend_flask import auth
from backend_flask.auth import USER_CACHE_SECONDS, SignIn, needs_sign_in, signed_in
from backend_flask.errors import Conflict, NotSignedIn, Unavailable
from backend_flask.lib.cognito_jwt_token import LEEWAY_SECONDS, KeySetUnavailable, TokenRefused
from backend_flask.routes import errors
from backend_flask.services.users import User
from backend_flask.stores import EXTENSION
from tests.tokens import Clock

USER = User("u1", "londo", "Londo")


class Verifier:
    """A token is its own `sub`; some words are refused."""

    def verify(self, token: str) -> dict[str, Any]:
        if token == "expired":
            raise TokenRefused("token_expired")
        if token == "no-keys":
            raise KeySetUnavailable
        return {"sub": token, "exp": time.time() + 100}


class Loader:
    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.raises: Exception | None = None

    def __call__(self, claims: dict[str, Any], token: str) -> User:
        self.calls.append((claims["sub"], token))
        if self.raises:
            raise self.raises
        return User(f"uuid-of-{claims['sub']}", claims["sub"], claims["sub"].title())


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sign_in(loader: Loader, clock: Clock) -> SignIn:
    return SignIn(Verifier(), loader, clock)  # type: ignore[arg-type]


def test_a_warm_request_asks_nobody(sign_in: SignIn, loader: Loader, clock: Clock) -> None:
    assert [sign_in.user("londo").uuid for _ in range(5)] == ["uuid-of-londo"] * 5
    assert loader.calls == [("londo", "londo")]
    clock.now = USER_CACHE_SECONDS - 0.1
    sign_in.user("londo")
    assert len(loader.calls) == 1


def test_a_user_is_kept_for_60_seconds_at_most(sign_in: SignIn, loader: Loader, clock: Clock) -> None:
    assert USER_CACHE_SECONDS <= 60
    sign_in.user("londo")
    for clock.now in (30, 59):
        sign_in.user("londo")
    clock.now = 60.1
    sign_in.user("londo")
    assert len(loader.calls) == 2


def test_users_are_told_apart(sign_in: SignIn) -> None:
    assert sign_in.user("londo").handle == "londo"
    assert sign_in.user("gkar").handle == "gkar"
    assert sign_in.user("londo").handle == "londo"


def test_the_token_is_verified_every_time(sign_in: SignIn) -> None:
    sign_in.user("londo")
    with pytest.raises(NotSignedIn) as refused:
        sign_in.user("expired")
    assert refused.value.code == "token_expired"


def test_without_a_key_set_nobody_can_tell(sign_in: SignIn) -> None:
    with pytest.raises(Unavailable):
        sign_in.user("no-keys")


@pytest.mark.parametrize("failure", [psycopg.OperationalError("away"), Conflict("account_conflict"), Unavailable()])
def test_a_failure_is_not_kept(sign_in: SignIn, loader: Loader, failure: Exception) -> None:
    loader.raises = failure
    with pytest.raises(type(failure)):
        sign_in.user("londo")
    loader.raises = None
    assert sign_in.user("londo").handle == "londo"


def test_a_forgotten_user_is_loaded_again_and_others_are_not(sign_in: SignIn, loader: Loader) -> None:
    londo = sign_in.user("londo")
    sign_in.user("gkar")
    sign_in.forget(londo)
    sign_in.user("londo")
    sign_in.user("gkar")
    assert [sub for sub, _ in loader.calls] == ["londo", "gkar", "londo"]


def test_forgetting_an_unknown_user_does_nothing(sign_in: SignIn) -> None:
    sign_in.forget(USER)


def test_the_cache_is_bounded(loader: Loader, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "USER_CACHE_SIZE", 10)
    sign_in = SignIn(Verifier(), loader, clock)  # type: ignore[arg-type]
    for number in range(50):
        sign_in.user(f"user{number}")
    loader.calls.clear()
    for number in range(40, 50):
        sign_in.user(f"user{number}")
    assert loader.calls == []
    sign_in.user("user0")
    assert len(loader.calls) == 1


def test_many_threads_at_once_see_their_own_users(sign_in: SignIn) -> None:
    start = threading.Barrier(16)

    def ask(number: int) -> bool:
        start.wait()
        return all(sign_in.user(f"u{(number + i) % 7}").handle == f"u{(number + i) % 7}" for i in range(200))

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(ask, range(16)))


@pytest.fixture
def app(sign_in: SignIn) -> Flask:
    app = Flask(__name__, static_folder=None)
    errors.register(app)
    app.extensions[EXTENSION] = SimpleNamespace(sign_in=sign_in)

    @app.get("/")
    @signed_in
    def view(user: User) -> str:
        return user.handle

    return app


@pytest.mark.parametrize(
    "header",
    [
        None, "", " ", "Bearer", "Bearer ", "Bearer   ", "bearer", "Bearer null", "Bearer undefined", "null", "londo",
        "Basic londo", "Token londo", "Bearerlondo", "Bearer\tlondo", "Digest Bearer londo",
    ],
)  # fmt: skip
def test_without_a_bearer_token_nobody_is_signed_in(app: Flask, loader: Loader, header: str | None) -> None:
    answer = app.test_client().get("/", headers={} if header is None else {"Authorization": header})
    assert answer.status_code == 401
    assert answer.get_json(force=True)["code"] == "token_missing"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert loader.calls == []


@pytest.mark.parametrize("header", ["Bearer londo", "bearer londo", "BEARER londo", "Bearer   londo", "Bearer londo "])
def test_a_bearer_token_signs_in(app: Flask, header: str) -> None:
    answer = app.test_client().get("/", headers={"Authorization": header})
    assert (answer.status_code, answer.text) == (200, "londo")


def test_a_token_in_the_query_or_in_a_cookie_is_nothing(app: Flask) -> None:
    client = app.test_client()
    client.set_cookie("Authorization", "Bearer londo")
    assert client.get("/?access_token=londo&Authorization=Bearer%20londo").status_code == 401


def test_a_view_shows_that_it_needs_a_user(app: Flask) -> None:
    assert needs_sign_in(app.view_functions["view"])
    assert not needs_sign_in(lambda: None)


def test_it_is_known_how_long_a_token_holds_until_it_is_refused(sign_in: SignIn) -> None:
    assert sign_in.seconds_left("londo") == pytest.approx(100 + LEEWAY_SECONDS, abs=2)


@pytest.mark.parametrize(("token", "error"), [("expired", NotSignedIn), ("no-keys", Unavailable)])
def test_of_a_token_that_does_not_hold_it_is_not(sign_in: SignIn, token: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        sign_in.seconds_left(token)
