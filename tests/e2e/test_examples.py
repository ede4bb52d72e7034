"""The examples, run as a reader runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dev.stack import ROOT, Stack

TWO_FRIENDS = ROOT / "examples" / "two_friends.py"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(TWO_FRIENDS), *words]
    return subprocess.run(command, capture_output=True, text=True, cwd="/", timeout=60, check=False)


def test_two_friends_walk_through_the_whole_api(system: Stack) -> None:
    told = run("--env", str(system.folder / "stack.env"))
    assert (told.stderr, told.returncode) == ("", 0)
    assert "12. Grace has a new name" in told.stdout
    assert told.stdout.endswith("all as expected.\n")


def test_without_a_system_the_example_says_what_to_start(tmp_path: Path) -> None:
    told = run("--env", str(tmp_path / "stack.env"))
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == "two_friends: nothing is running here. Start it in another terminal: bin/dev\n"
    (tmp_path / "stack.env").write_text(
        f"BACKEND_URL=http://127.0.0.1:9{os.linesep}AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=http://127.0.0.1:9"
        f"{os.linesep}AWS_COGNITO_USER_POOL_CLIENT_ID=none{os.linesep}",
        encoding="utf-8",
    )
    told = run("--env", str(tmp_path / "stack.env"))
    assert told.returncode == 1
    assert told.stderr == "two_friends: nobody answers at http://127.0.0.1:9. Start it in another terminal: bin/dev\n"
