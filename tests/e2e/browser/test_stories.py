"""The stories of this folder, told in a real browser against a system of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

import pytest

from backend_flask.routes.pages import BUILD
from dev.cognito import LOCAL_PASSWORD
from dev.processes import LOOPBACK, free_port
from dev.stack import ROOT, Ports, Stack

CLIENT = ROOT / "frontend_react_js"
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)


@pytest.fixture(scope="session")
def browser() -> str:
    """The browser that CHROMIUM names, or one that this machine has."""
    wanted = os.environ.get("CHROMIUM")
    found = next(filter(None, map(shutil.which, [wanted] if wanted else BROWSERS)), None)
    if found is None:
        pytest.skip("the browser stories need Chromium or Chrome. Install one, or name it: CHROMIUM=/path bin/test")
    return found


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A system of their own, because they stop parts of it."""
    folder = tmp_path_factory.mktemp("stage")
    ports = Ports(**{each.name: free_port() for each in fields(Ports)})
    with pytest.MonkeyPatch.context() as environment:
        # A story writes more in a second than a person may.
        environment.setenv("RATE_LIMITS", "off")
        stack = Stack(folder, ports, os.environ.get("DDB_ENGINE", "extenddb"), durable=False)
        try:
            stack.start()
            yield stack
        finally:
            stack.stop()
            stack.reset()


@contextmanager
def control_of(stack: Stack) -> Iterator[str]:
    """An address where a story can stop and start parts of the system: POST /stop/api."""

    class Control(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            _, action, part = self.path.split("/")
            {"stop": stack.stop_part, "start": stack.start_part}[action](part)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Control)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{LOOPBACK}:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_every_story_goes_well_in_a_real_browser(browser: str, stage: Stack) -> None:
    assert (BUILD / "index.html").exists(), "the web client is not built. Run bin/setup"
    # Chromium makes a socket there, whose path may have a hundred letters; pytest's own folders are longer.
    with control_of(stage) as control, TemporaryDirectory(prefix="stories-", ignore_cleanup_errors=True) as folder:
        told = {
            "CHROMIUM": browser,
            "STORY_URL": stage.api_url,
            "STORY_CONTROL": control,
            "STORY_PASSWORD": LOCAL_PASSWORD,
            "TMPDIR": folder,
        }
        command: list[str | Path] = ["node", CLIENT / "node_modules/vitest/vitest.mjs", "run"]
        command += ["--config", "stories.config.ts", *os.environ.get("STORIES", "").split()]
        path = f"{os.environ['PATH']}:{ROOT / '.venv/bin'}"
        done = subprocess.run(
            command, cwd=CLIENT, env=os.environ | told | {"PATH": path}, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
