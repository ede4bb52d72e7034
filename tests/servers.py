"""The API and the stream trigger as processes of their own, as bin/dev starts them, and who talks to them over HTTP."""

from __future__ import annotations

import http.client
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from dev.processes import LOOPBACK, Child, free_port, living, spawn
from dev.trigger import lock
from tests.arena import Arena

ROOT = Path(__file__).resolve().parents[1]
THE_API = "backend_flask.app:from_environment()"
# The server closes a connection that was idle for two seconds.
IDLE_SECONDS = 1.0
KILL_SECONDS = 10
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Server:
    """A process that does the work, or a master and its workers."""

    child: Child
    port: int = 0

    def processes(self) -> list[psutil.Process]:
        master = psutil.Process(self.child.process.pid)
        return [master, *master.children(recursive=True)]

    def kill(self) -> None:
        """kill -9 of the master and all workers in one instant, and waits until they are gone."""
        killed = [process.pid for process in self.processes()]
        os.killpg(self.child.process.pid, signal.SIGKILL)
        self.child.process.wait()
        give_up = time.monotonic() + KILL_SECONDS
        while any(map(living, killed)) and time.monotonic() < give_up:
            time.sleep(0.005)


@contextmanager
def api_server(
    arena: Arena, *, workers: int = 2, app: str = THE_API, options: Sequence[str] = (), **changes: str
) -> Iterator[Server]:
    """The API, or another app, behind gunicorn, once it is ready. Raises StackError with the end of its log.

    `options` of gunicorn take the place of what its configuration says.
    """
    port = free_port()
    settings = {"HOST": LOOPBACK, "PORT": str(port), "WEB_CONCURRENCY": str(workers), **changes}
    command = ["-m", "gunicorn", "-c", "backend_flask/gunicorn.conf.py", *options, app]
    child = _spawn(arena, "api", command, settings)
    child.answers = lambda: _is_ready(port)
    with _stopped_at_the_end(child):
        yield Server(child, port)


@contextmanager
def trigger(arena: Arena, **changes: str) -> Iterator[Server]:
    """What calls the stream function for each change of the arena's table, from now on. Raises StackError."""
    state, begun = arena.folder / f"trigger-{next(_numbers)}", time.time()
    child = _spawn(arena, "trigger", ["-m", "dev.trigger", "--state-dir", str(state)], changes)
    child.answers = lambda: (lock.polled_at(state) or 0) > begun
    with _stopped_at_the_end(child):
        yield Server(child)


def _spawn(arena: Arena, name: str, command: list[str], changes: dict[str, str]) -> Child:
    """A log that holds nothing else lies in `arena.folder`."""
    kept = {word: os.environ[word] for word in ("PATH", "HOME", "TMPDIR") if word in os.environ}
    environ = kept | arena.environment(**changes) | {"CRUDDUR_ENV_FILES": "", "PYTHONPATH": str(ROOT)}
    log = arena.folder / "logs" / f"{name}-{next(_numbers)}.log"
    return spawn(name, [sys.executable, *command], log, environ=environ, folder=ROOT)


@contextmanager
def _stopped_at_the_end(child: Child) -> Iterator[None]:
    try:
        child.wait_until_ready()
        yield
    finally:
        child.stop()


def _is_ready(port: int) -> bool:
    with closing(Caller(port, "")) as caller:
        try:
            return caller.ask("GET", "/api/ready").status == 200
        except OSError:
            return False


@dataclass(frozen=True)
class Answer:
    """`body` is what the JSON says; `following` is the address of the next page."""

    status: int
    body: Any
    following: str | None


class Caller:
    """One connection to the API that a person keeps, for one thread.

    Errors come through as OSError or http.client.HTTPException: nobody can know then whether it was done.
    """

    def __init__(self, port: int, token: str) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._asked_at = 0.0

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:
        if time.monotonic() - self._asked_at > IDLE_SECONDS:
            self._connection.close()
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, path, sent, self._headers | headers)
        got = self._connection.getresponse()
        answer = Answer(got.status, json.loads(got.read()), _next_page(got.headers["Link"]))
        self._asked_at = time.monotonic()
        return answer

    def send(self, body: dict[str, str], key: str | None = None) -> Answer:
        return self.ask("POST", "/api/messages", body, **({"Idempotency-Key": key} if key else {}))

    def pages(self, path: str) -> Iterator[list[dict[str, Any]]]:
        """All pages from this one on. Raises AssertionError if one is refused."""
        following: str | None = path
        while following:
            answer = self.ask("GET", following)
            assert answer.status == 200, (following, answer)
            yield answer.body
            following = answer.following

    def close(self) -> None:
        self._connection.close()


def _next_page(link: str | None) -> str | None:
    """RFC 8288, as the API writes it: `</api/...>; rel="next"`."""
    return link.partition(">")[0][1:] if link else None
