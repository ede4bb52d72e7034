"""The web client: its own tests, its types against the API's document, and how much a browser has to load."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from backend_flask import app as api
from backend_flask.routes.openapi import document
from backend_flask.routes.pages import BUILD

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "frontend_react_js"
PACKAGES = CLIENT / "node_modules"
FIRST_LOAD_BYTES = 150_000
# bin/setup puts a Node there on a machine that has none.
PATH = f"{os.environ['PATH']}:{ROOT / '.venv' / 'bin'}"


def node(script: str, *words: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("node", path=PATH)
    assert program, "there is no Node. Run bin/setup"
    command = [program, str(PACKAGES / script), *words]
    return subprocess.run(
        command, cwd=CLIENT, env=os.environ | {"PATH": PATH}, capture_output=True, text=True, check=False
    )


def test_its_own_tests_pass() -> None:
    done = node("vitest/vitest.mjs", "run")
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_types_are_those_of_the_document_of_today(tmp_path: Path) -> None:
    app = Flask("described", static_folder=None)
    for blueprint in api.ROUTES:
        app.register_blueprint(blueprint)
    described, made = tmp_path / "openapi.json", tmp_path / "schema.d.ts"
    described.write_text(json.dumps(document(app)))
    done = node("openapi-typescript/bin/cli.js", str(described), "--output", str(made))
    assert done.returncode == 0, done.stderr
    kept = (CLIENT / "src" / "api" / "schema.d.ts").read_text()
    assert made.read_text() == kept, "start bin/dev, and run npm run types in frontend_react_js"


def scripts_of(manifest: dict[str, Any], name: str) -> set[str]:
    """The files that come with one part of the script."""
    part = manifest[name]
    return {part["file"]}.union(*(scripts_of(manifest, each) for each in part.get("imports", [])))


def test_no_page_needs_more_than_150_kb_of_script_when_it_is_first_loaded() -> None:
    manifest: dict[str, Any] = json.loads((BUILD / ".vite" / "manifest.json").read_text())
    entry = scripts_of(manifest, "index.html")
    pages = [name for name in manifest["index.html"]["dynamicImports"] if "/pages/" in name or "/messages/" in name]
    assert len(pages) >= 2
    for name in pages:
        files = entry | scripts_of(manifest, name)
        size = sum(len(gzip.compress((BUILD / file).read_bytes())) for file in files)
        assert 50_000 < size <= FIRST_LOAD_BYTES, name


@pytest.mark.parametrize("lock", [CLIENT / "package-lock.json", ROOT / "dev" / "engines" / "package-lock.json"])
def test_no_lock_names_a_registry(lock: Path) -> None:
    assert "resolved" not in lock.read_text()


def test_nothing_of_it_turns_text_into_html() -> None:
    sources = [file for file in (CLIENT / "src").rglob("*.ts*") if ".test." not in file.name]
    assert len(sources) > 20
    for file in sources:
        text = file.read_text()
        assert not any(
            word in text for word in ("dangerouslySetInnerHTML", "innerHTML", "insertAdjacentHTML", "eval(")
        ), file
