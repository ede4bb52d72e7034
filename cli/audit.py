"""What the package registries and their advisory services say against the locked packages.

A service that does not answer is named, and never taken for one that has nothing to say: pip-audit itself ends with 0
when it could not look up a single package.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.script import ROOT

ACCEPTED = ROOT / "cli" / "accepted_advisories.json"
ENGINES = ROOT / "dev" / "engines"
# A superset of requirements.txt, with the same versions: tests/unit/packaging/test_locks.py holds that.
LOCK = ROOT / "requirements-dev.txt"
PIP_AUDIT = "pip-audit==2.10.1"
SECONDS = 300

Ended = subprocess.CompletedProcess[str]
Ask = Callable[[list[str], Path], Ended]


@dataclass(frozen=True)
class Answer:
    """`problems` has one line each; `unasked` says what could not be found out."""

    problems: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    unasked: str = ""


def ask(command: list[str], folder: Path) -> Ended:
    """Runs a program; one that is not there or takes too long has ended with a word on stderr."""
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603
    except FileNotFoundError:
        return Ended(command, 127, "", f"there is no {command[0]}")
    except subprocess.TimeoutExpired:
        return Ended(command, 124, "", f"{command[0]} took longer than {SECONDS} s")


def yanked(run: Ask) -> Answer:
    """Releases that their authors have withdrawn (PEP 592)."""
    command = ["uv", "pip", "install", "--dry-run", "--reinstall", "--no-deps", "--require-hashes", "-r", str(LOCK)]
    ended = run(command, ROOT)
    if ended.returncode:
        return Answer(unasked=f"withdrawn releases: {_last_line(ended.stderr)}")
    return Answer(re.findall(r"^warning: (.* is yanked.*)$", ended.stderr, re.MULTILINE))


def advisories(run: Ask) -> Answer:
    """Known vulnerabilities of Python packages."""
    command = ["uvx", "--quiet", "--from", PIP_AUDIT, "pip-audit", "--require-hashes", "--disable-pip"]
    ended = run([*command, "--progress-spinner", "off", "--format", "json", "-r", str(LOCK)], ROOT)
    try:
        packages = json.loads(ended.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Answer(unasked=f"advisories on Python packages: {_last_line(ended.stderr)}")
    skipped = [package for package in packages if "skip_reason" in package]
    unasked = f"advisories on {len(skipped)} of {len(packages)} Python packages: {_reason(skipped)}" if skipped else ""
    return _judged(packages, json.loads(ACCEPTED.read_text(encoding="utf-8")), unasked)


def engines(run: Ask) -> Answer:
    """Known vulnerabilities of the packages in dev/engines."""
    ended = run(["npm", "audit", "--json"], ENGINES)
    try:
        found: dict[str, dict[str, Any]] = json.loads(ended.stdout)["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return Answer(unasked=f"advisories on npm packages: {_npm_error(ended)}")
    return Answer([f"{name}: {each.get('severity')}, {each.get('range')}" for name, each in found.items()])


def _judged(packages: Iterable[dict[str, Any]], accepted: dict[str, dict[str, str]], unasked: str) -> Answer:
    judged = Answer(unasked=unasked)
    for package in packages:
        for found in package.get("vulns", []):
            line = f"{package['name']} {package['version']}: {found['id']}"
            names = {found["id"], *found.get("aliases", [])}
            reason = next(
                (each["reason"] for name, each in accepted.items() if _is_that(name, each, names, package)), ""
            )
            if reason:
                judged.accepted.append(f"{line}: {reason}")
            else:
                judged.problems.append(f"{line}, mended in {', '.join(found.get('fix_versions', [])) or 'no release'}")
    return judged


def _is_that(name: str, accepted: dict[str, str], names: set[str], package: dict[str, Any]) -> bool:
    return name in names and accepted["package"] == package["name"]


def _reason(skipped: list[dict[str, Any]]) -> str:
    return str(skipped[0]["skip_reason"])


def _npm_error(ended: Ended) -> str:
    try:
        return str(json.loads(ended.stdout)["message"])
    except (ValueError, KeyError, TypeError):
        return _last_line(ended.stderr)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no answer"])[-1].strip()
