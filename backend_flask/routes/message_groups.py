"""Message groups: list mine, move my read marker."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify

from backend_flask.auth import signed_in
from backend_flask.lib.ddb import MessageGroup
from backend_flask.routes import paging
from backend_flask.routes.body import json_object
from backend_flask.services.messaging import Messaging
from backend_flask.services.users import User
from backend_flask.stores import stores

message_groups = Blueprint("message_groups", __name__, url_prefix="/api/message_groups")


def messaging(user: User) -> Messaging:
    return Messaging(stores().table, stores().db, user, stores().limits)


@message_groups.get("")
@signed_in
def list_message_groups(user: User) -> Response:
    asked, counts = paging.requested(), paging.flag("counts", default=True)
    found = messaging(user).list_message_groups(asked.limit, asked.before, counts=counts)
    next_before = found.items[-1].last_message_uuid if found.more else None
    return paging.page([as_json(group) for group in found.items], next_before)


@message_groups.post("/<message_group_uuid>/read")
@signed_in
def mark_read(user: User, message_group_uuid: str) -> Response:
    messaging(user).mark_read(message_group_uuid, json_object().get("message_uuid"))
    return jsonify({"success": True})


def as_json(group: MessageGroup) -> dict[str, Any]:
    other = group.other
    return {
        "uuid": group.uuid,
        "user_uuid": other.uuid if other else None,
        "display_name": other.display_name if other else group.title,
        "handle": other.handle if other else None,
        "message": group.message,
        "created_at": group.last_message_at,
        "last_message_uuid": group.last_message_uuid,
        "last_sender_uuid": group.last_sender_uuid,
        "unread": group.unread,
        **({} if group.unread_count is None else {"unread_count": group.unread_count}),
    }
