"""docs/operations.md tells of every field and every line there is."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from backend_flask.logs import JsonFormatter, log_requests
from tests.api_page import rows_of

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
SAMPLE = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])


def names(header: str) -> list[str]:
    return [name for row in rows_of(PAGE, header) for name in row[0].split(", ")]


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the API logs, as it logs it."""
    text, ours = io.StringIO(), logging.getLogger("backend_flask")
    handler, level = logging.StreamHandler(text), ours.level
    handler.setFormatter(JsonFormatter())
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)
    yield text
    ours.removeHandler(handler)
    ours.setLevel(level)


def test_the_sample_has_the_fields_of_a_request_in_their_order(written: io.StringIO) -> None:
    app = Flask("sample", static_folder=None)
    log_requests(app)
    app.test_client().get("/")
    assert list(json.loads(written.getvalue())) == list(SAMPLE)


def test_every_field_is_explained() -> None:
    assert names("| field | meaning |") == list(SAMPLE)


def test_every_line_of_ours_is_explained_and_no_other() -> None:
    listed = set(names("| event | level | by | says |")) - {"anything else"}
    assert listed | {"request"} == events()


def events() -> set[str]:
    """The first words of every call of a log."""
    paths = [path for folder in ("backend_flask", "lambdas") for path in (ROOT / folder).rglob("*.py")]
    calls = [node for path in paths for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    logged = [
        call.args[0]
        for call in calls
        if (
            isinstance(call.func, ast.Attribute)
            and ast.unparse(call.func.value) == "log"
            and call.func.attr != "setLevel"
        )
        or ast.unparse(call.func) == "_log"
    ]
    return {str(word.value) for word in logged if isinstance(word, ast.Constant)}


def test_every_field_that_a_number_comes_from_is_one() -> None:
    sources = [row[1] for row in rows_of(PAGE, "| number | where from | when to look | what to do |")]
    logged = [
        re.findall(r"`(\w+)`", part) for source in sources for part in source.split("; ") if part.startswith("log: ")
    ]
    assert {word for words in logged for word in words} <= set(SAMPLE) | events()
