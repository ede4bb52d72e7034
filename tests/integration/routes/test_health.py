"""Whether the process lives, whether it can serve, and what it says about its requests."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from backend_flask.logs import JsonFormatter
from tests.api import Api, Person
from tests.proxy import Stopwatch

NOWHERE = "http://127.0.0.1:1"


def silent(api: Api) -> list[str]:
    answer = api.request("GET", "/api/ready")
    found: list[str] = answer.get_json()["silent"]
    assert answer.get_json() == {"ready": not found, "silent": found}
    assert answer.status_code == (503 if found else 200)
    assert ("Retry-After" in answer.headers) == bool(found)
    return found


def test_the_health_check_touches_nothing(another_api: Callable[..., Api]) -> None:
    api = another_api(
        AWS_ENDPOINT_URL=NOWHERE, CONNECTION_URL="postgresql://x@127.0.0.1:1/x", AWS_COGNITO_JWKS_URL=NOWHERE
    )
    with Stopwatch(0.5):
        for _ in range(20):
            assert api.request("GET", "/api/health-check").status_code == 200


def test_the_health_check_needs_no_stores_at_all(api: Api) -> None:
    bare = Flask("bare")
    bare.add_url_rule("/", view_func=api.app.view_functions["health.health_check"])
    assert bare.test_client().get("/").status_code == 200


def test_ready_when_all_answer(api: Api) -> None:
    assert silent(api) == []


def test_ready_names_who_does_not_answer(another_api: Callable[..., Api]) -> None:
    away = {"AWS_ENDPOINT_URL": NOWHERE}
    no_postgres = {"CONNECTION_URL": "postgresql://x@127.0.0.1:1/x"}
    for changes, wanted in [
        (away, ["dynamodb"]),
        ({"DDB_MESSAGE_TABLE": "no-such-table"}, ["dynamodb"]),
        (away | no_postgres, ["dynamodb", "postgres"]),
    ]:
        with Stopwatch(5):
            assert silent(another_api(**changes)) == wanted


def test_one_who_hangs_does_not_make_the_other_look_silent(cut_off: Callable[..., Api], neighbours: Any) -> None:
    api = cut_off()
    assert silent(api) == []
    neighbours.postgres.freeze()
    with Stopwatch(5):
        assert silent(api) == ["postgres"]
    neighbours.postgres.answer()
    assert silent(api) == []


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.DEBUG, "backend_flask")
    formatter = JsonFormatter()
    return lambda: [formatter.format(record) for record in caplog.records if record.name.startswith("backend_flask")]


def test_no_line_holds_a_text_a_token_or_an_id_of_a_group(api: Api, lines: Callable[[], list[str]]) -> None:
    londo, gkar = api.person("londo"), api.person("gkar")
    sent = londo.send("a-secret-text", to=gkar, key="a-secret-key")
    londo.get(f"/api/messages/{sent['message_group_uuid']}?x=a-secret-query")
    londo.post("/api/messages", {"message": "a-secret-text\x00", "handle": "a-secret-handle"})
    londo.get("/api/messages/@a-secret-handle")
    api.request("GET", "/api/message_groups", headers={"Authorization": f"Bearer {londo.token}x"})
    api.request("GET", "/a-secret-path")
    written = "\n".join(lines())
    assert len(lines()) == 6
    for secret in ("a-secret", londo.token[:40], londo.token[-40:], sent["message_group_uuid"], sent["uuid"]):
        assert secret not in written


def test_a_line_says_who_asked_for_what_and_how_it_went(api: Api, lines: Callable[[], list[str]]) -> None:
    londo: Person = api.person("londo")
    londo.get("/api/messages/@nobody-here?limit=7")
    line = json.loads(lines()[-1])
    assert (line["event"], line["method"], line["status"]) == ("request", "GET", 404)
    assert line["route"] == "/api/messages/<message_group_uuid>"
    assert line["user_uuid"] == londo.user.uuid
    assert 0 < line["ms"] < 5000
