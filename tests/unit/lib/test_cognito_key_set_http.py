"""The key set as it comes over HTTP, or does not."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backend_flask.lib import cognito_jwt_token
from backend_flask.lib.cognito_jwt_token import FETCH_PAUSE_SECONDS, KeySet, KeySetUnavailable, fetch_from
from tests.tokens import OTHER_KEY, POOL_KEY, Clock, jwk_of, key_set_of, raw_json


@pytest.fixture
def serve() -> Iterator[Callable[[int, dict[str, str], bytes], str]]:
    """Starts a server with one answer; gives its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(status: int, headers: dict[str, str], body: bytes) -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/jwks.json"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_key_set_is_read_over_http(serve: Callable[..., str]) -> None:
    address = serve(200, {}, raw_json(key_set_of(jwk_of(POOL_KEY))))
    assert KeySet(fetch_from(address)).key("k1")


@pytest.mark.parametrize("body", [b"", raw_json(key_set_of(jwk_of(OTHER_KEY)))], ids=["empty", "with keys"])
def test_a_redirect_is_not_followed_nor_its_body_believed(serve: Callable[..., str], body: bytes) -> None:
    target = serve(200, {}, raw_json(key_set_of(jwk_of(POOL_KEY))))
    address = serve(302, {"Location": target}, body)
    with pytest.raises(KeySetUnavailable):
        KeySet(fetch_from(address)).key("k1")


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, raw_json(key_set_of(jwk_of(POOL_KEY)))), (404, b"{}"), (200, b"<html>"), (200, b""), (200, b"\xff"),
     (200, b"[" * 100_000)],
    ids=["500", "404", "html", "empty", "not UTF-8", "nested deeply"],
)  # fmt: skip
def test_an_answer_that_is_no_key_set_is_none(serve: Callable[..., str], status: int, body: bytes) -> None:
    with pytest.raises(KeySetUnavailable):
        KeySet(fetch_from(serve(status, {}, body))).key("k1")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/jwks.json", "no address", "http://[", "ftp://127.0.0.1/x"])
def test_an_address_that_cannot_be_reached_is_no_key_set(address: str) -> None:
    with pytest.raises(KeySetUnavailable):
        KeySet(fetch_from(address)).key("k1")


@pytest.fixture
def trickle() -> Iterator[tuple[str, threading.Event]]:
    """A server whose answer comes byte by byte and never ends; and whether it has given up all the same."""
    stop, ended = threading.Event(), threading.Event()

    class Trickle(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            head = b"HTTP/1.1 200 OK\r\nX-Long: "
            for number in range(1000):
                if stop.wait(0.01):
                    break
                self.wfile.write(head[number : number + 1] or b"x")
            else:
                ended.set()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Trickle)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/jwks.json", ended
    stop.set()
    server.shutdown()
    server.server_close()


def test_a_key_set_that_trickles_in_is_not_waited_for(
    trickle: tuple[str, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No wait for a byte is long, and together they would be endless."""
    monkeypatch.setattr(cognito_jwt_token, "FETCH_SECONDS", 0.1)
    address, ended = trickle
    fetch, clock = fetch_from(address), Clock()
    keys = KeySet(fetch, clock)
    for _ in range(2):
        with pytest.raises(KeySetUnavailable):
            keys.key("k1")
        clock.now += FETCH_PAUSE_SECONDS
    assert not ended.is_set()


def test_a_key_set_longer_than_any_is_none(serve: Callable[..., str]) -> None:
    long = raw_json(key_set_of(jwk_of(POOL_KEY))) + b" " * cognito_jwt_token.MAX_KEY_SET_BYTES
    with pytest.raises(KeySetUnavailable):
        KeySet(fetch_from(serve(200, {}, long))).key("k1")
