"""Users as the message scripts need them: found by handle or by uuid."""

from __future__ import annotations

from collections.abc import Sequence

from cli.script import ScriptError

from backend_flask.errors import NotFound
from backend_flask.lib.db import Database
from backend_flask.lib.ddb_items import Member
from backend_flask.services import users
from backend_flask.services.users import User


def by_handle(db: Database, handle: str) -> User:
    """Raises ScriptError if nobody has the handle."""
    try:
        return users.short(db, handle.removeprefix("@"))
    except NotFound:
        raise ScriptError(
            f"nobody has the handle {handle!r}. Somebody who has only signed up gets a row with their first request"
        ) from None


def members_by_uuid(db: Database, uuids: Sequence[str]) -> dict[str, Member]:
    rows = db.all("users/by_uuids", uuids=list(uuids))
    return {row["uuid"]: Member(row["uuid"], row["display_name"], row["handle"]) for row in rows}
