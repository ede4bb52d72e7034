"""Browsers may call the API from two origins, and see its errors too."""

import re
from collections.abc import Callable
from unittest.mock import patch

import pytest
from werkzeug.test import TestResponse

from tests.api import FRONTEND, Api, Person

BACKEND = "http://localhost:4567"
ELSEWHERE = [
    "http://evil.example", "http://localhost", "http://localhost:3001", "https://localhost:3000",
    # What only begins, ends or looks like an origin that is allowed.
    "http://localhost:3000.evil.example", "http://localhost:30001", "http://localhost:300", "http://evil-localhost:3000",
    "http://localhost:3000@evil.example", "http://localhost:3000/", "http://evil.example/http://localhost:3000",
    "http://localhostx3000", "http://localhost:3000 http://evil.example", "HTTP://LOCALHOST:3000X",
    "null", "*", "", "file://", ".*",
]  # fmt: skip


@pytest.fixture(scope="module")
def londo(api: Api) -> Person:
    return api.person("londo")


def preflight(api: Api, path: str, method: str, headers: str, origin: str = FRONTEND) -> TestResponse:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    return api.request("OPTIONS", path, headers=asked)


def routes(api: Api) -> list[tuple[str, str]]:
    """Method and path of every route, with something in place of its parameters."""
    return [
        (method, re.sub("<[^>]+>", "x", str(rule)))
        for rule in api.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]


@pytest.mark.parametrize(
    "headers", ["authorization", "authorization,content-type,idempotency-key,if-match,last-event-id"]
)
def test_a_preflight_of_the_front_end_is_granted_on_every_route(api: Api, headers: str) -> None:
    assert len(routes(api)) >= 16
    assert {method for method, _ in routes(api)} == {"GET", "POST", "PUT", "PATCH", "DELETE"}
    for method, path in routes(api):
        for origin in (FRONTEND, BACKEND):
            answer = preflight(api, path, method, headers, origin)
            assert answer.status_code == 200
            assert answer.headers["Access-Control-Allow-Origin"] == origin
            assert "Origin" in answer.headers["Vary"]
            assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
            allowed = {name.lower() for name in answer.headers["Access-Control-Allow-Headers"].split(", ")}
            assert set(headers.split(",")) <= allowed
            assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_preflight_from_elsewhere_is_granted_on_no_route(api: Api) -> None:
    for method, path in routes(api):
        for origin in ("http://evil.example", "null", FRONTEND + ".evil.example"):
            granted = preflight(api, path, method, "authorization", origin).headers
            assert not [name for name, _ in granted if name.startswith("Access-Control")]


def test_a_header_that_nobody_needs_is_not_granted(api: Api) -> None:
    answer = preflight(api, "/api/messages", "POST", "authorization,x-forwarded-for,cookie")
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization"


@pytest.mark.parametrize("origin", ELSEWHERE)
def test_another_origin_is_granted_nothing(api: Api, londo: Person, origin: str) -> None:
    answers = [
        preflight(api, "/api/messages", "POST", "authorization,content-type", origin),
        api.request("GET", "/api/activities/home", headers={"Origin": origin}),
        londo.request("GET", "/api/message_groups", headers={"Origin": origin}),
        api.request("GET", "/api/message_groups", headers={"Origin": origin}),
    ]
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_method_that_nobody_needs_is_not_granted(api: Api) -> None:
    for method in ("TRACE", "CONNECT", "PURGE"):
        answer = preflight(api, "/api/messages", method, "authorization")
        assert method not in answer.headers.get("Access-Control-Allow-Methods", "")


def test_every_answer_can_be_read_by_the_front_end(api: Api, londo: Person) -> None:
    origin = {"Origin": FRONTEND}
    answers = {
        200: londo.request("GET", "/api/message_groups", headers=origin),
        401: api.request("GET", "/api/message_groups", headers=origin),
        404: londo.request("GET", "/api/messages/x", headers=origin),
        405: londo.request("DELETE", "/api/messages", headers=origin),
        400: londo.request("POST", "/api/messages", headers=origin, data="{", content_type="application/json"),
        413: londo.request("POST", "/api/messages", headers=origin, data="x" * 20_000, content_type="application/json"),
        415: londo.request("POST", "/api/messages", headers=origin, data="{}"),
        422: londo.request("POST", "/api/messages", headers=origin, json={}),
    }
    with patch.object(api.stores.db, "one", side_effect=RuntimeError("broken")):
        answers[500] = api.request("GET", "/api/users/@londo/short", headers=origin)
    with patch.object(api.stores.table.client, "query", side_effect=TimeoutError):
        answers[500] = londo.request("GET", "/api/message_groups", headers=origin)
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND
        assert "Origin" in answer.headers["Vary"]
        assert answer.is_json
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert {"Link", "Retry-After"} <= set(exposed.split(", "))


def test_an_origin_with_a_slash_at_its_end_is_the_same_origin(another_api: Callable[..., Api]) -> None:
    api = another_api(FRONTEND_URL=FRONTEND + "/")
    answer = api.request("GET", "/api/health-check", headers={"Origin": FRONTEND})
    assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND
