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

Script = Callable[..., "subprocess.CompletedProcess[str]"]
_KEPT = {"PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV"}


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
