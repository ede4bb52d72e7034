"""Whom I block: what they send to me alone reaches me no more, and they cannot tell."""

from __future__ import annotations

from flask import Blueprint

from backend_flask.auth import signed_in
from backend_flask.errors import Invalid, NotFound
from backend_flask.lib.ddb_items import MessageGroup, instant_of
from backend_flask.routes.declared import refuses, takes
from backend_flask.routes.message_groups import groups
from backend_flask.routes.paging import BEFORE, LIMIT, PageOf, page
from backend_flask.routes.users import UserJson
from backend_flask.services.shapes import Instant, SuccessJson
from backend_flask.services.users import User

blocks = Blueprint("blocks", __name__, url_prefix="/api/blocks")


class BlockJson(UserJson):
    """Somebody whom I block, by the name that they had when they last wrote to me, or when I blocked them."""

    blocked_at: Instant


@blocks.get("")
@signed_in
@takes(LIMIT, BEFORE)
def list_blocks(user: User, limit: int, before: str | None) -> PageOf[BlockJson]:
    """Whom I block, the last one first."""
    found = groups(user).list_blocks(limit, before)
    return page([as_json(row) for row in found.items], found.items[-1].block_uuid if found.more else None)


@blocks.put("/@<handle>")
@signed_in
@refuses(NotFound("user_not_found"), Invalid("handle_own"))
def block_user(user: User, handle: str) -> SuccessJson:
    """Blocks a person. Whom I block already stays blocked."""
    groups(user).block(handle)
    return {"success": True}


@blocks.delete("/@<handle>")
@signed_in
@refuses(NotFound("user_not_found"))
def unblock_user(user: User, handle: str) -> SuccessJson:
    """Unblocks a person. What they have sent meanwhile stays unseen."""
    groups(user).unblock(handle)
    return {"success": True}


def as_json(row: MessageGroup) -> BlockJson:
    if row.other is None or row.block_uuid is None:
        raise ValueError("no block")
    return {
        "uuid": row.other.uuid,
        "handle": row.other.handle,
        "display_name": row.other.display_name,
        "blocked_at": instant_of(row.block_uuid),
    }
