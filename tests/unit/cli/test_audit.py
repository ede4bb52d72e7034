"""What registries answer becomes lines for a person, and no answer is never taken for a good one."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

from cli.script import ROOT, Arguments

import pytest

from cli import audit
from cli.audit import ACCEPTED, LOCK, Ended, advisories, ask, engines, yanked

GOOD_UV = Ended([], 0, "", "Would install 2 packages\n + flask==3.1.3\n")
YANKED_UV = Ended([], 0, "", 'Resolved\nwarning: `attrs==21.1.0` is yanked (reason: "Not importable")\n')
NO_NETWORK_UV = Ended([], 2, "", "error: Request failed\n  Caused by: dns error\n")

FLASK = {"name": "flask", "version": "3.1.3", "vulns": []}
ECDSA = {"id": "PYSEC-2026-1", "aliases": ["CVE-2024-23342", "GHSA-wj6h-64fc-37mp"], "fix_versions": []}
BAD = {"id": "PYSEC-2030-9", "aliases": [], "fix_versions": ["9.9"]}
SKIPPED = {"name": "flask", "skip_reason": "Dependency not found on PyPI and could not be audited: flask (3.1.3)"}


def pip_audit(*packages: dict[str, Any]) -> Ended:
    return Ended([], 1, json.dumps({"dependencies": packages, "fixes": []}), "Found some")


GOOD_PIP = pip_audit(FLASK, {"name": "ecdsa", "version": "0.19.1", "vulns": [ECDSA]})
GOOD_NPM = Ended([], 0, '{"auditReportVersion": 2, "vulnerabilities": {}}', "")
BAD_NPM = Ended([], 1, '{"vulnerabilities": {"tar": {"severity": "high", "range": "<6"}}}', "")
NO_NPM = Ended([], 1, '{"message": "405 Method Not Allowed", "statusCode": 405}', "npm error\n")


def answering(ended: Ended) -> audit.Ask:
    return lambda _command, _folder: ended


def test_a_withdrawn_release_is_a_problem() -> None:
    assert yanked(answering(GOOD_UV)).problems == []
    assert yanked(answering(YANKED_UV)).problems == ['`attrs==21.1.0` is yanked (reason: "Not importable")']
    assert yanked(answering(NO_NETWORK_UV)).unasked == "withdrawn releases: Caused by: dns error"


def test_an_advisory_is_a_problem_unless_it_is_accepted_for_that_package() -> None:
    answer = advisories(answering(GOOD_PIP))
    assert (answer.problems, answer.unasked) == ([], "")
    assert [line.split(":")[0] for line in answer.accepted] == ["ecdsa 0.19.1"]
    other = {"name": "other", "version": "1", "vulns": [ECDSA, BAD]}
    answer = advisories(answering(pip_audit(other)))
    assert answer.accepted == []
    assert answer.problems == [
        "other 1: PYSEC-2026-1, mended in no release",
        "other 1: PYSEC-2030-9, mended in 9.9",
    ]


@pytest.mark.parametrize(
    "ended", [pip_audit(FLASK, SKIPPED), Ended([], 1, "", "ConnectionError: no\n"), Ended([], 1, "[]", "")]
)
def test_advisories_that_cannot_be_had_are_not_taken_for_none(ended: Ended) -> None:
    assert advisories(answering(ended)).unasked.startswith("advisories on ")


def test_what_npm_says_is_read() -> None:
    assert engines(answering(GOOD_NPM)) == audit.Answer()
    assert engines(answering(BAD_NPM)).problems == ["tar: high, <6"]
    assert engines(answering(NO_NPM)).unasked == "advisories on npm packages: 405 Method Not Allowed"


def test_a_program_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    assert ask(["no-such-program"], tmp_path).stderr == "there is no no-such-program"


@pytest.mark.parametrize(
    ("uv", "pip", "npm", "status", "lines"),
    [
        (GOOD_UV, GOOD_PIP, GOOD_NPM, 0, ["accepted", "0 problems"]),
        (YANKED_UV, GOOD_PIP, GOOD_NPM, 1, ["accepted", "problem", "1 problems"]),
        (GOOD_UV, pip_audit(SKIPPED), NO_NPM, 3, ["not looked at"] * 2 + ["0 problems, and 2 of 3 questions"]),
        (GOOD_UV, pip_audit(SKIPPED), BAD_NPM, 1, ["problem", "not looked at", "1 problems, and 1 of 3"]),
    ],
)
def test_the_status_tells_a_problem_from_a_question_without_an_answer(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    uv: Ended,
    pip: Ended,
    npm: Ended,
    status: int,
    lines: list[str],
) -> None:
    monkeypatch.setenv("PATH", "")
    answers = {"uv": uv, "uvx": pip, "npm": npm}
    main = runpy.run_path(str(ROOT / "bin" / "audit"))["main"]
    main.__globals__["ask"] = lambda command, _folder: answers[command[0]]
    assert main(Arguments()) == status
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(lines)
    assert all(line.startswith(start) for line, start in zip(printed, lines, strict=True))


def test_what_is_accepted_is_locked_and_has_a_reason() -> None:
    accepted = json.loads(ACCEPTED.read_text())
    assert all(f"\n{each['package']}==" in LOCK.read_text() for each in accepted.values())
    assert all(len(each["reason"]) > 40 for each in accepted.values())
