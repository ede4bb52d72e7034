"""What the docs state about the code, held to the code."""

from __future__ import annotations

import ast
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import get_type_hints

import pytest
from flask import Flask

from backend_flask import app as api
from backend_flask.app import MAX_BODY_BYTES
from backend_flask.lib import ddb, ddb_items
from backend_flask.routes import errors
from backend_flask.routes.message_groups import MessageGroupJson, MessageGroupWholeJson
from backend_flask.routes.messages import MessageJson
from backend_flask.services.groups import HANDLES, LEAST_OTHERS, TITLE
from backend_flask.services.live import MAX_STREAMS_OF_A_USER
from backend_flask.services.rate_limits import MESSAGES, NEW_MESSAGE_GROUPS
from backend_flask.services.rules import LIFETIMES
from tests.api_page import codes_by_status, rows_of
from tests.proofs.catalogue import PROOFS

ROOT = Path(__file__).resolve().parents[3]
DOCS = {path.name: path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]}
SOURCES = [path for folder in ("backend_flask", "db") for path in (ROOT / folder).rglob("*.py")]


def routes() -> set[tuple[str, str]]:
    app = Flask("routes", static_folder=None)
    for blueprint in api.ROUTES:
        app.register_blueprint(blueprint)
    rules = app.url_map.iter_rules()
    return {(method, str(rule)) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def test_the_api_page_lists_every_route_and_no_other() -> None:
    listed = {tuple(row[0].split(" ", 1)) for row in rows_of(DOCS["api.md"], "| request | who | answer |")}
    assert {(method, path.replace("&lt;", "<").replace("&gt;", ">")) for method, path in listed} == routes()


def test_the_api_page_lists_every_error_code_and_no_other() -> None:
    listed = {code for codes in codes_by_status().values() for code in codes}
    assert listed == raised_codes()


def raised_codes() -> set[str]:
    """Every code that the source can put into an answer, by the places where codes are made."""
    codes: set[str] = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                codes |= _codes_of_call(node)
            if isinstance(node, ast.Assign) and any(getattr(each, "id", "") == "code" for each in node.targets):
                codes |= {text for text in _texts(node.value) if "_" in text or text == "unavailable"}
    return (codes | set(errors.CODES_OF_FLASK.values())) - NEVER_SENT


# The classes of errors have defaults that their raisers always replace, 500 is no answer that is promised, and a bio
# may be blank.
NEVER_SENT = {"internal_error", "conflict", "precondition_failed", "invalid", "bio_blank"}
_RAISERS = {
    "BadRequest", "NotSignedIn", "Forbidden", "NotFound", "Conflict", "PreconditionFailed", "Invalid", "TokenRefused",
}  # fmt: skip


def _codes_of_call(node: ast.Call) -> set[str]:
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name in _RAISERS and node.args:
        codes = node.args if name == "Invalid" else node.args[:1]
        # A code that is put together, such as that of a query parameter, is found where its name is given.
        return {text for each in codes for text in _texts(each) if not text.startswith("_")}
    if name == "Text":
        field, most = _texts(node.args[0]).pop(), _limit(node.args[1])
        too_long = next((text for each in node.keywords if each.arg == "too_long" for text in _texts(each.value)), "")
        return {f"{field}_blank", f"{field}_invalid", too_long or f"{field}_exceed_max_chars_{most}"}
    if name == "UuidOf":
        return {f"{_texts(node.args[0]).pop()}_{wrong}" for wrong in ("blank", "invalid")}
    if name == "Handles":
        field, most = _texts(node.args[0]).pop(), _limit(node.args[1])
        return {f"{field}_{wrong}" for wrong in ("blank", "invalid", f"exceed_max_{most}", "unknown")}
    if name == "Choice":
        return {_texts(node.args[0]).pop() + "_blank"}
    if name in {"one_of", "flag", "cursor"} and node.args and isinstance(node.args[0], ast.Constant):
        return {str(node.args[0].value) + "_invalid"}
    if name == "append" and getattr(getattr(node.func, "value", None), "id", "") == "problems":
        return {text for each in node.args for text in _texts(each) if re.fullmatch(r"[a-z]+(_[a-z]+)+", text)}
    return set()


def _texts(node: ast.AST) -> set[str]:
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def _limit(node: ast.expr) -> object:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.BinOp):
        return int(str(_limit(node.left))) - int(str(_limit(node.right)))
    name = getattr(node, "id", getattr(node, "attr", ""))
    found = [re.search(rf"^{name} = (\d+)$", path.read_text(encoding="utf-8"), re.MULTILINE) for path in SOURCES]
    return next(match.group(1) for match in found if match)


@pytest.mark.parametrize("page", ["README.md", "data-model.md"])
def test_the_access_patterns_are_told_as_the_module_tells_them(page: str) -> None:
    header = next(line for line in DOCS[page].splitlines() if line.startswith("| pattern | question"))
    told = {row[0]: row[2] for row in rows_of(DOCS[page], header)}
    module = {row[0][0]: row[2] for row in rows_of(str(ddb.__doc__), "| pattern | method | calls |")[:5]}
    assert told.keys() == module.keys()
    for pattern, calls in module.items():
        assert re.findall(r"Query|COUNT|\w+Items?\b", told[pattern]) == re.findall(r"Query|COUNT|\w+Items?\b", calls)


def test_the_readme_lists_every_script() -> None:
    table = DOCS["README.md"][DOCS["README.md"].index("| script | what it does |") :]
    scripts = [path for path in (ROOT / "bin").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = [path.relative_to(ROOT).as_posix() for path in scripts if not re.search(rf"\b{path.name}`", table)]
    assert missing == []


def test_every_test_that_holds_a_guarantee_is_there() -> None:
    named = re.findall(r"\]\(\.\./(tests/[^)]+)\) `(test_\w+)`", DOCS["guarantees.md"])
    assert len(named) > 20
    missing = [name for path, name in named if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")]
    assert missing == []


def test_every_guarantee_names_a_test() -> None:
    parts = re.split(r"^## ", DOCS["guarantees.md"], flags=re.MULTILINE)[1:]
    assert all("Held by:" in part for part in parts)


def test_the_figures_are_those_of_every_proof_and_no_other() -> None:
    published = re.findall(r"^\| (.+) \| .+ \| .+ `bin/prove (\w+) .+` \|$", DOCS["guarantees.md"], re.MULTILINE)
    assert published == [(proof.claim, proof.name) for proof in PROOFS]


def test_the_limits_in_the_docs_are_those_of_the_table() -> None:
    data_model = DOCS["data-model.md"]
    assert f"at most {ddb.MAX_UNREAD_COUNT}" in data_model
    assert f"{ddb_items.PREVIEW_CHARACTERS} characters and {ddb_items.PREVIEW_BYTES} bytes" in data_model
    assert f"kept for {ddb.SEND_KEY_DAYS} days" in DOCS["api.md"]


def test_the_limits_of_a_user_in_the_docs_are_those_in_force() -> None:
    every = {timedelta(seconds=1): "a second", timedelta(minutes=1): "a minute"}
    wanted = [[str(limit.burst), f"1 {every[limit.pause]}"] for limit in (MESSAGES, NEW_MESSAGE_GROUPS)]
    rows = rows_of(DOCS["api.md"], "| what | at once | then | beyond it |")
    assert [row[1:3] for row in rows[:2]] == wanted
    sizes = [
        f"{MAX_BODY_BYTES // 1024} KB",
        str(ddb.MAX_MEMBERS),
        f"{TITLE.most} characters",
        str(MAX_STREAMS_OF_A_USER),
    ]
    assert [row[1] for row in rows[2:]] == sizes
    assert f"the handles of {LEAST_OTHERS} to {HANDLES.most} others" in DOCS["api.md"]
    of_lives = DOCS["api.md"].partition("**Time to live.**")[2].partition("\n\n")[0]
    assert set(re.findall(r"\d+-(?:day|hour)s?", of_lives)) == set(LIFETIMES)


def test_the_samples_have_all_fields_and_carry_the_instants_that_they_show() -> None:
    samples = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", DOCS["api.md"], re.DOTALL)]
    shapes = (MessageJson, MessageGroupJson, MessageGroupWholeJson)
    assert [list(sample) for sample in samples] == [list(get_type_hints(shape)) for shape in shapes]
    for sample in samples:
        assert ddb_items.instant_of(sample.get("last_message_uuid", sample["uuid"])) == sample["created_at"]
