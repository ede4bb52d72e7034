"""Most tests here run scripts as forks of one process. They prove something only if that shows no difference."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    ("name", "words", "stdin", "status"),
    [
        ("ddb/verify", ["--help"], "", 0),
        ("ddb/verify", ["--repiar"], "", 2),
        ("db/create", [], "", 1),
        ("db/drop", ["prod"], "yes\n", 1),
        ("ddb/export", ["--restart", "backup.json"], "", 1),
    ],
)
def test_a_forked_script_says_what_a_started_one_says(
    script: Script, started_script: Script, closed_port: int, name: str, words: list[str], stdin: str, status: int
) -> None:
    nowhere = f"postgresql://127.0.0.1:{closed_port}/cruddur"
    settings = {
        "CONNECTION_URL": nowhere,
        "PROD_CONNECTION_URL": nowhere,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed_port}",
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
    }
    forked, started = (run(name, *words, stdin=stdin, **settings) for run in (script, started_script))
    assert (forked.returncode, forked.stdout, forked.stderr) == (status, started.stdout, started.stderr)
    assert started.returncode == status
