"""Message groups: list mine, start one of many, show and change one, and what is my own affair in it."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from flask import Blueprint

from backend_flask.auth import signed_in
from backend_flask.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited
from backend_flask.lib.ddb_items import MessageGroup
from backend_flask.routes.declared import optional, refuses, takes, takes_json
from backend_flask.routes.messages import SEND_KEY, MessageJson, messaging
from backend_flask.routes.messages import as_json as message_as_json
from backend_flask.routes.paging import BEFORE, LIMIT, PageOf, cursor, page
from backend_flask.routes.parameters import Parameter, as_sent, flag
from backend_flask.routes.users import UserJson
from backend_flask.routes.users import as_json as user_as_json
from backend_flask.services.groups import HANDLES, TITLE, TTL, Groups, Shown, ttl_word
from backend_flask.services.messaging import MESSAGE, READ_MESSAGE
from backend_flask.services.shapes import Count, DisplayName, Handle, Instant, Kind, Lifetime, SuccessJson, Uuid, Words
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
    """A message group in the list of one of its members. Name and handle are the other person's in a direct one; one of
    many has its title for a name. `message` is empty if the newest message was deleted or has expired."""

    uuid: Uuid
    kind: Kind
    user_uuid: Uuid | None
    display_name: DisplayName | None
    handle: Handle | None
    message: Words
    created_at: Instant
    last_message_uuid: Uuid
    last_sender_uuid: Uuid
    unread: bool
    read_up_to: Uuid
    members: Count
    ttl: Lifetime | None
    muted: bool
    blocked: bool
    unread_count: NotRequired[Count]


class MessageGroupWholeJson(TypedDict):
    """A message group with its members. `ttl` is how long messages live that are sent from now on, null for good;
    `muted`, `blocked` and `read_up_to` are my own."""

    uuid: Uuid
    kind: Kind
    title: DisplayName | None
    ttl: Lifetime | None
    created_by: Uuid
    created_at: Instant
    members: list[UserJson]
    muted: bool
    blocked: bool
    read_up_to: Uuid


NOT_FOUND = (NotFound("message_group_not_found"), NotFound("user_not_found"))


def groups(user: User) -> Groups:
    return Groups(messaging(user), stores().membership)


@message_groups.get("")
@signed_in
@takes(LIMIT, BEFORE, SINCE, WITH, UNREAD, COUNTS)
@refuses(NotFound("user_not_found"))
def list_message_groups(user: User, **asked: Any) -> PageOf[MessageGroupJson]:
    """My message groups, the one with the newest message first."""
    found = messaging(user).list_message_groups(**asked)
    next_before = found.resume or (found.items[-1].last_message_uuid if found.more else None)
    return page([as_json(group) for group in found.items], next_before)


@message_groups.post("")
@signed_in
@takes_json(handles=HANDLES, title=optional(TITLE), message=MESSAGE)
@takes(SEND_KEY)
@refuses(Invalid("handles_too_few"), Conflict("idempotency_key_reused"), RateLimited())
def start_message_group(user: User, handles: Any, title: Any, message: Any, send_key: str | None) -> MessageJson:
    """Starts a message group of three to 50 people with its first message.

    Without a title it is called by its people's names. Whoever starts it is its creator.
    """
    return message_as_json(groups(user).start(handles, title, message, send_key))


@message_groups.get("/<message_group_uuid>")
@signed_in
@refuses(*NOT_FOUND)
def show_message_group(user: User, message_group_uuid: str) -> MessageGroupWholeJson:
    """A message group with its members."""
    return whole_as_json(groups(user).show(message_group_uuid))


@message_groups.patch("/<message_group_uuid>")
@signed_in
@takes_json(title=optional(TITLE), ttl=optional(TTL))
@refuses(*NOT_FOUND, Invalid("change_blank"), Conflict("message_group_direct"), RateLimited())
def change_message_group(user: User, message_group_uuid: str, title: Any, ttl: Any) -> MessageGroupWholeJson:
    """Changes the title, or how long messages live that are sent from now on."""
    return whole_as_json(groups(user).change(message_group_uuid, title, ttl))


@message_groups.post("/<message_group_uuid>/members")
@signed_in
@takes_json(handles=HANDLES)
@refuses(*NOT_FOUND, Conflict("message_group_direct"), Conflict("message_group_full"), RateLimited())
def add_members(user: User, message_group_uuid: str, handles: Any) -> MessageGroupWholeJson:
    """Adds people. They see all that was written; who is a member already stays one."""
    return whole_as_json(groups(user).add(message_group_uuid, handles))


@message_groups.delete("/<message_group_uuid>/members/@<handle>")
@signed_in
@refuses(*NOT_FOUND, NotFound("member_not_found"), Forbidden("not_the_creator"))
@refuses(Conflict("message_group_direct"), RateLimited())
def remove_member(user: User, message_group_uuid: str, handle: str) -> SuccessJson:
    """Leaves the message group or, if the handle is not my own and I have started it, takes that member out of it."""
    groups(user).remove(message_group_uuid, handle)
    return {"success": True}


@message_groups.put("/<message_group_uuid>/mute")
@signed_in
@refuses(*NOT_FOUND)
def mute_message_group(user: User, message_group_uuid: str) -> SuccessJson:
    """Marks the message group as muted, for me alone."""
    groups(user).mute(message_group_uuid, muted=True)
    return {"success": True}


@message_groups.delete("/<message_group_uuid>/mute")
@signed_in
@refuses(*NOT_FOUND)
def unmute_message_group(user: User, message_group_uuid: str) -> SuccessJson:
    """Marks it as not muted."""
    groups(user).mute(message_group_uuid, muted=False)
    return {"success": True}


@message_groups.post("/<message_group_uuid>/hide")
@signed_in
@refuses(*NOT_FOUND)
def hide_message_group(user: User, message_group_uuid: str) -> SuccessJson:
    """Takes the message group out of my list until the next message."""
    groups(user).hide(message_group_uuid)
    return {"success": True}


@message_groups.post("/<message_group_uuid>/read")
@signed_in
@takes_json(message_uuid=READ_MESSAGE)
@refuses(*NOT_FOUND, NotFound("message_not_found"))
def mark_read(user: User, message_group_uuid: str, message_uuid: Any) -> SuccessJson:
    """Moves my read marker forward to a message."""
    messaging(user).mark_read(message_group_uuid, message_uuid)
    return {"success": True}


def as_json(group: MessageGroup) -> MessageGroupJson:
    other = group.other
    shown: MessageGroupJson = {
        "uuid": group.uuid,
        "kind": "direct" if other else "group",
        "user_uuid": other.uuid if other else None,
        "display_name": other.display_name if other else group.title,
        "handle": other.handle if other else None,
        "message": group.message,
        "created_at": group.last_message_at,
        "last_message_uuid": group.last_message_uuid,
        "last_sender_uuid": group.last_sender_uuid,
        "unread": group.unread,
        "read_up_to": group.read_up_to,
        "members": group.members,
        "ttl": ttl_word(group.ttl_seconds),
        "muted": group.muted,
        "blocked": group.blocked,
    }
    if group.unread_count is not None:
        shown["unread_count"] = group.unread_count
    return shown


def whole_as_json(shown: Shown) -> MessageGroupWholeJson:
    group, row = shown.group, shown.row
    return {
        "uuid": group.uuid,
        "kind": "direct" if group.title is None else "group",
        "title": group.title,
        "ttl": ttl_word(group.ttl_seconds),
        "created_by": group.created_by,
        "created_at": group.created_at,
        "members": [user_as_json(person) for person in shown.people],
        "muted": row.muted,
        "blocked": row.blocked,
        "read_up_to": row.read_up_to,
    }
