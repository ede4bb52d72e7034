"""The page where calls are tried: one file, nothing of it from elsewhere, and no way to make a text a part of it."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from backend_flask.routes.docs import PAGE, docs

SOURCE = PAGE.read_text(encoding="utf-8")
SCRIPT = SOURCE.partition("<script>")[2].partition("</script>")[0]


@pytest.fixture
def answer() -> TestResponse:
    app = Flask("docs", static_folder=None)
    app.register_blueprint(docs)
    return app.test_client().get("/api/docs")


def test_the_page_is_the_file(answer: TestResponse) -> None:
    assert (answer.status_code, answer.content_type) == (200, "text/html; charset=utf-8")
    assert answer.text == SOURCE


def test_the_page_fetches_nothing_and_names_no_other_place() -> None:
    assert not re.search(r"//[\w.]|\bsrc=|\bhref=|<link|<iframe|<img|url\(|@import|\bimport\b", SOURCE)
    assert re.findall(r'fetch\((\w+|"[^"]*")', SCRIPT) == ["address", '"/api/openapi.json"']


def test_the_policy_allows_this_script_and_this_style_and_no_other(answer: TestResponse) -> None:
    parts = [part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; ")]
    assert dict(parts) == {
        "default-src": "'none'",
        "connect-src": "'self'",
        "script-src": f"'{hash_of('script', answer.text)}'",
        "style-src": f"'{hash_of('style', answer.text)}'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }


def hash_of(tag: str, page: str) -> str:
    text = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_what_the_policy_would_refuse_is_not_there() -> None:
    """Neither a style nor a handler stands in an element."""
    assert not re.search(r"<[^>]*\s(style|on\w+)=", SOURCE)


def test_nothing_becomes_markup_or_code_or_is_kept() -> None:
    words = r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|Function\(|localStorage|sessionStorage|cookie"
    assert not re.search(words, SCRIPT)


def test_the_script_stays_small() -> None:
    assert len(SCRIPT.splitlines()) < 150
