"""Messages: list those of a message group, send, edit and delete one."""

from __future__ import annotations

from typing import Any, TypedDict

from flask import Blueprint

from backend_flask.auth import signed_in
from backend_flask.errors import Conflict, Forbidden, Invalid, NotFound, PreconditionFailed, RateLimited
from backend_flask.lib.ddb_items import Message, iso
from backend_flask.routes.declared import optional, refuses, takes, takes_json
from backend_flask.routes.paging import AFTER, AROUND, BEFORE, LIMIT, PageOf, page
from backend_flask.routes.parameters import Parameter, one_of
from backend_flask.services import rules
from backend_flask.services.messaging import MESSAGE, MESSAGE_GROUP, RECEIVER, Messaging, Place
from backend_flask.services.shapes import Count, DisplayName, Handle, Instant, Uuid, Words
from backend_flask.services.users import User
from backend_flask.stores import stores

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


VERSION = Parameter(
    "If-Match",
    "Only if this is the message's `rev`, so that nobody overwrites what they have not seen.",
    {"type": "string", "examples": ['"0"']},
    ("if_match_invalid",),
    rules.version,
    "rev",
    place="header",
)


class MessageJson(TypedDict):
    """A message. `rev` counts its versions. A deleted one keeps its place and has no text."""

    uuid: Uuid
    message_group_uuid: Uuid
    user_uuid: Uuid
    display_name: DisplayName
    handle: Handle
    message: Words
    created_at: Instant
    rev: Count
    edited_at: Instant | None
    deleted_at: Instant | None
    expires_at: Instant | None


def messaging(user: User) -> Messaging:
    return Messaging(stores().table, stores().db, user, stores().limits)


@messages.get("/<message_group_uuid>")
@signed_in
@takes(LIMIT, BEFORE, AFTER, AROUND, ORDER)
@refuses(NotFound("message_group_not_found"), NotFound("user_not_found"), Invalid("place_ambiguous"))
def list_messages(
    user: User, message_group_uuid: str, limit: int, oldest_first: bool, **place: str | None
) -> PageOf[MessageJson]:
    """The messages of a message group, newest first: the newest, or those before, after or around one."""
    found = messaging(user).list_messages(message_group_uuid, limit, Place.of(**place))
    next_before = found.resume or (found.items[-1].message_uuid if found.more else None)
    prev_after = found.resume_newer or (found.items[0].message_uuid if found.newer else None)
    shown = reversed(found.items) if oldest_first else found.items
    return page([as_json(message) for message in shown], next_before, prev_after)


@messages.post("")
@signed_in
@takes_json(message=MESSAGE, message_group_uuid=optional(MESSAGE_GROUP), handle=optional(RECEIVER))
@takes(SEND_KEY)
@refuses(Invalid("user_reciever_handle_unknown", "user_reciever_handle_own"), NotFound("message_group_not_found"))
@refuses(Conflict("idempotency_key_reused"), Conflict("user_blocked"), RateLimited())
def create_message(user: User, message: Any, message_group_uuid: Any, handle: Any, send_key: str | None) -> MessageJson:
    """Sends a message to a message group or to a person.

    One of `message_group_uuid` and `handle` says where to; the group wins if both are there. The first message to a
    person starts the direct message group.
    """
    return as_json(messaging(user).send(message, message_group_uuid, handle, send_key))


@messages.patch("/<message_group_uuid>/<message_uuid>")
@signed_in
@takes_json(message=MESSAGE)
@takes(VERSION)
@refuses(NotFound("message_group_not_found"), NotFound("message_not_found"), NotFound("user_not_found"))
@refuses(Forbidden("message_not_yours"), Conflict("message_deleted"), PreconditionFailed("message_changed"))
@refuses(RateLimited())
def edit_message(user: User, message_group_uuid: str, message_uuid: str, message: Any, rev: int | None) -> MessageJson:
    """Gives my message another text."""
    return as_json(messaging(user).edit(message_group_uuid, message_uuid, message, rev))


@messages.delete("/<message_group_uuid>/<message_uuid>")
@signed_in
@takes(VERSION)
@refuses(NotFound("message_group_not_found"), NotFound("message_not_found"), NotFound("user_not_found"))
@refuses(Forbidden("message_not_yours"), PreconditionFailed("message_changed"), RateLimited())
def delete_message(user: User, message_group_uuid: str, message_uuid: str, rev: int | None) -> MessageJson:
    """Takes the text out of my message, which keeps its place."""
    return as_json(messaging(user).delete(message_group_uuid, message_uuid, rev))


def as_json(message: Message) -> MessageJson:
    return {
        "uuid": message.message_uuid,
        "message_group_uuid": message.message_group_uuid,
        "user_uuid": message.user_uuid,
        "display_name": message.user_display_name,
        "handle": message.user_handle,
        "message": message.message,
        "created_at": message.created_at,
        "rev": message.rev,
        "edited_at": message.edited_at,
        "deleted_at": message.deleted_at,
        "expires_at": None if message.expires_at is None else iso(message.expires_at * 1000),
    }
