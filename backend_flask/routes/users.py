"""Users: who a handle is, whom I may mean, and what I say about myself."""

from __future__ import annotations

from typing import Any, TypedDict

from flask import Blueprint

from backend_flask.auth import signed_in
from backend_flask.errors import NotFound
from backend_flask.routes.declared import optional, refuses, takes, takes_json
from backend_flask.routes.paging import LIMIT
from backend_flask.routes.parameters import term as term_of
from backend_flask.services import users as service
from backend_flask.services.shapes import DisplayName, Handle, Uuid
from backend_flask.services.users import BIO, DISPLAY_NAME, PREFIX, User
from backend_flask.stores import stores

users = Blueprint("users", __name__, url_prefix="/api")

TERM = term_of("term", PREFIX, "How a handle, a name or a word of a name begins, in any case.")


class UserJson(TypedDict):
    uuid: Uuid
    handle: Handle
    display_name: DisplayName


@users.get("/users/me")
@signed_in
def show_me(user: User) -> UserJson:
    """Who I am: the handle may be another than the one that was wished for when signing up."""
    return as_json(user)


@users.get("/users/@<handle>/short")
@refuses(NotFound("user_not_found"))
def show_user(handle: str) -> UserJson:
    """Who a handle is."""
    return as_json(service.short(stores().db, handle))


@users.get("/users/search")
@signed_in
@takes(TERM, LIMIT)
def search_users(user: User, term: Any, limit: int) -> list[UserJson]:
    """Others whose handle, name or a word of the name begins so: the handle itself first, then handles, then names."""
    return [as_json(each) for each in service.search(stores().db, user, term, limit)]


@users.put("/profile/update")
@signed_in
@takes_json(display_name=DISPLAY_NAME, bio=optional(BIO))
@refuses(NotFound("user_not_found"))
def update_profile(user: User, display_name: Any, bio: Any) -> UserJson:
    """Changes my name and, if it is there, my bio."""
    changed = service.update_profile(stores().db, user, display_name, bio)
    stores().sign_in.forget(user)
    return as_json(changed)


def as_json(user: User) -> UserJson:
    return {"uuid": user.uuid, "handle": user.handle, "display_name": user.display_name}
