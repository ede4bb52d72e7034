"""Activities: the home feed, a person's posts, a post with its replies, notifications and search."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from backend_flask.auth import signed_in, user_if_signed_in
from backend_flask.lib.ddb import Page
from backend_flask.routes import paging
from backend_flask.routes.body import json_object
from backend_flask.services import activities as service
from backend_flask.services.activities import Activity
from backend_flask.services.users import User
from backend_flask.stores import stores

activities = Blueprint("activities", __name__, url_prefix="/api/activities")


@activities.get("/home")
def home() -> Response:
    asked = paging.requested()
    return _page(service.home(stores().db, asked.limit, asked.before))


@activities.get("/notifications")
def notifications() -> Response:
    asked, user = paging.requested(), user_if_signed_in()
    return _page(service.notifications(stores().db, user, asked.limit, asked.before) if user else Page([], more=False))


@activities.get("/search")
def search() -> Response:
    asked = paging.requested()
    return _page(service.search(stores().db, request.args.get("term"), asked.limit, asked.before))


@activities.get("/@<handle>")
def by_handle(handle: str) -> Response:
    """With the person's profile; `?format=list` gives the posts alone, as older front ends expect."""
    asked = paging.requested()
    alone = paging.one_of("format", {"list": True, "profile": False}, default="profile")
    profile, posts = service.by_handle(stores().db, handle, asked.limit, asked.before)
    if alone:
        return _page(posts)
    return paging.linked(jsonify({"profile": profile, "activities": posts.items}), _next(posts))


@activities.get("/@<handle>/status/<activity_uuid>")
def status(handle: str, activity_uuid: str) -> Response:
    asked = paging.requested()
    activity, replies = service.status(stores().db, handle, activity_uuid, asked.limit, asked.before)
    return paging.linked(jsonify({"activity": activity, "replies": replies.items}), _next(replies))


@activities.get("/<activity_uuid>")
def show(activity_uuid: str) -> Response:
    return jsonify(service.show(stores().db, activity_uuid))


@activities.post("")
@signed_in
def create(user: User) -> Response:
    body = json_object()
    return jsonify(service.create(stores().db, stores().make_id, user, body.get("message"), body.get("ttl")))


@activities.post("/<activity_uuid>/reply")
@signed_in
def reply(user: User, activity_uuid: str) -> Response:
    body = json_object()
    return jsonify(service.reply(stores().db, stores().make_id, user, activity_uuid, body.get("message")))


def _page(found: Page[Activity]) -> Response:
    return paging.page(found.items, _next(found))


def _next(found: Page[Activity]) -> Any:
    return found.items[-1]["uuid"] if found.more else None
