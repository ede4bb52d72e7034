"""The lock files hold what pyproject.toml asks for, and pip can trust them."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

LOCKS = ["requirements.txt", "requirements-otel.txt", "requirements-dev.txt"]


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def entries(lock: Path) -> list[str]:
    """One text for each locked package, its hashes in it."""
    return [entry for entry in re.sub(r"\\\n", " ", lock.read_text()).splitlines() if entry.strip()]


def pins(lock: Path) -> dict[str, str]:
    return {name_of(entry): entry.split("==")[1].split()[0] for entry in entries(lock)}


def declared(root: Path) -> tuple[set[str], set[str]]:
    """What production needs, and what a laptop needs on top."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    always, dev = project["dependencies"], project["optional-dependencies"]["dev"]
    return {name_of(each) for each in always}, {name_of(each) for each in dev}


def test_what_production_needs_is_locked(root: Path) -> None:
    always, dev = declared(root)
    locked = set(pins(root / "requirements.txt"))
    assert always <= locked
    assert not dev & locked


def test_what_a_laptop_needs_is_locked(root: Path) -> None:
    always, dev = declared(root)
    assert always | dev <= set(pins(root / "requirements-dev.txt"))


def test_what_telemetry_needs_is_locked_with_all_that_production_needs(root: Path) -> None:
    extra = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]["otel"]
    assert {name_of(each) for each in extra} <= set(pins(root / "requirements-otel.txt"))
    assert not [name for name in pins(root / "requirements.txt") if name.startswith("opentelemetry")]


@pytest.mark.parametrize(("smaller", "larger"), list(itertools.pairwise(LOCKS)))
def test_a_laptop_runs_the_versions_of_production(root: Path, smaller: str, larger: str) -> None:
    everywhere, laptop = pins(root / smaller), pins(root / larger)
    assert {name: laptop[name] for name in everywhere} == everywhere


def test_production_loads_nothing_that_is_not_locked(root: Path) -> None:
    """Some packages import more than they declare, and on a laptop another package has brought it along."""
    load = (
        "import sys; before = set(sys.modules);"
        "import gunicorn.app.wsgiapp, gunicorn.workers.ggevent, backend_flask.app;"
        "print(*set(sys.modules) - before)"
    )
    environ = os.environ | {"PYTHONPATH": str(root)}
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", load], env=environ, capture_output=True, text=True, check=True
    )
    distributions = packages_distributions()
    loaded = {module.partition(".")[0] for module in ended.stdout.split()}
    installed = {name_of(name) for module in loaded for name in distributions.get(module, [])}
    assert "gevent" in installed
    assert installed <= set(pins(root / "requirements.txt"))


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_its_hashes(root: Path, name: str) -> None:
    for entry in entries(root / name):
        assert re.fullmatch(r"[\w.\[\],-]+==\S+( ;[^#]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry), entry[:80]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_registry(root: Path, name: str) -> None:
    assert not re.search(r"https?://|file:|--index-url|--find-links| @ ", (root / name).read_text())
