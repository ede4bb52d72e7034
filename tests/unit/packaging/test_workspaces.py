"""What an editor in the cloud, and the checks on GitHub, do with a clone: the same commands as a person."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml


@pytest.fixture
def devcontainer(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((root / ".devcontainer" / "devcontainer.json").read_text())
    return loaded


@pytest.fixture
def gitpod(root: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((root / ".gitpod.yml").read_text())
    return loaded


def test_they_set_up_as_a_person_does(devcontainer: dict[str, Any], gitpod: dict[str, Any]) -> None:
    assert devcontainer["postCreateCommand"] == "bin/setup"
    assert (gitpod["tasks"][0]["init"], gitpod["tasks"][0]["command"]) == ("bin/setup", "bin/dev")


def test_they_forward_the_ports_that_are_published_by_compose(
    devcontainer: dict[str, Any], gitpod: dict[str, Any], services: dict[str, Any]
) -> None:
    published = {int(port.split(":")[1]) for service in services.values() for port in service.get("ports", [])}
    assert set(devcontainer["forwardPorts"]) == published
    assert {port["port"] for port in gitpod["ports"]} == published
    assert {int(port) for port in devcontainer["portsAttributes"]} == published


def test_nothing_is_open_to_the_world(gitpod: dict[str, Any]) -> None:
    assert all(port["visibility"] == "private" for port in gitpod["ports"])


@pytest.mark.parametrize(("workflow", "scripts"), [("ci", ["bin/ci"]), ("audit", ["bin/setup", "bin/audit"])])
def test_github_runs_nothing_but_our_scripts(root: Path, workflow: str, scripts: list[str]) -> None:
    jobs = yaml.safe_load((root / ".github" / "workflows" / f"{workflow}.yml").read_text())["jobs"]
    commands = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert commands == scripts


@pytest.mark.parametrize("name", ["ci", "setup", "dev", "audit"])
def test_those_commands_exist(root: Path, name: str) -> None:
    assert os.access(root / "bin" / name, os.X_OK)
