"""The zip of the post-confirmation function brings what Lambda has not: by hash, for Lambda's machine, and no more."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from cli.script import ROOT, ScriptError

import pytest

from cli import function_zip
from cli.aws import build

FUNCTION = "cruddur_post_confirmation"
OF_LAMBDA = {"boto3", "botocore"}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    output = tmp_path_factory.mktemp("zip") / "function.zip"
    function_zip.write(FUNCTION, output, installed=True)
    with zipfile.ZipFile(output) as content:
        return content.namelist()


@pytest.mark.parametrize("function", build.functions())
def test_whatever_a_function_imports_is_in_its_zip_or_at_lambdas(function: str) -> None:
    modules = function_zip.modules_of(function)
    imported = {name.split(".")[0] for path in modules for name in function_zip.imported_by(path)}
    foreign = imported - sys.stdlib_module_names - OF_LAMBDA - {"backend_flask", "lambdas"}
    assert foreign <= {name.replace("-", "_") for name in function_zip._wanted(function).get("packages", [])}


def test_the_queries_lie_where_the_code_looks_for_them(names: list[str]) -> None:
    assert {"db/sql/users/create.sql", "db/sql/users/claim_by_email.sql", "backend_flask/lib/db.py"} <= set(names)
    assert not [
        name for name in names if name.startswith("db/") and not name.startswith(("db/sql/users/", "db/rds-ca"))
    ]


def test_nothing_of_the_installer_and_nothing_compiled_for_another_python_comes_along(names: list[str]) -> None:
    assert not [
        name for name in names if re.search(r"\.pyc$|/(RECORD|INSTALLER|REQUESTED|direct_url\.json|WHEEL)$", name)
    ]
    assert not [name for name in names if name.startswith(("..", "/"))]


def test_what_is_pinned_is_what_requirements_say() -> None:
    text = function_zip.pinned(["psycopg-binary", "psycopg-pool"])
    lock = (ROOT / "requirements.txt").read_text()
    hashes = re.findall(r"--hash=sha256:\w{64}", text)
    assert len(hashes) > 2
    assert all(each in lock for each in hashes)
    assert " ; " not in text
    with pytest.raises(ScriptError, match="no-such-package is not in"):
        function_zip.pinned(["no-such-package"])


def test_packages_are_fetched_by_hash_for_lambdas_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What it fetches nobody can see without a network; how it asks, one can."""
    asked: list[list[str]] = []

    def pip(words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        asked.append(words)
        target = Path(words[words.index("--target") + 1])
        (target / "psycopg").mkdir(parents=True)
        (target / "psycopg" / "__init__.py").write_text("")
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr("cli.function_zip.subprocess.run", pip)
    output = tmp_path / "function.zip"
    function_zip.write(FUNCTION, output)
    [words] = asked
    assert {"--require-hashes", "--no-deps"} <= set(words)
    assert words[words.index("--only-binary") + 1] == ":all:"
    assert words[words.index("--python-version") + 1] == "3.13"
    with zipfile.ZipFile(output) as content:
        assert "psycopg/__init__.py" in content.namelist()


def test_a_pip_that_fails_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "WARNING: x\nERROR: no network\n")
    monkeypatch.setattr("cli.function_zip.subprocess.run", lambda *_, **__: failed)
    with pytest.raises(ScriptError, match="for Lambda: ERROR: no network"):
        function_zip.write(FUNCTION, tmp_path / "function.zip")
    assert not (tmp_path / "function.zip").exists()
