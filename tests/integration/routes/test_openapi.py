"""The OpenAPI document and its page, as they are served; and that an answer which breaks the document is found out.

Whatever a test asks through `Api.request` is held to the document: this is the test of the real answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Response
from werkzeug.test import TestResponse

from backend_flask.routes import docs, message_groups, messages
from backend_flask.routes.openapi import document
from tests import openapi
from tests.api import Api, Person, eventually

Change = Callable[[dict[str, Any]], object]


def test_the_document_is_served_to_everybody(api: Api) -> None:
    answer = api.request("GET", "/api/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.get_json() == document(api.app) == openapi.document_of_the_api()


def test_it_is_made_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    first = api.request("GET", "/api/openapi.json").data
    monkeypatch.setattr(docs, "document", None)
    assert api.request("GET", "/api/openapi.json").data == first


def test_the_page_is_served_to_everybody_with_a_policy_of_its_own(api: Api) -> None:
    answer = api.request("GET", "/api/docs")
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert answer.headers["Content-Security-Policy"] == docs.page()[1]


def without(name: str) -> Change:
    return lambda shown: shown.pop(name)


def with_(name: str, value: object) -> Change:
    return lambda shown: shown.update({name: value})


@pytest.mark.parametrize(
    "change",
    [
        without("handle"),
        with_("email", "londo@cruddur.example"),
        with_("created_at", "yesterday"),
        with_("uuid", "x"),
        with_("message", None),
    ],
)
@pytest.mark.parametrize("where", [messages, message_groups])
def test_an_answer_with_another_shape_is_found_out(
    londo: Person, gkar: Person, monkeypatch: pytest.MonkeyPatch, where: Any, change: Change
) -> None:
    group, right = londo.send("hi", to=gkar)["message_group_uuid"], where.as_json
    eventually(lambda: len(londo.groups()), 1)

    def wrong(thing: Any) -> Any:
        shown = right(thing)
        change(shown)
        return shown

    monkeypatch.setattr(where, "as_json", wrong)
    with pytest.raises(openapi.Broken):
        londo.get("/api/message_groups" if where is message_groups else f"/api/messages/{group}")


@pytest.fixture
def altered(api: Api) -> Iterator[Callable[[Callable[[Response], Response]], TestResponse]]:
    """What is answered if each answer is altered so."""
    hooks = api.app.after_request_funcs.setdefault(None, [])

    def ask(alter: Callable[[Response], Response]) -> TestResponse:
        hooks.insert(0, alter)
        return api.request("GET", "/api/message_groups")

    before = hooks[:]
    yield ask
    hooks[:] = before


ALTERED: list[Callable[[Response], Response]] = [
    lambda answer: Response(answer.data, 402, answer.headers),
    lambda answer: Response(answer.data, 401, answer.headers, content_type="application/json"),
    lambda answer: Response(answer.data.replace(b"token_missing", b"token_lost"), 401, answer.headers),
    lambda answer: Response(answer.data, 401, content_type=answer.content_type),
    lambda answer: Response(answer.data, 401, [*answer.headers, ("Retry-After", "1")]),
]


@pytest.mark.parametrize("alter", ALTERED)
def test_an_answer_with_another_status_type_code_or_header_is_found_out(altered: Any, alter: Any) -> None:
    with pytest.raises(openapi.Broken):
        altered(alter)
