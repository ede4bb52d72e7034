"""The server's worker: gunicorn's for gevent, with a limit on how long a body may take to arrive and an answer to be
taken, an end of all streams when it is asked to stop, and JSON for what the server refuses before the app is asked. Its
own refusals would be HTML that quotes the header it did not understand."""

from __future__ import annotations

import errno
import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import gevent
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.workers.ggevent import GeventWorker

from backend_flask.headers import SECURITY_HEADERS
from backend_flask.stopping import stop

BODY_SECONDS = 10.0
# Who has taken nothing of a part of an answer for so long will not: a stream would wait for ever.
TAKE_SECONDS = 20.0
_STATUSES = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
    UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
}


class Worker(GeventWorker):  # type: ignore[misc]
    def run(self) -> None:
        """Accepts all connections that wait, at once.

        One of several workers would accept one between two requests, lest it takes those of the others, and under load
        the last to come would wait for seconds. Here each has a queue of its own (`reuse_port`).
        """
        self.cfg.set("workers", 1)
        super().run()

    def handle_request(self, listener_name: Any, req: Any, sock: socket.socket, addr: Any) -> None:
        """Answers one request, whose body must be there within BODY_SECONDS; else the app sees it end too early.

        Each part of the answer must be taken within TAKE_SECONDS.
        """
        req.unreader.chunk = _limited(req, sock, type(req.unreader).chunk.__get__(req.unreader))
        sock.settimeout(TAKE_SECONDS)
        try:
            super().handle_request(listener_name, req, sock, addr)
        except TimeoutError:
            # As if the reader had gone, which gunicorn knows to pass over.
            raise ConnectionResetError(errno.ECONNRESET, "the answer is not taken") from None
        finally:
            del req.unreader.chunk
            sock.settimeout(None)
        if not self.alive:
            # No other request is waited for on this connection: that would hold up the stop.
            raise StopIteration

    def handle_exit(self, sig: int, frame: Any) -> None:
        super().handle_exit(sig, frame)
        # Not in the signal handler, where nothing may wait for a lock.
        gevent.spawn(stop, self.wsgi)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Refuses what is no HTTP request. Neither the answer nor the log quotes it: it may hold a token."""
        if not isinstance(exc, ParseException):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("refused what is no request: %s", type(exc).__name__)
        status = _STATUSES.get(type(exc), HTTPStatus.BAD_REQUEST)
        with suppress(OSError):
            client.sendall(_refusal(status))


def _limited(req: Any, sock: socket.socket, chunk: Callable[..., bytes]) -> Callable[..., bytes]:
    ends_at = time.monotonic() + BODY_SECONDS

    def limited(*arguments: Any, **named: Any) -> bytes:
        sock.settimeout(max(0.001, ends_at - time.monotonic()))
        try:
            return chunk(*arguments, **named)
        except TimeoutError:
            # What may still come on this connection is no new request.
            req.force_close()
            raise
        finally:
            sock.settimeout(TAKE_SECONDS)

    return limited


def _refusal(status: HTTPStatus) -> bytes:
    problem = {"type": "about:blank", "title": status.phrase, "status": status, "code": f"http_{status}"}
    body = json.dumps(problem)
    head = [
        f"HTTP/1.1 {status} {status.phrase}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *(f"{name}: {value}" for name, value in SECURITY_HEADERS.items()),
    ]
    return "\r\n".join([*head, "", body]).encode()
