"""A connection to the API that costs next to nothing itself: http.client takes as long as what it would measure."""

from __future__ import annotations

import json
import socket

from dev.processes import LOOPBACK

END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length:"


class AnswerError(Exception):
    """A request was not answered 200."""


class Caller:
    """For one thread. Raises AnswerError, or OSError if the connection breaks."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection((LOOPBACK, port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """The body of the answer to what `request_of` made."""
        self._socket.sendall(request)
        answer = b""
        while END_OF_HEAD not in answer:
            answer += self._received()
        head, _, body = answer.partition(END_OF_HEAD)
        length = length_of(head)
        while len(body) < length:
            body += self._received()
        if not head.startswith(b"HTTP/1.1 200"):
            raise AnswerError(f"{request.partition(b' HTTP/')[0].decode()}: {head[:40]!r} {body[:200]!r}")
        return body

    def _received(self) -> bytes:
        part = self._socket.recv(65_536)
        if not part:
            raise ConnectionResetError("the API has closed the connection")
        return part

    def close(self) -> None:
        self._socket.close()


def length_of(head: bytes) -> int:
    """The length of the body that this head announces."""
    after = head.lower().partition(_LENGTH)[2]
    return int(after.partition(b"\r\n")[0])


def request_of(method: str, path: str, token: str = "", body: object = None, **headers: str) -> bytes:
    """A whole HTTP request, as a browser that keeps its connections would send it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Accept: */*"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    sent = b"" if body is None else json.dumps(body).encode()
    if sent:
        lines += ["Content-Type: application/json", f"Content-Length: {len(sent)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + sent
