"""The rules of activities: posts, which expire, and replies to them, which do not.

Lists are newest first; the uuid of an activity is the cursor. What has expired is not there, for anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, cast

from backend_flask.errors import NotFound
from backend_flask.lib.db import Database, Queries, Row
from backend_flask.lib.ddb import Page
from backend_flask.lib.ddb_items import milliseconds_of
from backend_flask.services import rules
from backend_flask.services.shapes import Count, DisplayName, Handle, Instant, Uuid, Words
from backend_flask.services.users import User, is_handle

POST_MAX_CHARACTERS = 280
REPLY_MAX_CHARACTERS = 1024
SEARCH_TERM_MAX_CHARACTERS = 128
NESTED_REPLIES = 10
POST = rules.Text("message", POST_MAX_CHARACTERS, too_long="message_exceed_max_chars", example="Look up tonight!")
TTL = rules.Choice("ttl", rules.LIFETIMES)
REPLY = rules.Text("message", REPLY_MAX_CHARACTERS, example="I shall.")
SEARCH_TERM = rules.Text("search_term", SEARCH_TERM_MAX_CHARACTERS, example="meteor shower")


class Activity(TypedDict):
    """A post, which has no `reply_to_activity_uuid`, or a reply, which has no `expires_at`."""

    uuid: Uuid
    display_name: DisplayName
    handle: Handle
    message: Words
    replies_count: Count
    reposts_count: Count
    likes_count: Count
    reply_to_activity_uuid: Uuid | None
    expires_at: Instant | None
    created_at: Instant


class Notification(Activity):
    """A reply, and the newest replies to it."""

    replies: list[Activity]


class Profile(TypedDict):
    """What a person shows on their own page. `cruds_count` counts their posts."""

    uuid: Uuid
    cognito_user_uuid: str | None
    handle: Handle
    display_name: DisplayName
    bio: str
    cruds_count: Count


_FIELDS = tuple(Activity.__annotations__)


def home(db: Database, limit: int, before: str | None) -> Page[Activity]:
    """Everybody's posts."""
    return _page(db, "activities/home", limit, before)


def notifications(db: Database, user: User, limit: int, before: str | None) -> Page[Notification]:
    """What others have replied to the user's activities; each with `replies`, the newest replies to it."""
    page = _page(db, "activities/notifications", limit, before, user_uuid=user.uuid)
    parents = [activity["uuid"] for activity in page.items if activity["replies_count"]]
    nested = db.all("activities/replies_to_each", uuids=parents, limit=NESTED_REPLIES) if parents else []
    replies = [_shown(row) for row in nested]

    def notification(activity: Activity) -> Notification:
        own = [reply for reply in replies if reply["reply_to_activity_uuid"] == activity["uuid"]]
        return {**activity, "replies": own}

    return Page([notification(activity) for activity in page.items], page.more)


def by_handle(db: Database, handle: str, limit: int, before: str | None) -> tuple[Profile, Page[Activity]]:
    """A person's profile and posts. Raises NotFound."""
    profile = db.one("users/profile", handle=handle) if is_handle(handle) else None
    if profile is None:
        raise NotFound("user_not_found")
    return cast(Profile, profile), _page(db, "activities/by_user", limit, before, user_uuid=profile["uuid"])


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
    words = SEARCH_TERM.read(term, problems)
    rules.raise_if_any(problems)
    return _page(db, "activities/search", limit, before, term=words)


def create(db: Database, make_id: Callable[[], str], user: User, message: Any, ttl: Any) -> Activity:
    """Writes a post that lives as long as `ttl`, a key of LIFETIMES, says. Raises Invalid."""
    problems: list[str] = []
    text, lifetime = POST.read(message, problems), TTL.read(ttl, problems)
    rules.raise_if_any(problems)
    with db.transaction() as queries:
        return _write(queries, make_id(), user, text, lifetime=lifetime)


def reply(db: Database, make_id: Callable[[], str], user: User, uuid: str, message: Any) -> Activity:
    """Replies to an activity, which counts it. Raises Invalid, or NotFound if there is no such activity."""
    problems: list[str] = []
    text = REPLY.read(message, problems)
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
    return cast(Activity, {name: _as_text(row[name]) for name in _FIELDS})


def _as_text(value: Any) -> Any:
    """Numbers, texts and nothing stay; uuids become text, times ISO 8601 UTC with milliseconds."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value if value is None or isinstance(value, str | int) else str(value)


def _not_found() -> NotFound:
    return NotFound("activity_not_found")
