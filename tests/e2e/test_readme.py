"""The README's examples, typed as they stand there."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from dev.stack import ROOT, Ports, Stack

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = [block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "curl" in block]
SIGN_IN = "TOKEN=$(bin/cognito/token andrewbrown)\n"
# Its lines without the one that signs in, each command on one line.
LINES = [
    line
    for block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if line and not line.startswith("TOKEN")
]
# These go on until Ctrl-C.
STREAMS = [line for line in LINES if line.endswith("/stream") or "/stream " in line]
COMMANDS = [line for line in LINES if line not in STREAMS]


def test_the_readme_shows_how_to_sign_in_and_has_examples() -> None:
    assert SIGN_IN in BLOCKS[0]
    assert len(COMMANDS) == 3
    assert len(STREAMS) == 1


def typed(system: Stack, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euc", SIGN_IN + command.replace(f":{Ports().api}/", f":{system.ports.api}/")],
        cwd=ROOT,
        env=system.child_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_of_the_readme_works(system: Stack, command: str) -> None:
    answer = json.loads(typed(system, command).stdout)
    assert (answer[0] if isinstance(answer, list) else answer)["uuid"]


@pytest.mark.parametrize("command", STREAMS)
def test_a_stream_of_the_readme_begins_at_once_and_goes_on(system: Stack, command: str) -> None:
    done = typed(system, command.replace("curl ", "curl --max-time 2 ", 1))
    # curl's word for "it took too long".
    assert done.returncode == 28, done.stderr
    assert "event: ready\n" in done.stdout
