"""Every answer carries the headers that keep a browser from doing more with it than it should, and no debugger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

import pytest
from werkzeug.test import TestResponse

from backend_flask.routes.docs import page
from tests.api import Api, Person
from tests.arena import Arena

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
# The page where calls are tried runs a script, its own.
OWN = {f"{method} /api/docs": {"Content-Security-Policy": page()[1]} for method in ("GET", "HEAD")}
HTTPS = ("Strict-Transport-Security", "max-age=31536000")
SECRET = "select secret from hidden"


@pytest.fixture(scope="module")
def limited(arena: Arena) -> Iterator[Api]:
    with arena.api(RATE_LIMITS="on") as made:
        yield made


@pytest.fixture
def londo(limited: Api) -> Person:
    return limited.person("londo")


def of_every_status(londo: Person) -> Iterator[tuple[int, TestResponse]]:
    api, path = londo.api, "/api/messages"
    big: dict[str, Any] = {"data": "x" * 20_000, "content_type": "application/json"}
    yield 200, api.request("GET", "/api/health-check")
    yield 200, londo.get("/api/message_groups")
    yield 200, api.request("OPTIONS", path)
    yield 200, api.request("HEAD", "/api/ready")
    yield 400, londo.request("POST", path, data="{", content_type="application/json")
    yield 401, api.request("GET", "/api/message_groups")
    yield 404, api.request("GET", "/nowhere")
    yield 404, londo.get("/api/messages/x")
    yield 405, londo.request("DELETE", path)
    yield 413, londo.request("POST", path, **big)
    yield 415, londo.request("POST", path, data="{}")
    yield 422, londo.post(path, {})
    with patch.object(api.stores.table.client, "query", side_effect=RuntimeError(SECRET)):
        yield 500, londo.get("/api/message_groups")
    with patch.object(api.stores.table.client, "query", side_effect=api.table.client.exceptions.ClientError({}, "Q")):
        yield 500, londo.get("/api/message_groups")
    with patch.object(api.stores.db, "one", side_effect=TimeoutError):
        yield 500, api.request("GET", "/api/users/@x/short")
    vir = api.person("vir")
    sent = [londo.post(path, {"message": "hi", "handle": api.person("other").user.handle}) for _ in range(11)]
    yield 429, sent[-1]
    with patch.object(api.stores.table.client, "get_item", side_effect=_throttled(api)):
        yield 503, vir.post(path, {"message": "hi", "message_group_uuid": sent[0].get_json()["message_group_uuid"]})


def _throttled(api: Api) -> Exception:
    error: Exception = api.table.client.exceptions.ClientError({"Error": {"Code": "ThrottlingException"}}, "GetItem")
    return error


def test_an_answer_of_every_status_carries_them_all(londo: Person) -> None:
    for status, answer in of_every_status(londo):
        assert answer.status_code == status, answer.text
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert HTTPS[0] not in answer.headers
        assert not {"Server", "X-Powered-By", "Set-Cookie"} & set(answer.headers.keys())


def test_every_route_carries_them_signed_in_or_not(londo: Person) -> None:
    for rule in londo.api.app.url_map.iter_rules():
        for method in rule.methods or ():
            for ask in (londo.request, londo.api.request):
                answer = ask(method, str(rule).replace("<", "").replace(">", ""))
                assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS | OWN.get(f"{method} {rule}", {})


def test_outside_a_laptop_browsers_are_told_to_insist_on_https(another_api: Callable[..., Api]) -> None:
    for environment in ("production", "staging"):
        api = another_api(CRUDDUR_ENV=environment, AWS_COGNITO_JWKS_URL="")
        for path, status in (("/api/health-check", 200), ("/api/message_groups", 401), ("/nowhere", 404)):
            answer = api.request("GET", path)
            assert answer.status_code == status
            assert answer.headers.get(HTTPS[0]) == HTTPS[1]


def test_nothing_in_the_environment_turns_a_debugger_on(
    another_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FLASK_DEBUG", "FLASK_ENV", "DEBUG", "FLASK_TESTING", "FLASK_PROPAGATE_EXCEPTIONS"):
        monkeypatch.setenv(name, "1")
    app = another_api().app
    assert (app.debug, app.testing) == (False, False)
    assert app.config["PROPAGATE_EXCEPTIONS"] is False

    @app.after_request
    def break_down(_: object) -> Any:
        raise RuntimeError(SECRET)

    answer = app.test_client().get("/api/health-check")
    assert answer.status_code == 500
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
