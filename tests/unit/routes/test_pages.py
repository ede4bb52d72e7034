"""The web client in front of the app: what it answers, what it leaves to the API, and what a browser may keep."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Response

from backend_flask.headers import SECURITY_HEADERS
from backend_flask.routes.pages import Pool, policy, with_pages

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

POOL = Pool("eu-central-1_abc", "client")
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = "console.log('hello');" * 100
DEEP_LINKS = [
    "/",
    "/messages",
    "/messages/0d9c8b7a-6f5e-4d3c-8b2a-1f0e9d8c7b6a",
    "/messages/new/@londo",
    "/@g.kar",
    "/signin",
]


def api(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    start_response("404 NOT FOUND", [("Content-Type", "application/problem+json")])
    return [b"of the API"]


@pytest.fixture
def build(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    for name, text in {
        "index.html": "<!doctype html>the page",
        "favicon.svg": "<svg/>",
        "assets/index-abc.js": SCRIPT,
        "assets/index-abc.css": "body{}",
        ".vite/manifest.json": "{}",
        ".stamp": "1",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def client(build: Path) -> Client:
    return Client(with_pages(api, POOL, SECURITY_HEADERS, build), Response)


@pytest.mark.parametrize("path", DEEP_LINKS)
def test_a_reload_finds_the_page_at_every_address_of_the_client(client: Client, path: str) -> None:
    answer = client.get(path, headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, "<!doctype html>the page")
    assert answer.content_type == "text/html; charset=utf-8"


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/messages", "/api/nothing", "/api/../messages"])
def test_what_is_the_apis_is_never_answered_with_a_page(client: Client, path: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert client.open(path, method=method, headers=BROWSER).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_are_left_to_the_api(client: Client, method: str) -> None:
    assert client.open("/messages", method=method, headers=BROWSER).text == "of the API"


def test_a_program_that_asks_for_no_page_gets_none(client: Client) -> None:
    for path in ("/", "/messages"):
        assert client.get(path).text == client.get(path, headers={"Accept": "*/*"}).text == "of the API"
    assert client.get("/index.html").status_code == 200


@pytest.mark.parametrize("path", ["/assets/index-old.js", "/assets/", "/assets/../../../settings.py"])
def test_a_missing_file_is_no_page(client: Client, path: str) -> None:
    assert client.get(path, headers=BROWSER).text == "of the API"


@pytest.mark.parametrize("path", ["/.stamp", "/.vite/manifest.json"])
def test_notes_of_the_build_are_not_served(client: Client, path: str) -> None:
    assert client.get(path).text == "of the API"


def test_files_whose_names_hold_a_hash_are_kept_for_good_and_the_page_never(client: Client) -> None:
    assert client.get("/assets/index-abc.js").headers["Cache-Control"] == "public, max-age=31536000, immutable"
    for path in ("/", "/config.json", "/favicon.svg"):
        assert client.get(path, headers=BROWSER).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip, br"}])
def test_what_a_browser_has_already_is_not_sent_again(client: Client, headers: dict[str, str]) -> None:
    for path in ("/", "/config.json", "/assets/index-abc.js"):
        headers = BROWSER | headers
        etag = client.get(path, headers=headers).headers["ETag"]
        again = client.get(path, headers={**headers, "If-None-Match": etag})
        assert (again.status_code, again.data) == (304, b"")
        assert client.get(path, headers={**headers, "If-None-Match": '"other"'}).status_code == 200


def test_what_is_worth_it_is_compressed_for_who_takes_it(client: Client) -> None:
    plain, packed = (
        client.get("/assets/index-abc.js"),
        client.get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip"}),
    )
    assert plain.text == SCRIPT
    assert gzip.decompress(packed.data).decode() == SCRIPT
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    small = client.get("/favicon.svg", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in small.headers


def test_head_is_the_same_without_the_body(client: Client) -> None:
    whole, head = client.get("/assets/index-abc.js"), client.head("/assets/index-abc.js")
    assert head.data == b""
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_every_file_has_the_type_that_nosniff_needs(client: Client) -> None:
    types = {
        "/assets/index-abc.js": "text/javascript",
        "/assets/index-abc.css": "text/css",
        "/favicon.svg": "image/svg+xml",
    }
    for path, kind in types.items():
        assert client.get(path).mimetype == kind


def test_the_policy_names_the_api_and_cognito_and_nothing_else(client: Client) -> None:
    told = client.get("/", headers=BROWSER).headers["Content-Security-Policy"]
    assert told == policy(POOL)
    parts = dict(part.split(" ", 1) for part in told.split("; "))
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == parts["style-src"] == "'self'"
    assert parts["connect-src"] == "'self' https://cognito-idp.eu-central-1.amazonaws.com"
    assert parts["require-trusted-types-for"] == "'script'"
    assert "unsafe" not in told


def test_the_page_has_every_header_that_an_answer_has(client: Client) -> None:
    headers = client.get("/", headers=BROWSER).headers
    assert {name for name in SECURITY_HEADERS if name in headers} == set(SECURITY_HEADERS)


def test_the_page_is_told_where_people_sign_in(build: Path) -> None:
    local = Pool("us-east-1_x", "client", "http://127.0.0.1:9229")
    client = Client(with_pages(api, local, SECURITY_HEADERS, build), Response)
    assert client.get("/config.json").json == {
        "user_pool_id": "us-east-1_x",
        "user_pool_client_id": "client",
        "cognito_endpoint": "http://127.0.0.1:9229",
    }
    assert (
        "connect-src 'self' http://127.0.0.1:9229;"
        in client.get("/", headers=BROWSER).headers["Content-Security-Policy"]
    )
    assert policy(POOL).count("http") == 1


def test_without_a_build_the_app_stays_as_it_is(tmp_path: Path) -> None:
    assert with_pages(api, POOL, SECURITY_HEADERS, tmp_path) is api
