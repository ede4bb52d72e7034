"""Activities: the home feed, a person's posts, a post with its replies, notifications and search."""

from __future__ import annotations

from typing import Any, TypedDict, TypeVar

from flask import Blueprint

from backend_flask.auth import signed_in, signed_in_or_not
from backend_flask.errors import NotFound
from backend_flask.lib.ddb import Page
from backend_flask.routes.declared import refuses, takes, takes_json
from backend_flask.routes.paging import BEFORE, LIMIT, Link, PageOf, link, page
from backend_flask.routes.parameters import one_of, term
from backend_flask.services import activities as service
from backend_flask.services.activities import Activity, Notification, Profile
from backend_flask.services.users import User
from backend_flask.stores import stores

activities = Blueprint("activities", __name__, url_prefix="/api/activities")

A = TypeVar("A", bound=Activity)
TERM = term("term", service.SEARCH_TERM, "Words that all must be there; one with a minus before it must not.")
FORMAT = one_of(
    "format",
    {"list": True, "profile": False},
    default="profile",
    says="`list` gives the posts alone, as older front ends expect.",
    argument="alone",
)


class PersonJson(TypedDict):
    """A person, and the posts of a page."""

    profile: Profile
    activities: list[Activity]


class ThreadJson(TypedDict):
    """An activity, and the replies of a page."""

    activity: Activity
    replies: list[Activity]


@activities.get("/home")
@takes(LIMIT, BEFORE)
def home_feed(limit: int, before: str | None) -> PageOf[Activity]:
    """Everybody's posts, newest first."""
    return _page(service.home(stores().db, limit, before))


@activities.get("/notifications")
@takes(LIMIT, BEFORE)
@signed_in_or_not
def notifications(user: User | None, limit: int, before: str | None) -> PageOf[Notification]:
    """What others have replied to my activities, newest first; nothing if signed out."""
    return _page(service.notifications(stores().db, user, limit, before) if user else Page([], more=False))


@activities.get("/search")
@takes(LIMIT, BEFORE, TERM)
def search_activities(limit: int, before: str | None, term: str | None) -> PageOf[Activity]:
    """Activities that hold all these words, newest first."""
    return _page(service.search(stores().db, term, limit, before))


@activities.get("/@<handle>")
@takes(LIMIT, BEFORE, FORMAT)
@refuses(NotFound("user_not_found"))
def person(handle: str, limit: int, before: str | None, alone: bool) -> tuple[PersonJson | list[Activity], Link]:
    """A person's profile and posts, newest first."""
    profile, posts = service.by_handle(stores().db, handle, limit, before)
    if alone:
        return _page(posts)
    return {"profile": profile, "activities": posts.items}, _link(posts)


@activities.get("/@<handle>/status/<activity_uuid>")
@takes(LIMIT, BEFORE)
@refuses(NotFound("activity_not_found"))
def thread(handle: str, activity_uuid: str, limit: int, before: str | None) -> tuple[ThreadJson, Link]:
    """A person's activity and the replies to it, newest first."""
    activity, replies = service.status(stores().db, handle, activity_uuid, limit, before)
    return {"activity": activity, "replies": replies.items}, _link(replies)


@activities.get("/<activity_uuid>")
@refuses(NotFound("activity_not_found"))
def show_activity(activity_uuid: str) -> Activity:
    """An activity."""
    return service.show(stores().db, activity_uuid)


@activities.post("")
@signed_in
@takes_json(message=service.POST, ttl=service.TTL)
@refuses(NotFound("user_not_found"))
def create_activity(user: User, message: Any, ttl: Any) -> Activity:
    """Writes a post, which expires after `ttl`."""
    return service.create(stores().db, stores().make_id, user, message, ttl)


@activities.post("/<activity_uuid>/reply")
@signed_in
@takes_json(message=service.REPLY)
@refuses(NotFound("activity_not_found"), NotFound("user_not_found"))
def reply_to_activity(user: User, activity_uuid: str, message: Any) -> Activity:
    """Replies to an activity."""
    return service.reply(stores().db, stores().make_id, user, activity_uuid, message)


def _page(found: Page[A]) -> PageOf[A]:
    return page(found.items, _next(found))


def _link(found: Page[Activity]) -> Link:
    return link(_next(found))


def _next(found: Page[A]) -> str | None:
    return found.items[-1]["uuid"] if found.more else None
