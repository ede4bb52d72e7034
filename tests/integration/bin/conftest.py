"""How a test runs a script of bin/: as a person does, in a process of its own and from another folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cli.script import ROOT

import pytest

from dev import dynamodb

Script = Callable[..., "subprocess.CompletedProcess[str]"]
DdbScript = Callable[..., tuple[int, str, str]]
_KEPT = {"PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "CRUDDUR_ENV_FILES"}


@pytest.fixture
def closed_port() -> int:
    """Nothing listens there."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
    return port


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Runs `bin/<name>` with these words and settings, and with nothing else of the environment that matters."""
    clean = {name: value for name, value in os.environ.items() if name in _KEPT}
    clean["PATH"] = f"{Path(sys.executable).parent}:{clean['PATH']}"

    def run(name: str, *words: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "bin" / name, *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=clean | {"AWS_DEFAULT_REGION": "us-east-1"} | settings,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def ddb_script(script: Script, dynamodb_endpoint: str) -> DdbScript:
    """Runs a script on the engine of the tests: status, output, and the one line on stderr if it failed."""

    def call(name: str, *words: str, table: str = "test-nothing", **settings: str) -> tuple[int, str, str]:
        done = script(
            name,
            *words,
            **{
                "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
                "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
                "DDB_MESSAGE_TABLE": table,
                **settings,
            },
        )
        assert "Traceback" not in done.stderr
        if done.returncode == 1 and not done.stdout:
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr
            assert done.stderr.startswith(name.rpartition("/")[2] + ": ")
        return done.returncode, done.stdout, done.stderr

    return call
