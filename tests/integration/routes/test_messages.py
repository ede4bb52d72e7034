"""Sending and reading messages over HTTP."""

import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.api import Api, Person, code_of, eventually

NO_SUCH_UUID = "018bcfe5-6800-7000-8000-0123456789ab"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def group_uuids(person: Person) -> list[Any]:
    return [row["uuid"] for row in person.groups()]


def test_a_first_message_makes_the_group_and_both_see_it_at_once(londo: Person, gkar: Person) -> None:
    sent = londo.send("Good evening", to=gkar)
    group = sent["message_group_uuid"]
    for person in (londo, gkar):
        assert person.messages(group) == ["Good evening"]
        eventually(partial(group_uuids, person), [group])


def test_an_answer_is_sent_into_the_same_group(londo: Person, gkar: Person) -> None:
    group = londo.send("One", to=gkar)["message_group_uuid"]
    assert gkar.send("Two", group=group)["message_group_uuid"] == group
    assert gkar.send("Three", to=londo)["message_group_uuid"] == group
    assert londo.messages(group) == gkar.messages(group) == ["One", "Two", "Three"]


def test_messages_are_newest_first_unless_asked_otherwise(londo: Person, gkar: Person) -> None:
    group = londo.send("1", to=gkar)["message_group_uuid"]
    for text in "2345":
        londo.send(text, group=group)

    def texts(query: str) -> list[str]:
        return [message["message"] for message in londo.get(f"/api/messages/{group}{query}").get_json()]

    assert texts("") == texts("?order=desc") == ["5", "4", "3", "2", "1"]
    assert texts("?order=asc") == ["1", "2", "3", "4", "5"]
    assert texts("?order=asc&limit=2") == ["4", "5"]
    assert code_of(londo.get(f"/api/messages/{group}?order=ASC")) == ["order_invalid"]
    assert code_of(londo.get(f"/api/messages/{group}?order=")) == ["order_invalid"]


def test_white_space_around_a_message_is_dropped_and_the_rest_is_kept(londo: Person, gkar: Person) -> None:
    text = "a\n\n  b\t'; DROP TABLE users; -- <script>alert(1)</script> {{7*7}} \u202e 🌠 e\u0301"
    assert londo.send(f"\n {text}\n", to=gkar)["message"] == text
    assert gkar.messages(londo.at_handle) == [text]


@pytest.mark.parametrize("text", ["x", "x" * 1024, "\U0010ffff" * 1024], ids=["shortest", "longest", "most bytes"])
def test_a_message_has_1_to_1024_characters(londo: Person, gkar: Person, text: str) -> None:
    assert londo.send(text, to=gkar)["message"] == text
    assert gkar.messages(londo.at_handle) == [text]


INVALID: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["message_blank", "user_reciever_handle_blank"]),
    ({"message": "hi"}, ["user_reciever_handle_blank"]),
    ({"message": "hi", "handle": None, "message_group_uuid": None}, ["user_reciever_handle_blank"]),
    ({"message": "hi", "handle": ""}, ["user_reciever_handle_blank"]),
    ({"message": "hi", "handle": "  "}, ["user_reciever_handle_blank"]),
    ({"message": "hi", "handle": 7}, ["user_reciever_handle_invalid"]),
    ({"message": "hi", "handle": ["gkar"]}, ["user_reciever_handle_invalid"]),
    ({"message": "hi", "handle": {"a": 1}}, ["user_reciever_handle_invalid"]),
    ({"message": "hi", "handle": True}, ["user_reciever_handle_invalid"]),
    ({"message": "hi", "handle": "a\x00b"}, ["user_reciever_handle_invalid"]),
    ({"message": "hi", "handle": "\ud800"}, ["user_reciever_handle_invalid"]),
    ({"message": "hi", "handle": "x" * 129}, ["user_reciever_handle_exceed_max_chars_128"]),
    ({"message": "hi", "handle": "nobody-here"}, ["user_reciever_handle_unknown"]),
    ({"message": "hi", "handle": "' OR 1=1 --"}, ["user_reciever_handle_unknown"]),
    ({"message": "hi", "handle": "%"}, ["user_reciever_handle_unknown"]),
    ({"message": "hi", "handle": "@"}, ["user_reciever_handle_unknown"]),
    ({"message": "hi", "handle": "@@gkar"}, ["user_reciever_handle_unknown"]),
    ({"message": "hi", "message_group_uuid": ""}, ["message_group_uuid_blank"]),
    ({"message": "hi", "message_group_uuid": " "}, ["message_group_uuid_blank"]),
    ({"message": "hi", "message_group_uuid": 7}, ["message_group_uuid_invalid"]),
    ({"message": "hi", "message_group_uuid": []}, ["message_group_uuid_invalid"]),
    ({"message": "hi", "message_group_uuid": "x" * 129}, ["message_group_uuid_exceed_max_chars_128"]),
    ({"message": "hi", "message_group_uuid": "@nobody-here"}, ["user_reciever_handle_unknown"]),
    ({"message": "hi", "message_group_uuid": "@"}, ["user_reciever_handle_unknown"]),
    ({"handle": "nobody-here"}, ["message_blank"]),
    ({"message": None, "handle": "nobody-here"}, ["message_blank"]),
    ({"message": "", "handle": "nobody-here"}, ["message_blank"]),
    ({"message": " \n\t\u3000", "handle": "nobody-here"}, ["message_blank"]),
    ({"message": 7, "handle": "nobody-here"}, ["message_invalid"]),
    ({"message": 1e308, "handle": "nobody-here"}, ["message_invalid"]),
    ({"message": False, "handle": "nobody-here"}, ["message_invalid"]),
    ({"message": [], "handle": "nobody-here"}, ["message_invalid"]),
    ({"message": {"S": "hi"}, "handle": "nobody-here"}, ["message_invalid"]),
    ({"message": "a\x00b", "handle": "nobody-here"}, ["message_invalid"]),
    ({"message": "\ud800", "handle": "nobody-here"}, ["message_invalid"]),
    ({"message": "\udc00\ud800", "handle": "nobody-here"}, ["message_invalid"]),
    ({"message": "x" * 1025, "handle": "nobody-here"}, ["message_exceed_max_chars_1024"]),
    ({"message": "🌠" * 1025, "handle": "nobody-here"}, ["message_exceed_max_chars_1024"]),
    ({"message": "", "handle": ""}, ["message_blank", "user_reciever_handle_blank"]),
    ({"message": "x" * 1025, "message_group_uuid": ""}, ["message_exceed_max_chars_1024", "message_group_uuid_blank"]),
]


@pytest.mark.parametrize(("body", "codes"), INVALID, ids=lambda value: repr(value)[:60])
def test_an_invalid_message_is_an_array_of_codes(londo: Person, body: dict[str, Any], codes: list[str]) -> None:
    answer = londo.post("/api/messages", body)
    assert (answer.status_code, answer.get_json()) == (422, codes)
    assert londo.groups() == []


def test_oneself_is_no_receiver(londo: Person) -> None:
    for body in ({"handle": londo.user.handle}, {"handle": londo.at_handle}, {"message_group_uuid": londo.at_handle}):
        answer = londo.post("/api/messages", {"message": "hi", **body})
        assert (answer.status_code, answer.get_json()) == (422, ["user_reciever_handle_own"])
    assert londo.get(f"/api/messages/{londo.at_handle}").get_json() == []
    assert londo.groups() == []


def test_a_person_is_named_in_any_of_the_usual_ways(londo: Person, gkar: Person) -> None:
    handle = gkar.user.handle
    bodies: list[dict[str, object]] = [
        {"handle": handle}, {"handle": f"@{handle}"}, {"handle": handle.upper()}, {"handle": f" {handle} "},
        {"message_group_uuid": f"@{handle}"}, {"message_group_uuid": f"@{handle.upper()}"},
        {"message_group_uuid": None, "handle": handle},
    ]  # fmt: skip
    groups = {
        londo.post("/api/messages", {"message": "hi", **body}).get_json()["message_group_uuid"] for body in bodies
    }
    assert len(groups) == 1
    group = groups.pop()
    for name in (group, group.upper(), f"@{handle}", f"@{handle.upper()}"):
        assert londo.messages(name) == ["hi"] * len(bodies)


def test_the_group_wins_if_a_handle_is_given_too(londo: Person, gkar: Person, vir: Person) -> None:
    group = londo.send("1", to=gkar)["message_group_uuid"]
    body = {"message": "2", "message_group_uuid": group, "handle": vir.user.handle}
    assert londo.post("/api/messages", body).get_json()["message_group_uuid"] == group
    assert vir.groups() == []


def test_the_messages_with_somebody_are_an_empty_list_before_the_first(londo: Person, gkar: Person) -> None:
    for query in ("", "?limit=5", f"?before={NO_SUCH_UUID}"):
        answer = londo.get(f"/api/messages/{gkar.at_handle}{query}")
        assert (answer.status_code, answer.get_json()) == (200, [])
        assert "Link" not in answer.headers
    londo.send("hi", to=gkar)
    assert londo.messages(gkar.at_handle) == gkar.messages(londo.at_handle) == ["hi"]


@pytest.mark.parametrize(
    "handle", ["nobody-here", "", "%00", "%ff", "a%2Fb%2Fc", "%40x", "a%0Ab", "é", "x" * 500, "%F0%9F"]
)
def test_an_unknown_handle_is_not_found(londo: Person, handle: str) -> None:
    answer = londo.get(f"/api/messages/@{handle}")
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    marked = londo.post(f"/api/message_groups/@{handle}/read", {"message_uuid": NO_SUCH_UUID})
    assert marked.status_code == 404
    assert londo.get(f"/api/users/@{handle}/short").status_code == 404


def test_a_message_has_its_fields_everywhere_the_same(londo: Person, gkar: Person) -> None:
    sent = londo.send("hi", to=gkar)
    (listed,) = gkar.get(f"/api/messages/{sent['message_group_uuid']}").get_json()
    assert listed == sent
    assert INSTANT.fullmatch(sent["created_at"])
    assert sent == {
        "uuid": sent["uuid"], "message_group_uuid": sent["message_group_uuid"], "user_uuid": londo.user.uuid,
        "display_name": "Londo", "handle": londo.user.handle, "message": "hi", "created_at": sent["created_at"],
        "rev": 0, "edited_at": None, "deleted_at": None, "expires_at": None,
    }  # fmt: skip


def test_a_list_of_groups_shows_the_other_person_and_the_newest_message(
    api: Api, londo: Person, gkar: Person, vir: Person
) -> None:
    first = londo.send("to gkar", to=gkar)
    second = londo.send("to vir", to=vir)
    eventually(lambda: [row["uuid"] for row in londo.groups()],
               [second["message_group_uuid"], first["message_group_uuid"]])  # fmt: skip
    answer = gkar.send("back", to=londo)
    api.stream(londo, gkar)
    eventually(lambda: [row["message"] for row in londo.groups()], ["back", "to vir"])
    assert londo.groups()[0] == {
        "uuid": first["message_group_uuid"], "user_uuid": gkar.user.uuid, "display_name": "Gkar",
        "handle": gkar.user.handle, "message": "back", "created_at": answer["created_at"],
        "last_message_uuid": answer["uuid"], "last_sender_uuid": gkar.user.uuid, "unread": True, "unread_count": 1,
        "kind": "direct", "members": 2, "read_up_to": first["uuid"], "ttl": None, "muted": False, "blocked": False,
    }  # fmt: skip
    (row,) = gkar.groups()
    assert (row["handle"], row["message"], row["unread"], row["unread_count"]) == (londo.user.handle, "back", False, 0)


def test_counts_can_be_left_out(londo: Person, gkar: Person) -> None:
    gkar.send("hi", to=londo)
    eventually(lambda: len(londo.groups()), 1)
    (row,) = londo.get("/api/message_groups?counts=0").get_json()
    assert row["unread"] is True
    assert "unread_count" not in row
    assert londo.get("/api/message_groups?counts=1").get_json()[0]["unread_count"] == 1
    assert code_of(londo.get("/api/message_groups?counts=yes")) == ["counts_invalid"]


def test_a_read_marker_moves_forward_only(api: Api, londo: Person, gkar: Person) -> None:
    sent = [gkar.send(text, to=londo) for text in "123"]
    group = sent[0]["message_group_uuid"]
    api.stream(londo, gkar)

    def unread() -> int:
        return int(londo.groups()[0]["unread_count"])

    eventually(unread, 3)
    for name, message, left in [(group, 1, 1), (group, 0, 1), (gkar.at_handle, 2, 0), (group.upper(), 1, 0)]:
        answer = londo.post(f"/api/message_groups/{name}/read", {"message_uuid": sent[message]["uuid"]})
        assert (answer.status_code, answer.get_json()) == (200, {"success": True})
        eventually(unread, left)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, ["message_uuid_blank"]),
        ({"message_uuid": None}, 422, ["message_uuid_blank"]),
        ({"message_uuid": ""}, 422, ["message_uuid_blank"]),
        ({"message_uuid": 7}, 422, ["message_uuid_invalid"]),
        ({"message_uuid": "x"}, 422, ["message_uuid_invalid"]),
        ({"message_uuid": [NO_SUCH_UUID]}, 422, ["message_uuid_invalid"]),
        ({"message_uuid": {"S": NO_SUCH_UUID}}, 422, ["message_uuid_invalid"]),
        ({"message_uuid": "\x00" * 36}, 422, ["message_uuid_invalid"]),
        ({"message_uuid": "~GROUP"}, 422, ["message_uuid_invalid"]),
        ({"message_uuid": "ffffffff-ffff-7fff-bfff-ffffffffffff"}, 404, "message_not_found"),
    ],
)
def test_a_read_marker_is_a_message_of_the_group(
    londo: Person, gkar: Person, body: object, status: int, code: object
) -> None:
    group = gkar.send("hi", to=londo)["message_group_uuid"]
    answer = londo.post(f"/api/message_groups/{group}/read", body)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert londo.post(f"/api/message_groups/{NO_SUCH_UUID}/read", {"message_uuid": NO_SUCH_UUID}).status_code == 404


NO_UUIDS = ["x", "1", "null", "undefined", "~GROUP", NO_SUCH_UUID[:-1], NO_SUCH_UUID + "0", "..", "{}", "%00", "%5Cx",
            NO_SUCH_UUID.replace("-", ""), "MSG%23" + NO_SUCH_UUID]  # fmt: skip


@pytest.mark.parametrize("name", NO_UUIDS)
def test_what_is_no_uuid_is_not_found_like_a_group_that_does_not_exist(londo: Person, name: str) -> None:
    missing, malformed = londo.get(f"/api/messages/{NO_SUCH_UUID}"), londo.get(f"/api/messages/{name}")
    assert (malformed.status_code, malformed.data) == (404, missing.data)
    sent = londo.post("/api/messages", {"message": "hi", "message_group_uuid": name})
    assert sent.status_code == 404
    assert sent.data == missing.data


def test_a_crossed_first_message_makes_one_group(api: Api) -> None:
    with ThreadPoolExecutor(2) as threads:
        for _ in range(12):
            pair = api.person(), api.person()
            for person in pair:
                person.groups()
            sent = list(threads.map(lambda ends: ends[0].send("hi", to=ends[1]), [pair, pair[::-1]]))
            assert len({message["message_group_uuid"] for message in sent}) == 1
            assert pair[0].messages(pair[1].at_handle) == ["hi", "hi"]
            api.stream(*pair)
            for person in pair:
                eventually(partial(group_uuids, person), [sent[0]["message_group_uuid"]])
