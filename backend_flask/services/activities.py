"""The rules of activities: posts, which expire, and replies to them, which do not.

Lists are newest first; the uuid of an activity is the cursor. What has expired is not there, for anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from backend_flask.errors import NotFound
from backend_flask.lib.db import Database, Queries, Row
from backend_flask.lib.ddb import Page, milliseconds_of
from backend_flask.services import rules
from backend_flask.services.users import User, is_handle

POST_MAX_CHARACTERS = 280
REPLY_MAX_CHARACTERS = 1024
SEARCH_TERM_MAX_CHARACTERS = 128
NESTED_REPLIES = 10
LIFETIMES = {
    "30-days": timedelta(days=30),
    "7-days": timedelta(days=7),
    "3-days": timedelta(days=3),
    "1-day": timedelta(days=1),
    "12-hours": timedelta(hours=12),
    "3-hours": timedelta(hours=3),
    "1-hour": timedelta(hours=1),
}
_FIELDS = (
    "uuid",
    "display_name",
    "handle",
    "message",
    "replies_count",
    "reposts_count",
    "likes_count",
    "reply_to_activity_uuid",
    "expires_at",
    "created_at",
)

Activity = dict[str, Any]


def home(db: Database, limit: int, before: str | None) -> Page[Activity]:
    """Everybody's posts."""
    return _page(db, "activities/home", limit, before)


def notifications(db: Database, user: User, limit: int, before: str | None) -> Page[Activity]:
    """What others have replied to the user's activities; each with `replies`, the newest replies to it."""
    page = _page(db, "activities/notifications", limit, before, user_uuid=user.uuid)
    parents = [activity["uuid"] for activity in page.items if activity["replies_count"]]
    nested = db.all("activities/replies_to_each", uuids=parents, limit=NESTED_REPLIES) if parents else []
    for activity in page.items:
        activity["replies"] = [_shown(row) for row in nested if str(row["reply_to_activity_uuid"]) == activity["uuid"]]
    return page


def by_handle(db: Database, handle: str, limit: int, before: str | None) -> tuple[Row, Page[Activity]]:
    """A person's profile and posts. Raises NotFound."""
    profile = db.one("users/profile", handle=handle) if is_handle(handle) else None
    if profile is None:
        raise NotFound("user_not_found")
    return profile, _page(db, "activities/by_user", limit, before, user_uuid=profile["uuid"])


def status(db: Database, handle: str, uuid: str, limit: int, before: str | None) -> tuple[Activity, Page[Activity]]:
    """An activity of this person, and the replies to it. Raises NotFound."""
    activity = show(db, uuid)
    if activity["handle"].lower() != handle.lower():
        raise _not_found()
    return activity, _page(db, "activities/replies", limit, before, uuid=activity["uuid"])


def show(db: Database | Queries, uuid: str) -> Activity:
    """Raises NotFound."""
    wanted = rules.as_uuid(uuid)
    row = db.one("activities/show", uuid=wanted) if wanted else None
    if row is None:
        raise _not_found()
    return _shown(row)


def search(db: Database, term: Any, limit: int, before: str | None) -> Page[Activity]:
    """Activities that hold all these words, or what Postgres' websearch_to_tsquery makes of them. Raises Invalid."""
    problems: list[str] = []
    words = rules.text(term, "search_term", SEARCH_TERM_MAX_CHARACTERS, problems)
    rules.raise_if_any(problems)
    return _page(db, "activities/search", limit, before, term=words)


def create(db: Database, make_id: Callable[[], str], user: User, message: Any, ttl: Any) -> Activity:
    """Writes a post that lives as long as `ttl`, a key of LIFETIMES, says. Raises Invalid."""
    problems: list[str] = []
    text = rules.text(message, "message", POST_MAX_CHARACTERS, problems, too_long="message_exceed_max_chars")
    lifetime = LIFETIMES.get(ttl) if isinstance(ttl, str) else None
    if lifetime is None:
        problems.append("ttl_blank")
    rules.raise_if_any(problems)
    with db.transaction() as queries:
        return _write(queries, make_id(), user, text, lifetime=lifetime)


def reply(db: Database, make_id: Callable[[], str], user: User, uuid: str, message: Any) -> Activity:
    """Replies to an activity, which counts it. Raises Invalid, or NotFound if there is no such activity."""
    problems: list[str] = []
    text = rules.text(message, "message", REPLY_MAX_CHARACTERS, problems)
    rules.raise_if_any(problems)
    parent = rules.as_uuid(uuid)
    if parent is None:
        raise _not_found()
    with db.transaction() as queries:
        if not queries.execute("activities/count_reply", uuid=parent):
            raise _not_found()
        return _write(queries, make_id(), user, text, reply_to=parent)


def _write(
    queries: Queries,
    uuid: str,
    user: User,
    text: str,
    *,
    lifetime: timedelta | None = None,
    reply_to: str | None = None,
) -> Activity:
    created_at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds_of(uuid))
    written = queries.execute(
        "activities/create",
        uuid=uuid,
        user_uuid=user.uuid,
        message=text,
        reply_to_activity_uuid=reply_to,
        expires_at=created_at + lifetime if lifetime else None,
        created_at=created_at,
    )
    if not written:
        raise NotFound("user_not_found")
    return show(queries, uuid)


def _page(db: Database, query: str, limit: int, before: str | None, **params: Any) -> Page[Activity]:
    rows = db.all(query, limit=limit + 1, before=before, **params)
    return Page([_shown(row) for row in rows[:limit]], more=len(rows) > limit)


def _shown(row: Row) -> Activity:
    return {name: _as_text(row[name]) for name in _FIELDS}


def _as_text(value: Any) -> Any:
    """Numbers, texts and nothing stay; uuids become text, times ISO 8601 UTC with milliseconds."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value if value is None or isinstance(value, str | int) else str(value)


def _not_found() -> NotFound:
    return NotFound("activity_not_found")
