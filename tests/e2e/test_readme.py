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
COMMANDS = [
    line
    for block in BLOCKS
    for line in block.replace("\\\n", " ").splitlines()
    if line and not line.startswith("TOKEN")
]


def test_the_readme_shows_how_to_sign_in_and_has_examples() -> None:
    assert SIGN_IN in BLOCKS[0]
    assert len(COMMANDS) == 3


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_of_the_readme_works(system: Stack, command: str) -> None:
    typed = command.replace(f":{Ports().api}/", f":{system.ports.api}/")
    done = subprocess.run(
        ["bash", "-euc", SIGN_IN + typed],
        cwd=ROOT,
        env=system.child_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert (answer[0] if isinstance(answer, list) else answer)["uuid"]
