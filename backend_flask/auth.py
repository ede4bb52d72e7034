"""From `Authorization: Bearer <Cognito access token>` to the user who asks."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from cachetools import TTLCache
from flask import g, request

from backend_flask.errors import NotSignedIn, Unavailable
from backend_flask.lib.cognito_jwt_token import (
    LEEWAY_SECONDS,
    Claims,
    CognitoTokenVerifier,
    KeySetUnavailable,
    TokenRefused,
)
from backend_flask.services.users import User
from backend_flask.stores import stores

USER_CACHE_SECONDS = 60
USER_CACHE_SIZE = 10_000

P = ParamSpec("P")
R = TypeVar("R")


class SignIn:
    """Finds the user of a token. A user's row is kept for USER_CACHE_SECONDS, so a warm request asks Postgres nothing
    to know who it is.

    `load` takes the claims and the token and gives the user, making the row on a first sign-in.
    """

    def __init__(
        self,
        verifier: CognitoTokenVerifier,
        load: Callable[[Claims, str], User],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verifier = verifier
        self._load = load
        self._lock = threading.Lock()
        self._users: TTLCache[str, User] = TTLCache(USER_CACHE_SIZE, USER_CACHE_SECONDS, timer=clock)

    def user(self, token: str) -> User:
        """Raises NotSignedIn or Unavailable."""
        claims = self._claims(token)
        with self._lock:
            known = self._users.get(claims["sub"])
        if known is None:
            known = self._load(claims, token)
            with self._lock:
                self._users[claims["sub"]] = known
        return known

    def seconds_left(self, token: str) -> float:
        """How long a token that holds still does. Raises NotSignedIn or Unavailable."""
        return float(self._claims(token)["exp"]) + LEEWAY_SECONDS - time.time()

    def forget(self, user: User) -> None:
        """After a change of the user's row, so that the next request of this process sees it."""
        with self._lock:
            for sub in [sub for sub, known in self._users.items() if known.uuid == user.uuid]:
                del self._users[sub]

    def _claims(self, token: str) -> Claims:
        try:
            return self._verifier.verify(token)
        except TokenRefused as refused:
            raise NotSignedIn(refused.code) from None
        except KeySetUnavailable as away:
            raise Unavailable(retry_after=away.retry_after) from None


def signed_in(view: Callable[Concatenate[User, P], R]) -> Callable[P, R]:
    """The view gets the signed-in user as its first argument; without one the answer is 401."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        user = stores().sign_in.user(_bearer_token(request.headers.get("Authorization")))
        g.user = user
        return view(user, *args, **kwargs)

    guarded.needs_sign_in = True  # type: ignore[attr-defined]
    return guarded


def signed_in_or_not(view: Callable[Concatenate[User | None, P], R]) -> Callable[P, R]:
    """For routes that answer everybody: the view gets None for a token that does not hold, as for none."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        return view(user_if_signed_in(), *args, **kwargs)

    guarded.needs_sign_in = False  # type: ignore[attr-defined]
    return guarded


def user_if_signed_in() -> User | None:
    """None if the token does not hold, as if there is none."""
    try:
        g.user = stores().sign_in.user(_bearer_token(request.headers.get("Authorization")))
    except NotSignedIn:
        return None
    return cast(User, g.user)


def seconds_left() -> float:
    """How long the token of this request, which holds, still does. Raises NotSignedIn or Unavailable."""
    return stores().sign_in.seconds_left(_bearer_token(request.headers.get("Authorization")))


def _bearer_token(header: str | None) -> str:
    """RFC 6750, section 2.1. A signed-out Cruddur front end sends the words `Bearer null`."""
    scheme, _, token = (header or "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or token in {"null", "undefined"}:
        raise NotSignedIn("token_missing")
    return token


def needs_sign_in(view: Any) -> bool:
    """Whether a view answers signed-in users only."""
    return getattr(view, "needs_sign_in", False)


def may_sign_in(view: Any) -> bool:
    """Whether it matters to a view who is signed in."""
    return hasattr(view, "needs_sign_in")
