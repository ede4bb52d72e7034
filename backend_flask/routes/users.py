"""Users: who a handle is, and what I say about myself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from backend_flask.auth import signed_in
from backend_flask.routes.body import json_object
from backend_flask.services import users as service
from backend_flask.services.users import User
from backend_flask.stores import stores

users = Blueprint("users", __name__, url_prefix="/api")


@users.get("/users/@<handle>/short")
def short(handle: str) -> Response:
    return jsonify(as_json(service.short(stores().db, handle)))


@users.put("/profile/update")
@signed_in
def update_profile(user: User) -> Response:
    body = json_object()
    changed = service.update_profile(stores().db, user, body.get("display_name"), body.get("bio"))
    stores().sign_in.forget(user)
    return jsonify(as_json(changed))


def as_json(user: User) -> dict[str, Any]:
    return {"uuid": user.uuid, "handle": user.handle, "display_name": user.display_name}
