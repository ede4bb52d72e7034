"""The production server with our configuration and an app of ten lines."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = {
    "CRUDDUR_ENV": "local",
    "CONNECTION_URL": "postgresql://nobody@127.0.0.1/none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_COGNITO_USER_POOL_ID": "us-east-1_POOL",
    "AWS_COGNITO_USER_POOL_CLIENT_ID": "CLIENT",
    "FRONTEND_URL": "http://localhost:3000",
    "BACKEND_URL": "http://localhost:4567",
    "WEB_CONCURRENCY": "2",
}
APP = """
import select, socket, time
import psycopg.waiting

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    patched = [socket.socket.__module__, select.poll.__module__, psycopg.waiting.wait.__name__]
    body = " ".join([*patched, environ["wsgi.url_scheme"]]).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
"""


@dataclass
class Server:
    process: subprocess.Popen[str]
    port: int

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def stop(self) -> str:
        """Asks it to stop; what it has said."""
        self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=15)
        return said


def start(folder: Path, settings: dict[str, str]) -> subprocess.Popen[str]:
    """With gevent's warnings as errors, and an environment that would have forwarded headers believed."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT}:{folder}",
        "PYTHONWARNINGS": "error::UserWarning",
        "FORWARDED_ALLOW_IPS": "*",
        "HOME": str(folder),
    }
    (folder / "tiny.py").write_text(APP)
    command = [sys.executable, "-m", "gunicorn", "--config", "backend_flask/gunicorn.conf.py", "tiny:app"]
    return subprocess.Popen(command, cwd=ROOT, env=environ | settings, stderr=subprocess.PIPE, text=True)


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = start(folder, SETTINGS | {"PORT": str(port)})
    server = Server(process, port)
    give_up = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < give_up:
        try:
            server.get("/")
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
    try:
        yield server
    finally:
        if process.poll() is None:
            server.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


def test_everything_that_waits_lets_others_go_on(server: Server) -> None:
    modules = server.get("/")[1].split()
    assert modules[0].startswith("gevent.")
    assert modules[1].startswith("gevent.")
    assert modules[2] != "wait_c"


def test_idle_connections_keep_nobody_out(server: Server) -> None:
    idle = []
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("GET", "/")
        connection.getresponse().read()
        idle.append(connection)
    assert server.get("/")[0] == 200
    for connection in idle:
        connection.close()


def test_new_connections_are_dealt_out_to_all_workers(server: Server) -> None:
    """Behind a load balancer a connection stays for long, and so would a worker that has none."""
    with contextlib.ExitStack() as opened:
        for _ in range(40):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            opened.callback(connection.close)
            connection.request("GET", "/")
            connection.getresponse().read()
        workers = psutil.Process(server.process.pid).children()
        held = [sum(each.laddr.port == server.port for each in worker.net_connections("tcp")) for worker in workers]
    # A queue to listen on is one more. That one of two gets fewer than five of 40 happens once in ten million times.
    assert len(held) == 2
    assert min(held) > 5


def test_forwarded_headers_are_not_believed(server: Server) -> None:
    assert server.get("/", {"X-Forwarded-Proto": "https"})[1].endswith(" http")


def test_a_token_that_is_too_long_reaches_the_app_which_says_so(server: Server) -> None:
    assert server.get("/", {"Authorization": "Bearer " + "x" * 12_000})[0] == 200


def test_a_request_under_way_is_answered_before_it_stops(tmp_path: Path) -> None:
    answers: list[int] = []
    with serving(tmp_path) as server:
        request = threading.Thread(target=lambda: answers.append(server.get("/slow")[0]))
        request.start()
        time.sleep(0.3)
        started = time.monotonic()
        said = server.stop()
        request.join()
    assert answers == [200]
    assert server.process.returncode == 0
    assert time.monotonic() - started < 8
    assert "Warning" not in said
    assert {path.name for path in tmp_path.iterdir()} <= {"tiny.py", "__pycache__"}, "it wrote into its home"


def test_missing_settings_are_said_in_one_line(tmp_path: Path) -> None:
    process = start(tmp_path, SETTINGS | {"CONNECTION_URL": "", "FRONTEND_URL": ""})
    _, said = process.communicate(timeout=15)
    assert process.returncode == 1
    assert len(said.splitlines()) == 1
    assert "CONNECTION_URL" in said
    assert "FRONTEND_URL" in said
