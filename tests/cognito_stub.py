"""A stand-in for Cognito's GetUser that goes by the `sub` of the token: the local Cognito knows only its own tokens."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from dev.processes import LOOPBACK

Answer = tuple[int, dict[str, Any]]


def person(sub: str) -> Answer:
    """Somebody who has no verified e-mail."""
    values = {"sub": sub, "preferred_username": "newcomer", "name": "New Comer"}
    pairs = [{"Name": name, "Value": value} for name, value in values.items()]
    return 200, {"Username": sub, "UserAttributes": pairs}


def refusal(code: str) -> Answer:
    return 400, {"__type": code, "message": "no"}


@contextmanager
def get_user(answer: Callable[[str], Answer]) -> Iterator[str]:
    """Serves GetUser, and says where. `answer` is given the `sub` of the access token."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = answer(_sub(asked["AccessToken"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()


def _sub(token: str) -> str:
    claims: dict[str, str] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims["sub"]
