"""The certificates by which RDS is known are fetched once, and only if they are some."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cli.script import ScriptError

import pytest

from cli.aws.artifacts import CERTIFICATES, CERTIFICATES_FROM, fetch_certificates

PEM = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n"


class Store(BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self) -> None:
        Store.asked += 1
        answers = {"/bundle.pem": (200, PEM), "/page": (200, "<html>")}
        status, text = answers.get(self.path, (404, ""))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def store() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Store) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_they_are_fetched_once(store: str, tmp_path: Path) -> None:
    file, before = tmp_path / "rds-ca.pem", Store.asked
    for _ in range(2):
        fetch_certificates("eu-west-1", file, f"{store}/bundle.pem")
    assert file.read_text() == PEM
    assert Store.asked == before + 1


@pytest.mark.parametrize(("path", "says"), [("/page", "no certificates at"), ("/nothing", "cannot be fetched from")])
def test_whatever_else_comes_is_not_kept(store: str, tmp_path: Path, path: str, says: str) -> None:
    file = tmp_path / "rds-ca.pem"
    with pytest.raises(ScriptError, match=says):
        fetch_certificates("eu-west-1", file, store + path)
    assert not file.exists()


def test_they_come_from_aws_and_stay_out_of_the_repository() -> None:
    assert CERTIFICATES_FROM.format(region="eu-west-1").startswith(
        "https://truststore.pki.rds.amazonaws.com/eu-west-1/"
    )
    ignored = (CERTIFICATES.parents[1] / ".gitignore").read_text().splitlines()
    assert "db/rds-ca.pem" in ignored
