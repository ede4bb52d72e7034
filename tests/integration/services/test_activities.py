"""Activities against a real Postgres."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest

from backend_flask.errors import NotFound
from backend_flask.lib.db import Database
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.services import activities, rules
from backend_flask.services.activities import Activity
from backend_flask.services.users import User

AddUser = Callable[..., User]
make_id = Uuid7()


def post(db: Database, user: User, message: str = "hello") -> Activity:
    return activities.create(db, make_id, user, message, "1-day")


def reply(db: Database, user: User, to: Activity, message: str = "indeed") -> Activity:
    return activities.reply(db, make_id, user, to["uuid"], message)


def uuids(listed: list[Activity]) -> list[str]:
    return [activity["uuid"] for activity in listed]


def expire(database_url: str, activity: Activity) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE activities SET expires_at = now() WHERE uuid = %s::uuid", [activity["uuid"]])


@pytest.fixture
def londo(add_user: AddUser) -> User:
    return add_user("londo")


@pytest.fixture
def gkar(add_user: AddUser) -> User:
    return add_user("gkar")


def test_a_post_has_all_that_the_front_end_reads(db: Database, londo: User) -> None:
    made = post(db, londo, "  hello  ")
    assert list(made) == [
        "uuid", "display_name", "handle", "message", "replies_count", "reposts_count", "likes_count",
        "reply_to_activity_uuid", "expires_at", "created_at",
    ]  # fmt: skip
    assert (made["handle"], made["message"], made["replies_count"]) == ("londo", "hello", 0)
    instant = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
    assert instant.fullmatch(made["created_at"])
    assert instant.fullmatch(made["expires_at"] or "")
    assert activities.show(db, made["uuid"].upper()) == made


@pytest.mark.parametrize("ttl", rules.LIFETIMES)
def test_a_post_lives_as_long_as_it_was_given(db: Database, londo: User, ttl: str) -> None:
    made = activities.create(db, make_id, londo, "hello", ttl)
    lived = datetime.fromisoformat(made["expires_at"] or "") - datetime.fromisoformat(made["created_at"])
    assert lived == rules.LIFETIMES[ttl]


def test_home_is_everybodys_posts_newest_first_without_replies(db: Database, londo: User, gkar: User) -> None:
    first, second = post(db, londo), post(db, gkar)
    reply(db, gkar, first)
    assert uuids(activities.home(db, 20, None).items) == [second["uuid"], first["uuid"]]


def test_pages_show_every_post_once_while_new_ones_arrive(db: Database, londo: User) -> None:
    posts = [post(db, londo)["uuid"] for _ in range(7)]
    seen: list[str] = []
    before, more = None, True
    while more:
        page = activities.home(db, 3, before)
        seen += uuids(page.items)
        before, more = seen[-1], page.more
        post(db, londo)
    assert seen == posts[::-1]


def test_what_has_expired_is_nowhere(db: Database, database_url: str, londo: User, gkar: User) -> None:
    made = post(db, londo)
    expire(database_url, made)
    assert activities.home(db, 20, None).items == []
    assert activities.search(db, "hello", 20, None).items == []
    profile, page = activities.by_handle(db, "londo", 20, None)
    assert (profile["cruds_count"], page.items) == (0, [])
    for ask in (
        lambda: activities.show(db, made["uuid"]),
        lambda: activities.status(db, "londo", made["uuid"], 20, None),
        lambda: reply(db, gkar, made),
    ):
        with pytest.raises(NotFound):
            ask()


def test_a_reply_counts_at_its_activity(db: Database, londo: User, gkar: User) -> None:
    made = post(db, londo)
    answer = reply(db, gkar, made)
    assert answer["reply_to_activity_uuid"] == made["uuid"]
    shown, replies = activities.status(db, "LONDO", made["uuid"], 20, None)
    assert shown["replies_count"] == 1
    assert replies.items == [answer]


def test_many_replies_at_once_are_all_counted(db: Database, londo: User, gkar: User) -> None:
    made = post(db, londo)
    threads = [threading.Thread(target=reply, args=(db, gkar, made)) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown, replies = activities.status(db, "londo", made["uuid"], 20, None)
    assert shown["replies_count"] == len(replies.items) == 10


def test_a_reply_that_cannot_be_written_is_not_counted(db: Database, londo: User) -> None:
    made = post(db, londo)
    gone = User("00000000-0000-7000-8000-000000000000", "gone", "Gone")
    with pytest.raises(NotFound):
        reply(db, gone, made)
    with pytest.raises(NotFound):
        post(db, gone)
    assert activities.show(db, made["uuid"])["replies_count"] == 0


def test_a_status_is_found_only_below_its_author(db: Database, londo: User, gkar: User) -> None:
    made = post(db, londo)
    with pytest.raises(NotFound):
        activities.status(db, gkar.handle, made["uuid"], 20, None)


def test_notifications_are_what_others_replied_to_me(db: Database, londo: User, gkar: User) -> None:
    mine, theirs = post(db, londo), post(db, gkar)
    answer = reply(db, gkar, mine)
    reply(db, londo, mine, "talking to myself")
    reply(db, londo, theirs)
    back = reply(db, londo, answer)
    [notified] = activities.notifications(db, londo, 20, None).items
    assert notified == activities.show(db, answer["uuid"]) | {"replies": [back]}
    assert activities.notifications(db, londo, 20, answer["uuid"]).items == []


def test_a_page_of_notifications_costs_two_queries_however_long_it_is(db: Database, londo: User, gkar: User) -> None:
    for _ in range(5):
        reply(db, londo, reply(db, gkar, post(db, londo)))
    asked: list[str] = []
    db.on_query = asked.append
    assert len(activities.notifications(db, londo, 20, None).items) == 5
    assert asked == ["activities/notifications", "activities/replies_to_each"]


def test_a_persons_page_shows_who_they_are_and_only_their_posts(db: Database, londo: User, gkar: User) -> None:
    mine = post(db, londo)
    reply(db, londo, post(db, gkar))
    profile, page = activities.by_handle(db, "LONDO", 20, None)
    assert profile == {
        "uuid": londo.uuid, "cognito_user_uuid": None, "handle": "londo", "display_name": "Londo", "bio": "",
        "cruds_count": 1,
    }  # fmt: skip
    assert uuids(page.items) == [mine["uuid"]]


def test_a_person_who_is_not_there_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound):
        activities.by_handle(db, "nobody", 20, None)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("Babylon", True),
        ("babylon five", True),
        ("babylon four", False),
        ("%", False),
        ("'; DROP", False),
        ("\\", False),
    ],
)
def test_search_finds_words_in_any_case(db: Database, londo: User, term: str, found: bool) -> None:
    post(db, londo, "welcome to BABYLON five")
    assert bool(activities.search(db, term, 20, None).items) == found
