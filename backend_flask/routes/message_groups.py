"""Message groups: list mine, move my read marker."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from flask import Blueprint

from backend_flask.auth import signed_in
from backend_flask.errors import NotFound
from backend_flask.lib.ddb import MessageGroup
from backend_flask.routes.declared import refuses, takes, takes_json
from backend_flask.routes.paging import BEFORE, LIMIT, PageOf, cursor, page
from backend_flask.routes.parameters import Parameter, as_sent, flag
from backend_flask.services.messaging import READ_MESSAGE, Messaging
from backend_flask.services.shapes import Count, DisplayName, Handle, Instant, Uuid, Words
from backend_flask.services.users import User
from backend_flask.stores import stores

message_groups = Blueprint("message_groups", __name__, url_prefix="/api/message_groups")

SINCE = cursor("since", "Only what has a newer message than this uuid: the first `last_message_uuid` of the last list.")
UNREAD = flag("unread", "1 lists only what is unread. There may be fewer on a page than could be.", default=False)
WITH = Parameter(
    "with",
    "Only the direct message group with the person of this handle, or nothing if there is none yet.",
    {"type": "string", "examples": ["ada"]},
    (),
    as_sent,
    "handle",
)
COUNTS = flag("counts", "0 leaves `unread_count` out, and saves the calls.", default=True)


class MessageGroupJson(TypedDict):
    """A message group as one of its members sees it. Name and handle are the other person's, if there are but two."""

    uuid: Uuid
    user_uuid: Uuid | None
    display_name: DisplayName | None
    handle: Handle | None
    message: Words
    created_at: Instant
    last_message_uuid: Uuid
    last_sender_uuid: Uuid
    unread: bool
    unread_count: NotRequired[Count]


class SuccessJson(TypedDict):
    success: bool


def messaging(user: User) -> Messaging:
    return Messaging(stores().table, stores().db, user, stores().limits)


@message_groups.get("")
@signed_in
@takes(LIMIT, BEFORE, SINCE, WITH, UNREAD, COUNTS)
@refuses(NotFound("user_not_found"))
def list_message_groups(user: User, **asked: Any) -> PageOf[MessageGroupJson]:
    """My message groups, the one with the newest message first."""
    found = messaging(user).list_message_groups(**asked)
    next_before = found.resume or (found.items[-1].last_message_uuid if found.more else None)
    return page([as_json(group) for group in found.items], next_before)


@message_groups.post("/<message_group_uuid>/read")
@signed_in
@takes_json(message_uuid=READ_MESSAGE)
@refuses(NotFound("message_group_not_found"), NotFound("message_not_found"), NotFound("user_not_found"))
def mark_read(user: User, message_group_uuid: str, message_uuid: Any) -> SuccessJson:
    """Moves my read marker forward to a message."""
    messaging(user).mark_read(message_group_uuid, message_uuid)
    return {"success": True}


def as_json(group: MessageGroup) -> MessageGroupJson:
    other = group.other
    shown: MessageGroupJson = {
        "uuid": group.uuid,
        "user_uuid": other.uuid if other else None,
        "display_name": other.display_name if other else group.title,
        "handle": other.handle if other else None,
        "message": group.message,
        "created_at": group.last_message_at,
        "last_message_uuid": group.last_message_uuid,
        "last_sender_uuid": group.last_sender_uuid,
        "unread": group.unread,
    }
    if group.unread_count is not None:
        shown["unread_count"] = group.unread_count
    return shown
