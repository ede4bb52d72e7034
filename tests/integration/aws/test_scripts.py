"""The scripts of bin/aws as a shell starts them: they explain themselves, and fail with one clear line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from cli.script import ROOT

import pytest

SCRIPTS = sorted(path.name for path in (ROOT / "bin" / "aws").iterdir())
WORDS = {"deploy": ["--email", "l@x.example", "--image", "x@sha256:1"]}


def start(name: str, folder: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """With nothing of this machine's own credentials, and from another folder."""
    kept = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder)}
    return subprocess.run(
        [ROOT / "bin" / "aws" / name, *words],
        env=kept | {"AWS_EC2_METADATA_DISABLED": "true"} | environ,
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )


def test_these_are_the_scripts() -> None:
    assert SCRIPTS == ["deploy", "destroy", "diff", "logs", "redrive"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_says_first_what_it_is_for(name: str, tmp_path: Path) -> None:
    done = start(name, tmp_path, "--help")
    purpose = (ROOT / "bin" / "aws" / name).read_text().split('"""')[1].splitlines()[0]
    assert (done.returncode, done.stderr) == (0, "")
    assert purpose in done.stdout


def test_without_a_region_it_asks_for_one(tmp_path: Path) -> None:
    done = start("logs", tmp_path)
    assert done.returncode == 1
    assert done.stderr == "logs: no AWS region. Give --region, or set AWS_DEFAULT_REGION\n"


@pytest.mark.parametrize("name", ["deploy", "redrive"])
def test_without_credentials_it_says_what_to_set(name: str, tmp_path: Path) -> None:
    done = start(name, tmp_path, "--region", "us-east-1", *WORDS.get(name, []))
    assert done.returncode == 1
    assert (
        done.stderr == f"{name}: no AWS credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE\n"
    )
