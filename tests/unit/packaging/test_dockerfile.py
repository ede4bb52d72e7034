"""The Dockerfile holds what the app needs, pinned, and nothing else. Nothing here builds it."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

OURS = {"backend_flask", "cli", "dev", "lambdas"}
RUNNABLE = ["dev", "backend"]


def copied(steps: list[tuple[str, str]]) -> set[str]:
    """The paths of this project that are in an image."""
    sources = [text.split()[:-1] for instruction, text in steps if instruction == "COPY" and "--from" not in text]
    return {path for paths in sources for path in paths}


def python_files(root: Path, paths: set[str]) -> Iterator[Path]:
    for path in (root / name for name in paths):
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.suffix == ".py" or (file.is_file() and file.read_bytes().startswith(b"#!/usr/bin/env python3")):
                yield file


def imported(file: Path) -> set[str]:
    """Our own packages that must be there for the file to load."""
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found & OURS


def test_production_is_what_is_built_if_no_target_is_named(stages: dict[str, Any]) -> None:
    assert list(stages)[-1] == "backend"


def test_every_base_is_pinned_by_an_exact_version(stages: dict[str, Any]) -> None:
    bases = {stage.base for stage in stages.values()} - set(stages)
    assert len(bases) == 3
    assert all(re.search(r":\d+\.\d+\.\d+[\w.-]*$", base) for base in bases)


@pytest.mark.parametrize("name", RUNNABLE)
def test_images_do_not_run_as_root(steps_of: Any, name: str) -> None:
    users = [text for instruction, text in steps_of(name) if instruction == "USER"]
    assert users[-1] == "10001:10001"


def test_production_can_write_to_nothing_that_it_runs(steps_of: Any) -> None:
    """What is copied belongs to root, and the user is somebody else from before the first thing that runs."""
    steps = steps_of("backend")
    assert not any("--chown" in text or "--chmod" in text for _, text in steps)
    assert "VOLUME" not in {instruction for instruction, _ in steps}
    assert not re.search(r"\b(chown|chmod|install --)", " ".join(text for name, text in steps if name == "RUN"))


def test_production_holds_no_tools_to_build_with(stages: dict[str, Any], steps_of: Any) -> None:
    stage = stages["backend"]
    while stage.base in stages:
        stage = stages[stage.base]
    assert "-slim" in stage.base
    assert [text for name, text in steps_of("backend") if name == "COPY" and "--from" in text] == [
        "--from=packages /venv /venv",
        "--from=client /client/dist frontend_react_js/dist",
    ]
    assert not re.search(r"requirements|node_modules|tests|dev ", " ".join(copied(steps_of("backend"))))


@pytest.mark.parametrize("name", RUNNABLE)
def test_the_server_gets_the_signals_itself(stages: dict[str, Any], name: str) -> None:
    assert stages[name].exec_form("CMD")[:2] == ["python", "-m"]


def test_production_runs_gunicorn_with_our_configuration(root: Path, stages: dict[str, Any]) -> None:
    command = stages["backend"].exec_form("CMD")
    assert command[2] == "gunicorn"
    assert (root / command[command.index("--config") + 1]).is_file()


def test_production_is_put_together_without_running_anything(stages: dict[str, Any]) -> None:
    assert not stages["backend"].all("RUN")
    assert not stages["app"].all("RUN")


def test_packages_are_installed_by_hash_only(stages: dict[str, Any]) -> None:
    installs = [run for stage in stages.values() for run in stage.all("RUN") if re.search(r"\bpip\b.* install ", run)]
    assert len(installs) == 2
    assert all("--require-hashes" in run for run in installs)


def test_production_has_nothing_to_install_with(stages: dict[str, Any], steps_of: Any) -> None:
    runs = [text for name, text in steps_of("backend") if name == "RUN"]
    assert any(run.startswith("pip uninstall --yes") for run in runs)
    assert "venv --without-pip /venv" in " ".join(stages["packages"].all("RUN"))


def test_the_linter_finds_nothing(root: Path) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([linter, "--no-color", root / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_linter_would_find_something(tmp_path: Path) -> None:
    wrong = tmp_path / "Dockerfile"
    wrong.write_text("FROM python:latest\nRUN pip install flask\n")
    done = subprocess.run([Path(sys.executable).with_name("hadolint"), wrong], capture_output=True, check=False)
    assert done.returncode == 1


def test_what_brings_the_image_to_aws_stays_out_of_it(root: Path) -> None:
    assert {"bin/aws", "cli/aws"} <= set((root / ".dockerignore").read_text().splitlines())


def test_no_stage_fetches_anything_else(stages: dict[str, Any]) -> None:
    runs = " ".join(run for stage in stages.values() for run in stage.all("RUN"))
    assert not re.search(r"\b(apt-get|apt|curl|wget|git)\b", runs)
    assert not any(stage.all("ADD") for stage in stages.values())


@pytest.mark.parametrize("name", RUNNABLE)
def test_everything_that_the_copied_code_imports_is_copied_too(root: Path, steps_of: Any, name: str) -> None:
    paths = copied(steps_of(name))
    files = list(python_files(root, paths))
    assert len(files) > 20
    missing = {(str(file), package) for file in files for package in imported(file) - paths}
    assert not missing


@pytest.mark.parametrize("name", RUNNABLE)
def test_every_copied_path_exists(root: Path, steps_of: Any, name: str) -> None:
    assert all((root / path).exists() for path in copied(steps_of(name)))


def test_the_build_sees_only_what_is_copied(root: Path, stages: dict[str, Any]) -> None:
    patterns = [line for line in (root / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert patterns[0] == "*"
    seen = {pattern[1:] for pattern in patterns if pattern.startswith("!")}
    paths = {path for stage in stages.values() for path in copied(stage.steps)}
    assert seen == {path.partition("/")[0] for path in paths}
    assert "**/.env*" in patterns


class _Health(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/api/health-check" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.mark.parametrize(("answer", "status"), [(200, 0), (503, 1)])
def test_the_health_check_asks_the_api(stages: dict[str, Any], answer: int, status: int) -> None:
    _, *arguments = stages["backend"].exec_form("HEALTHCHECK")
    handler = type("Handler", (_Health,), {"status": answer})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        environ = os.environ | {"PORT": str(server.server_port)}
        ended = subprocess.run([sys.executable, *arguments], env=environ, capture_output=True, check=False)
    assert ended.returncode == status
