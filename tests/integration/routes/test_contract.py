"""The request table of the Cruddur front end: success is exactly 200, and the body is JSON with these fields."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api import Api, done, eventually

PROFILE = {"uuid", "handle", "display_name"}
GROUP = {"uuid", "display_name", "handle", "message", "created_at"}
MESSAGE = GROUP
SENT = MESSAGE | {"message_group_uuid"}
ACTIVITY = {"uuid", "display_name", "handle", "message", "replies_count", "reposts_count", "likes_count",
            "reply_to_activity_uuid", "expires_at", "created_at"}  # fmt: skip
WHOLE_PROFILE = {"uuid", "cognito_user_uuid", "handle", "display_name", "bio", "cruds_count"}
TIMES = {"created_at", "expires_at"}


class World:
    """Two people who have written to each other and a post with a reply."""

    def __init__(self, api: Api) -> None:
        self.londo, self.gkar = api.person("londo"), api.person("gkar")
        self.group = self.londo.send("hi", to=self.gkar)["message_group_uuid"]
        post = {"message": "Minbari poetry tonight", "ttl": "7-days"}
        self.activity = self.londo.post("/api/activities", post).get_json()["uuid"]
        self.gkar.post(f"/api/activities/{self.activity}/reply", {"message": "No."})
        api.stream(self.londo, self.gkar)


@pytest.fixture(scope="module")
def world(api: Api) -> World:
    return World(api)


def one_of(body: Any) -> Any:
    assert isinstance(body, list)
    assert body
    return body[0]


def whole(body: Any) -> Any:
    return body


def part(name: str, then: Callable[[Any], Any] = whole) -> Callable[[Any], Any]:
    return lambda body: then(body[name])


Row = tuple[str, str, dict[str, Any] | None, Callable[[Any], Any], set[str]]
TABLE: list[Row] = [
    ("GET", "/api/message_groups", None, one_of, GROUP),
    ("GET", "/api/messages/{group}", None, one_of, MESSAGE),
    ("GET", "/api/messages/@{handle}", None, one_of, MESSAGE),
    ("POST", "/api/messages", {"message": "hi", "handle": "{handle}"}, whole, SENT),
    ("POST", "/api/messages", {"message": "hi", "message_group_uuid": "{group}"}, whole, SENT),
    ("GET", "/api/users/@{handle}/short", None, whole, PROFILE),
    ("GET", "/api/activities/home", None, one_of, ACTIVITY),
    ("GET", "/api/activities/notifications", None, one_of, ACTIVITY | {"replies"}),
    ("GET", "/api/activities/@{own}", None, part("profile"), WHOLE_PROFILE),
    ("GET", "/api/activities/@{own}", None, part("activities", one_of), ACTIVITY),
    ("GET", "/api/activities/@{own}?format=list", None, one_of, ACTIVITY),
    ("GET", "/api/activities/@{own}/status/{activity}", None, part("activity"), ACTIVITY),
    ("GET", "/api/activities/@{own}/status/{activity}", None, part("replies", one_of), ACTIVITY),
    ("GET", "/api/activities/{activity}", None, whole, ACTIVITY),
    ("POST", "/api/activities", {"message": "hi", "ttl": "1-hour"}, whole, ACTIVITY),
    ("POST", "/api/activities/{activity}/reply", {"message": "hi"}, whole, ACTIVITY),
    ("PUT", "/api/profile/update", {"display_name": "Londo", "bio": "Ambassador"}, whole, PROFILE),
    ("GET", "/api/health-check", None, whole, {"success", "ver"}),
    ("GET", "/api/activities/search?term=minbari", None, one_of, ACTIVITY),
]


def call(world: World, method: str, path: str, body: dict[str, Any] | None) -> TestResponse:
    names = {
        "group": world.group,
        "handle": world.gkar.user.handle,
        "own": world.londo.user.handle,
        "activity": world.activity,
    }
    filled = {name: value.format(**names) for name, value in body.items()} if body else None
    return world.londo.request(method, path.format(**names), **({"json": filled} if filled else {}))


@pytest.mark.parametrize(
    ("method", "path", "body", "shown", "fields"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE]
)
def test_a_row_of_the_contract(
    world: World, method: str, path: str, body: dict[str, Any] | None, shown: Callable[[Any], Any], fields: set[str]
) -> None:
    answer = call(world, method, path, body)
    assert answer.status_code == 200
    assert answer.content_type == "application/json"
    found = shown(answer.get_json())
    assert fields <= set(found)
    for name in TIMES & fields:
        if found[name] is not None:
            assert datetime.fromisoformat(found[name]).utcoffset() is not None, name
    for name in {"handle", "message", "display_name", "uuid"} & fields:
        assert isinstance(found[name], str), name


def test_the_health_check_is_word_for_word(api: Api) -> None:
    assert api.request("GET", "/api/health-check").get_json() == {"success": True, "ver": 1}


def test_the_lists_of_somebody_new_are_empty_lists(api: Api) -> None:
    somebody = api.person()
    for path in ("/api/message_groups", "/api/activities/notifications", f"/api/messages/{api.person().at_handle}",
                 f"/api/activities/{somebody.at_handle}?format=list"):  # fmt: skip
        answer = somebody.get(path)
        assert (answer.status_code, answer.get_json()) == (200, [])


def test_the_page_of_a_new_group_shows_its_first_message_at_once(api: Api) -> None:
    """The front end sends from /messages/new/:handle and then loads /messages/<message_group_uuid>."""
    londo, gkar = api.person(), api.person()
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    (message,) = londo.get(f"/api/messages/{group}").get_json()
    assert (message["message"], message["handle"]) == ("hi", londo.user.handle)


def test_what_came_later_breaks_nothing_in_the_lists(api: Api) -> None:
    """Message groups of many, and messages that are edited, deleted or about to expire. What the front end reads of
    them is there, and is a text; only a message group of many has no handle, of which it makes a bare @."""
    londo, gkar, vir = api.person("londo"), api.person("gkar"), api.person("vir")
    many, direct = londo.start(gkar, vir), gkar.send("hi", to=londo)
    done(londo.patch(f"/api/message_groups/{many['message_group_uuid']}", {"ttl": "1-day", "title": "Three"}))
    for group in (many["message_group_uuid"], direct["message_group_uuid"]):
        edited, deleted = (londo.send(text, group=group)["uuid"] for text in ("edited", "deleted"))
        done(londo.patch(f"/api/messages/{group}/{edited}", {"message": "new"}))
        done(londo.delete(f"/api/messages/{group}/{deleted}"))
        api.stream_of(group)
        found = done(gkar.get(f"/api/messages/{group}"))
        assert [message["message"] for message in found] == ["", "new", "hi"]
        assert len({message["uuid"] for message in found}) == 3
        for message in found:
            assert {name for name in MESSAGE if not isinstance(message[name], str)} == set()
    eventually(lambda: [(row["display_name"], row["handle"], row["message"]) for row in gkar.groups()],
               [("Londo", londo.user.handle, ""), ("Three", None, "")])  # fmt: skip
    for row in gkar.groups():
        assert {name for name in GROUP if not isinstance(row[name], str)} <= {"handle"}
        assert datetime.fromisoformat(row["created_at"]).utcoffset() is not None
    answer = londo.post("/api/messages", {"message": "hi", "message_group_uuid": many["message_group_uuid"]})
    assert set(done(answer)) >= SENT


def test_the_home_feed_is_the_same_for_a_signed_out_front_end(world: World, api: Api) -> None:
    for header in ("Bearer null", "Bearer undefined", "Bearer x", "", "null"):
        answer = api.request("GET", "/api/activities/home", headers={"Authorization": header})
        assert (answer.status_code, bool(answer.get_json())) == (200, True)
    assert world.londo.get("/api/activities/home").status_code == 200


def test_a_search_needs_a_term(api: Api) -> None:
    for path in ("/api/activities/search", "/api/activities/search?term=", "/api/activities/search?term=%20"):
        answer = api.request("GET", path)
        assert (answer.status_code, answer.get_json()) == (422, ["search_term_blank"])
    assert api.request("GET", "/api/activities/search?term=%00").status_code == 422
    assert api.request("GET", "/api/activities/search?term=%27%20%7C%20%26%20%21%3A%2A%28").status_code == 200


CODES: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("POST", "/api/activities", {"ttl": "1-day"}, ["message_blank"]),
    ("POST", "/api/activities", {"message": "x" * 281, "ttl": "1-day"}, ["message_exceed_max_chars"]),
    ("POST", "/api/activities", {"message": "hi"}, ["ttl_blank"]),
    ("POST", "/api/activities", {"message": "hi", "ttl": ""}, ["ttl_blank"]),
    ("POST", "/api/activities", {}, ["message_blank", "ttl_blank"]),
    ("POST", "/api/activities/{activity}/reply", {}, ["message_blank"]),
    ("POST", "/api/activities/{activity}/reply", {"message": "x" * 1025}, ["message_exceed_max_chars_1024"]),
    ("PUT", "/api/profile/update", {}, ["display_name_blank"]),
    ("PUT", "/api/profile/update", {"display_name": " ", "bio": "x"}, ["display_name_blank"]),
    ("PUT", "/api/profile/update", {"display_name": "x" * 51}, ["display_name_exceed_max_chars_50"]),
    ("PUT", "/api/profile/update", {"display_name": "a\x00b"}, ["display_name_invalid"]),
    ("PUT", "/api/profile/update", {"display_name": "x", "bio": "x" * 501}, ["bio_exceed_max_chars_500"]),
]


@pytest.mark.parametrize(("method", "path", "body", "codes"), CODES)
def test_what_is_wrong_is_an_array_of_codes(
    world: World, method: str, path: str, body: dict[str, Any], codes: list[str]
) -> None:
    answer = world.londo.request(method, path.format(activity=world.activity), json=body)
    assert (answer.status_code, answer.get_json()) == (422, codes)


def test_a_new_name_is_seen_by_the_next_request(api: Api) -> None:
    """The user's row is cached; a change of it is not."""
    londo, gkar = api.person("londo"), api.person("gkar")
    first = londo.send("one", to=gkar)
    assert first["display_name"] == "Londo"
    assert londo.request("PUT", "/api/profile/update", json={"display_name": "Emperor"}).status_code == 200
    assert londo.send("two", group=first["message_group_uuid"])["display_name"] == "Emperor"
