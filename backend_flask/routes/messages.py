"""Messages: list those of a message group, send one."""

from __future__ import annotations

from typing import Any, TypedDict

from flask import Blueprint

from backend_flask.auth import signed_in
from backend_flask.errors import Conflict, Invalid, NotFound, RateLimited
from backend_flask.lib.ddb import Message
from backend_flask.routes.declared import optional, refuses, takes, takes_json
from backend_flask.routes.message_groups import messaging
from backend_flask.routes.paging import AFTER, AROUND, BEFORE, LIMIT, PageOf, page
from backend_flask.routes.parameters import Parameter, one_of
from backend_flask.services import rules
from backend_flask.services.messaging import MESSAGE, MESSAGE_GROUP, RECEIVER, Place
from backend_flask.services.shapes import DisplayName, Handle, Instant, Uuid, Words
from backend_flask.services.users import User

messages = Blueprint("messages", __name__, url_prefix="/api/messages")

ORDER = one_of(
    "order",
    {"asc": True, "desc": False},
    default="desc",
    says="`asc` gives the same page oldest first.",
    argument="oldest_first",
)
SEND_KEY = Parameter(
    "Idempotency-Key",
    "The message is stored once, however often it is sent with the same key.",
    {"type": "string", "minLength": 1, "maxLength": rules.SEND_KEY_MAX_CHARACTERS, "pattern": "^[ -~]+$"},
    ("idempotency_key_invalid",),
    rules.send_key,
    "send_key",
    place="header",
)


class MessageJson(TypedDict):
    uuid: Uuid
    message_group_uuid: Uuid
    user_uuid: Uuid
    display_name: DisplayName
    handle: Handle
    message: Words
    created_at: Instant


@messages.get("/<message_group_uuid>")
@signed_in
@takes(LIMIT, BEFORE, AFTER, AROUND, ORDER)
@refuses(NotFound("message_group_not_found"), NotFound("user_not_found"), Invalid("place_ambiguous"))
def list_messages(
    user: User, message_group_uuid: str, limit: int, oldest_first: bool, **place: str | None
) -> PageOf[MessageJson]:
    """The messages of a message group, newest first: the newest, or those before, after or around one."""
    found = messaging(user).list_messages(message_group_uuid, limit, Place.of(**place))
    next_before = found.items[-1].message_uuid if found.more else None
    prev_after = found.items[0].message_uuid if found.newer else None
    shown = reversed(found.items) if oldest_first else found.items
    return page([as_json(message) for message in shown], next_before, prev_after)


@messages.post("")
@signed_in
@takes_json(message=MESSAGE, message_group_uuid=optional(MESSAGE_GROUP), handle=optional(RECEIVER))
@takes(SEND_KEY)
@refuses(Invalid("user_reciever_handle_unknown", "user_reciever_handle_own"), NotFound("message_group_not_found"))
@refuses(Conflict("idempotency_key_reused"), RateLimited())
def create_message(user: User, message: Any, message_group_uuid: Any, handle: Any, send_key: str | None) -> MessageJson:
    """Sends a message to a message group or to a person.

    One of `message_group_uuid` and `handle` says where to; the group wins if both are there. The first message to a
    person starts the direct message group.
    """
    return as_json(messaging(user).send(message, message_group_uuid, handle, send_key))


def as_json(message: Message) -> MessageJson:
    return {
        "uuid": message.message_uuid,
        "message_group_uuid": message.message_group_uuid,
        "user_uuid": message.user_uuid,
        "display_name": message.user_display_name,
        "handle": message.user_handle,
        "message": message.message,
        "created_at": message.created_at,
    }
