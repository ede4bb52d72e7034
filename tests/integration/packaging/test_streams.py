"""The production server with an app of some lines that streams: what a reader may do to it, and how it stops."""

from __future__ import annotations

import http.client
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.arena import Arena
from tests.servers import Server, api_server

APP = """
import time
from backend_flask import worker
from backend_flask.stopping import at_stop

worker.TAKE_SECONDS = 1.0

class App:
    extensions = {}
    stopped = False
    let_go = 0

    def __call__(self, environ, start_response):
        headers = [("Content-Type", "text/plain")]
        start_response("200 OK", headers)
        if environ["PATH_INFO"] == "/stream":
            return self.parts(b"x", 0.05)
        if environ["PATH_INFO"] == "/flood":
            return self.parts(b"x" * 1_000_000, 0)
        return [b"%d" % self.let_go]

    def parts(self, part, pause):
        try:
            while not self.stopped:
                yield part
                time.sleep(pause)
        finally:
            self.let_go += 1

    def stop(self):
        self.stopped = True

app = App()
at_stop(app, app.stop)
"""


@pytest.fixture
def server(arena: Arena, tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "streaming.py").write_text(APP)
    with api_server(arena, workers=1, app="streaming:app", options=["--pythonpath", str(tmp_path)]) as made:
        yield made


def let_go(server: Server) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as connection:
        connection.request("GET", "/")
        return int(connection.getresponse().read())


def asking(server: Server, path: str) -> socket.socket:
    opened = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    opened.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return opened


def test_who_takes_nothing_of_an_answer_is_let_go(server: Server) -> None:
    with closing(asking(server, "/flood")):
        begun = time.monotonic()
        while let_go(server) == 0 and time.monotonic() < begun + 10:
            time.sleep(0.1)
        assert 0.9 < time.monotonic() - begun < 5
    assert "Traceback" not in server.child.log.read_text()


def test_who_takes_it_slowly_is_not(server: Server) -> None:
    with closing(asking(server, "/stream")) as slow:
        ends_at = time.monotonic() + 2.5
        while time.monotonic() < ends_at:
            time.sleep(0.5)
            assert slow.recv(100)
        assert let_go(server) == 0


def test_a_stop_ends_streams_and_waits_for_none(server: Server) -> None:
    streams = [asking(server, "/stream") for _ in range(3)]
    for each in streams:
        each.recv(100)
    begun = time.monotonic()
    server.child.process.send_signal(signal.SIGTERM)
    for each in streams:
        text = b""
        while part := each.recv(65_536):
            text += part
        assert text.endswith(b"0\r\n\r\n"), "it was cut off"
        each.close()
    assert server.child.process.wait(10) == 0
    assert time.monotonic() - begun < 5
    assert "graceful timeout" not in server.child.log.read_text()
