"""Messages: list those of a message group, send one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from backend_flask.auth import signed_in
from backend_flask.lib.ddb import Message
from backend_flask.routes import paging
from backend_flask.routes.body import json_object
from backend_flask.routes.message_groups import messaging
from backend_flask.services import rules
from backend_flask.services.users import User

messages = Blueprint("messages", __name__, url_prefix="/api/messages")


@messages.get("/<message_group_uuid>")
@signed_in
def list_messages(user: User, message_group_uuid: str) -> Response:
    asked = paging.requested()
    oldest_first = paging.one_of("order", {"asc": True, "desc": False}, default="desc")
    found = messaging(user).list_messages(message_group_uuid, asked.limit, asked.before)
    next_before = found.items[-1].message_uuid if found.more else None
    shown = reversed(found.items) if oldest_first else found.items
    return paging.page([as_json(message) for message in shown], next_before)


@messages.post("")
@signed_in
def create_message(user: User) -> Response:
    body = json_object()
    send_key = rules.send_key(request.headers.get("Idempotency-Key"))
    sent = messaging(user).send(body.get("message"), body.get("message_group_uuid"), body.get("handle"), send_key)
    return jsonify(as_json(sent))


def as_json(message: Message) -> dict[str, Any]:
    return {
        "uuid": message.message_uuid,
        "message_group_uuid": message.message_group_uuid,
        "user_uuid": message.user_uuid,
        "display_name": message.user_display_name,
        "handle": message.user_handle,
        "message": message.message,
        "created_at": message.created_at,
    }
