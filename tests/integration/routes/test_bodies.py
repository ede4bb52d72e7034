"""What a body must be, on every route that reads one. Nothing here may be a 500, and the token comes first."""

import io
import json
from typing import Any

import pytest

from backend_flask.routes.declared import declared
from tests.api import Api, Person, code_of, done

UUID = "018bcfe5-6800-7000-8000-0123456789ab"
READERS = [
    ("POST", "/api/messages"),
    ("PATCH", f"/api/messages/{UUID}/{UUID}"),
    ("POST", "/api/message_groups"),
    ("PATCH", f"/api/message_groups/{UUID}"),
    ("POST", f"/api/message_groups/{UUID}/members"),
    ("POST", f"/api/message_groups/{UUID}/read"),
    ("POST", "/api/activities"),
    ("POST", f"/api/activities/{UUID}/reply"),
    ("PUT", "/api/profile/update"),
]
JSON = "application/json"

NO_OBJECTS: list[tuple[str, bytes, str]] = [
    ("array", b"[]", "json_object_required"),
    ("array of objects", b'[{"message": "hi"}]', "json_object_required"),
    ("null", b"null", "json_object_required"),
    ("number", b"7", "json_object_required"),
    ("huge number", b"1e400", "json_object_required"),
    ("NaN", b"NaN", "json_object_required"),
    ("text", b'"message"', "json_object_required"),
    ("true", b"true", "json_object_required"),
    ("empty", b"", "json_invalid"),
    ("white space", b" \n", "json_invalid"),
    ("broken", b'{"message": ', "json_invalid"),
    ("trailing comma", b'{"message": "hi",}', "json_invalid"),
    ("two values", b"{} {}", "json_invalid"),
    ("single quotes", b"{'message': 'hi'}", "json_invalid"),
    ("a form", b"message=hi&handle=x", "json_invalid"),
    ("NUL", b"\x00", "json_invalid"),
    ("bare control character", b'{"message": "a\x00b"}', "json_invalid"),
    ("not UTF-8", b'{"message": "\xff\xfe"}', "json_invalid"),
    ("cut off UTF-8", b'{"message": "\xf0\x9f"}', "json_invalid"),
    ("nested deeply", b"[" * 8000 + b"]" * 8000, "json_invalid"),
    ("objects nested deeply", b'{"a":' * 2500 + b"1" + b"}" * 2500, "json_invalid"),
    ("number of 5,000 digits", b'{"message": ' + b"9" * 5000 + b"}", "json_invalid"),
    ("gzip", b"\x1f\x8b\x08\x00", "json_invalid"),
]


@pytest.fixture(scope="module")
def londo(api: Api) -> Person:
    return api.person("londo")


@pytest.mark.parametrize(("method", "path"), READERS)
def test_a_body_that_is_no_json_object_is_refused(londo: Person, method: str, path: str) -> None:
    for name, body, code in NO_OBJECTS:
        answer = londo.request(method, path, data=body, content_type=JSON)
        assert (answer.status_code, code_of(answer)) == (400, code), name


@pytest.mark.parametrize(("method", "path"), READERS)
def test_a_body_has_16_kb_at_most(londo: Person, method: str, path: str) -> None:
    padded = json.dumps({"message": "hi"}).ljust(16 * 1024)
    assert londo.request(method, path, data=padded, content_type=JSON).status_code in {404, 422}
    answer = londo.request(method, path, data=padded + " ", content_type=JSON)
    assert (answer.status_code, code_of(answer)) == (413, "body_too_large")


@pytest.mark.parametrize(("method", "path"), READERS)
def test_a_body_that_comes_in_chunks_has_no_more(londo: Person, method: str, path: str) -> None:
    """Its length is not said before. Cut off at the limit it would still be JSON."""
    for length, statuses in [(100, {404, 422}), (16 * 1024 + 1, {413}), (1_000_000, {413})]:
        body = io.BytesIO(b"{}".ljust(length))
        chunked = {"wsgi.input": body, "wsgi.input_terminated": True}
        answer = londo.request(method, path, content_type=JSON, environ_overrides=chunked)
        assert answer.status_code in statuses, length


TYPES = [
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/xml",
    "json",
    "x",
]


@pytest.mark.parametrize(("method", "path"), READERS)
def test_a_body_must_be_called_json(londo: Person, method: str, path: str) -> None:
    for content_type in TYPES:
        answer = londo.request(method, path, data=b"{}", content_type=content_type)
        assert (answer.status_code, code_of(answer)) == (415, "content_type_not_json"), content_type
    for content_type in (JSON, "application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"):
        assert londo.request(method, path, data=b"{}", content_type=content_type).status_code in {404, 422}


@pytest.mark.parametrize(("method", "path"), READERS)
def test_the_token_is_asked_for_before_the_body(api: Api, method: str, path: str) -> None:
    for _, body, _ in [*NO_OBJECTS, ("too large", b"x" * 20_000, "")]:
        for content_type in (JSON, "text/plain", None):
            answer = api.request(method, path, data=body, content_type=content_type)
            assert (answer.status_code, code_of(answer)) == (401, "token_missing")


def test_an_unknown_field_is_no_mistake(api: Api, londo: Person) -> None:
    body = {"message": "hi", "handle": api.person().user.handle, "activity_uuid": None, "extra": {"a": [1]}}
    assert londo.post("/api/messages", body).status_code == 200


def test_utf_16_is_json_too_and_a_surrogate_pair_is_a_character(api: Api, londo: Person) -> None:
    vir = api.person()
    for text, encoded in [("é🌠", "utf-16"), ("é🌠", "utf-8-sig")]:
        body = json.dumps({"message": text, "handle": vir.user.handle}).encode(encoded)
        assert londo.request("POST", "/api/messages", data=body, content_type=JSON).get_json()["message"] == text


def test_half_a_surrogate_pair_as_raw_bytes_is_no_text(londo: Person) -> None:
    body = b'{"message": "\xed\xa0\x80", "handle": "x"}'
    answer = londo.request("POST", "/api/messages", data=body, content_type=JSON)
    assert (answer.status_code, code_of(answer)) == (422, ["message_invalid"])


VALUES: list[Any] = [7, 1.5, True, [], {}, ["x"], [7], [[]], [{}], [None], ["\x00", "\ud800"], ["x"] * 500, "\x00",
                     "\ud800", "x" * 5000, "", None]  # fmt: skip


def test_every_field_of_a_body_is_tried_out(api: Api) -> None:
    fields = {field for view in api.app.view_functions.values() for field in declared(view).fields or ()}
    assert fields == set(FIELDS)
    assert {method for method, _ in READERS} == {"POST", "PATCH", "PUT"}


FIELDS = ("message", "message_group_uuid", "handle", "message_uuid", "ttl", "display_name", "bio", "handles", "title")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:20])
def test_no_value_of_any_field_breaks_a_route(api: Api, londo: Person, value: object) -> None:
    people = [api.person().user.handle for _ in range(2)]
    group = done(londo.post("/api/message_groups", {"handles": people, "message": "hi"}))
    mine = ("PATCH", f"/api/messages/{group['message_group_uuid']}/{group['uuid']}")
    for method, path in (
        *((method, path.replace(UUID, group["message_group_uuid"])) for method, path in READERS),
        mine,
    ):
        for field in FIELDS:
            good = {"message": "hi", "ttl": "1-day", "display_name": "Londo", "handles": people}
            answer = londo.request(method, path, json=good | {field: value})
            assert answer.status_code in {200, 404, 422}, (method, path, field, answer.text)
            assert answer.is_json


def test_what_reads_no_body_takes_any(londo: Person, gkar: Person) -> None:
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    for method, path in (
        ("PUT", f"/api/message_groups/{group}/mute"), ("DELETE", f"/api/message_groups/{group}/mute"),
        ("POST", f"/api/message_groups/{group}/hide"), ("PUT", f"/api/blocks/{gkar.at_handle}"),
        ("DELETE", f"/api/blocks/{gkar.at_handle}"), ("GET", "/api/blocks"),
    ):  # fmt: skip
        for more in ({}, {"data": b"{", "content_type": JSON}, {"data": b"x", "content_type": "text/plain"}):
            assert done(londo.request(method, path, **more)) is not None  # type: ignore[arg-type]
