"""What the server answers to bytes that no well-behaved client sends."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

import pytest

from backend_flask.headers import SECURITY_HEADERS
from dev.stack import Stack

SECRET = "a-token-that-nobody-may-read"


@pytest.fixture
def say(system: Stack) -> Any:
    """Sends these bytes, with a pause before each but the first: the status, the headers and the JSON of the answer."""

    def send(*parts: bytes, pause: float = 0) -> tuple[int, str, dict[str, Any]]:
        with socket.create_connection(("127.0.0.1", system.ports.api), timeout=15) as connection:
            for number, part in enumerate(parts):
                time.sleep(pause if number else 0)
                connection.sendall(part)
            answer = b""
            while b"\r\n\r\n" not in answer or not _is_whole(answer):
                answer += connection.recv(65536)
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), head.decode(), json.loads(body)

    return send


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    lengths = [line.split(b":")[1] for line in head.splitlines() if line.lower().startswith(b"content-length")]
    return len(body) >= int(lengths[0])


def head(token: str, *more: str) -> bytes:
    lines = ["POST /api/messages HTTP/1.1", "Host: x", f"Authorization: Bearer {token}", *more]
    return "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode()


@pytest.mark.parametrize("body", [b"zz\r\n{}\r\n0\r\n\r\n", b"-1\r\n{}\r\n0\r\n\r\n", b"2\r\n{}XX0\r\n\r\n"])
def test_broken_chunks_are_a_broken_body(say: Any, andrew: Any, body: bytes) -> None:
    status, _, problem = say(head(andrew.token, "Transfer-Encoding: chunked") + body)
    assert (status, problem["code"]) == (400, "body_incomplete")


def test_a_sender_on_a_bad_line_is_waited_for(say: Any, andrew: Any) -> None:
    body = json.dumps({"handle": "londo", "message": "from a train"}).encode()
    status, _, sent = say(head(andrew.token, f"Content-Length: {len(body)}") + body[:1], body[1:9], body[9:], pause=2.5)
    assert (status, sent["message"]) == (200, "from a train")


def test_a_sender_who_never_ends_is_not_waited_for(say: Any, andrew: Any) -> None:
    begun = time.monotonic()
    status, headers, problem = say(head(andrew.token, "Content-Length: 100") + b"{")
    assert (status, problem["code"]) == (400, "body_incomplete")
    assert "connection: close" in headers.lower()
    assert 9 < time.monotonic() - begun < 13


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (f"GET /api/health-check HTTP/1.1\r\nAuthorization Bearer {SECRET}\r\n\r\n", 400),
        (f"NONSENSE {SECRET}\r\n\r\n", 400),
        (f"GET /{SECRET * 400} HTTP/1.1\r\n\r\n", 414),
        ("GET / HTTP/1.1\r\n" + "".join(f"X-{number}: {SECRET}\r\n" for number in range(200)) + "\r\n", 431),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n", 501),
    ],
)
def test_what_is_no_request_is_refused_in_json_and_quoted_nowhere(
    system: Stack, say: Any, request_: str, status: int
) -> None:
    answered, headers, problem = say(request_.encode())
    assert (answered, problem["status"], problem["code"]) == (status, status, f"http_{status}")
    assert "application/problem+json" in headers
    assert all(f"{name}: {value}" in headers for name, value in SECURITY_HEADERS.items())
    assert SECRET not in headers + str(problem)
    assert SECRET not in (system.folder / "logs" / "api.log").read_text()
