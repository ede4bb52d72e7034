"""The shape of the code, executed instead of remembered: imports go one way, and each fact has one place."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("backend_flask", "bench", "cli", "dev", "lambdas")
MAX_LINES = 300
LONGER_WITH_A_REASON = {
    "backend_flask/lib/ddb.py": "the access patterns are one fact",
    "backend_flask/lib/ddb_items.py": "the items are one fact: keys, attributes and what they are read as",
    "backend_flask/lib/ddb_members.py": "each change of a message group is seen beside the others",
}


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def scripts() -> list[Path]:
    return sorted(path for path in (ROOT / "bin").rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def python_scripts() -> list[Path]:
    return [path for path in scripts() if path.read_text().startswith("#!/usr/bin/env python3")]


# Its modules, and no other, know its keys and expressions.
TABLE = sorted((ROOT / "backend_flask/lib").glob("ddb*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), name_of(path))


def imports(path: Path) -> Iterator[str]:
    """Full names of what a file imports, wherever in the file."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(files: list[Path], *forbidden: str) -> list[str]:
    """Who imports something that it should not."""
    return [
        f"{name_of(path)} imports {imported}"
        for path in files
        for imported in imports(path)
        if any(imported == name or imported.startswith(name + ".") for name in forbidden)
    ]


WEB = ("flask", "flask_cors", "werkzeug", "backend_flask.app", "backend_flask.auth", "backend_flask.stores")
BACKEND = "backend_flask"


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("backend_flask/lib", (f"{BACKEND}.routes", f"{BACKEND}.services", f"{BACKEND}.settings", *WEB)),
        ("backend_flask/services", (f"{BACKEND}.routes", f"{BACKEND}.settings", "boto3", "botocore", "psycopg", *WEB)),
        ("backend_flask/routes", (f"{BACKEND}.app", f"{BACKEND}.settings", "boto3", "os")),
        ("backend_flask", ("bench", "cli", "dev", "lambdas", "tests")),
        ("cli", (f"{BACKEND}.routes", *WEB)),
        ("lambdas", ("cli", "dev")),
    ],
)
def test_imports_go_one_way(folder: str, forbidden: tuple[str, ...]) -> None:
    assert importers(modules(folder), *forbidden) == []


def test_the_errors_know_no_framework() -> None:
    assert (
        importers([ROOT / "backend_flask/errors.py"], "flask", "werkzeug", "psycopg", "botocore", "backend_flask") == []
    )


def test_the_rules_write_no_sql_and_no_expression_of_dynamodb() -> None:
    words = (
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE ",
        "KeyCondition",
        "ExpressionAttribute",
        "MSG#",
        "GRP#",
        "~GROUP",
    )
    outside = [path for path in modules("backend_flask") if "lib" not in path.parts]
    assert [(name_of(path), word) for path in outside for word in words if word in path.read_text()] == []


def test_only_the_table_writes_keys_and_expressions() -> None:
    words = ("MSG#", "GRP#", "KEY#", "CHG#", "inbox_sk <", "attribute_not_exists", "begins_with")
    # The last one shows keys that may be damaged.
    allowed = {name_of(path) for path in TABLE} | {"dev/trigger/failed.py"}
    found = {name_of(path) for path in [*modules(*PACKAGES), *scripts()] for word in words if word in path.read_text()}
    assert found <= allowed


def test_the_table_needs_nothing_but_boto3() -> None:
    wanted = {name for path in TABLE for name in imports(path) if not name.startswith("backend_flask.lib.ddb")}
    assert {name.split(".")[0] for name in wanted} <= sys.stdlib_module_names | {"boto3", "botocore"}


def test_the_modules_of_the_table_build_on_each_other_one_way() -> None:
    """What the stream function ships needs none of the others."""
    order = ["ddb_items", "ddb_rows", "ddb"]
    for place, name in enumerate(order):
        ours = {each.split(".")[2] for each in imports(ROOT / f"backend_flask/lib/{name}.py") if ".ddb" in each}
        assert ours <= set(order[:place]), name


def handlers() -> list[Path]:
    return [path for path in modules("lambdas") if path.name != "__init__.py"]


def test_the_stream_function_ships_modules_of_the_table_and_nothing_else_of_ours() -> None:
    path = ROOT / "lambdas/cruddur_messaging_stream/handler.py"
    ours = {name.rsplit(".", 1)[0] for name in imports(path) if name.startswith(BACKEND)}
    assert ours
    assert ours <= {f"{BACKEND}.lib.{module.stem}" for module in TABLE}


def test_functions_know_the_rules_and_no_web() -> None:
    assert importers(handlers(), f"{BACKEND}.routes", f"{BACKEND}.settings", f"{BACKEND}.clients", *WEB) == []
    for path in handlers():
        others = {name.split(".")[0] for name in imports(path)} - sys.stdlib_module_names
        assert others <= {BACKEND, "boto3", "botocore"}, name_of(path)


def test_only_one_module_knows_the_token_library() -> None:
    allowed = ROOT / "backend_flask/lib/cognito_jwt_token.py"
    others = [path for path in [*modules(*PACKAGES), *python_scripts()] if path != allowed]
    assert importers(others, "jose") == []


def test_only_one_module_knows_opentelemetry_and_only_its_switch_imports_that() -> None:
    others = [path for path in [*modules(*PACKAGES), *python_scripts()] if path != ROOT / "backend_flask/spans.py"]
    assert importers(others, "opentelemetry") == []
    assert importers(others, "backend_flask.spans") == ["backend_flask/telemetry.py imports backend_flask.spans"]


def reads_environment(path: Path) -> bool:
    return any(
        (isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv", "os.environb"})
        or (isinstance(node, ast.ImportFrom) and node.module == "os")
        for node in ast.walk(tree(path))
    )


def test_one_module_of_the_api_reads_the_environment_and_one_for_the_scripts() -> None:
    readers = {name_of(path) for path in modules("backend_flask", "cli") if reads_environment(path)}
    # cli/script.py asks for CRUDDUR_DEBUG, which shows the traceback of a script that broke.
    assert readers <= {"backend_flask/settings.py", "cli/target.py", "cli/script.py"}


def test_init_files_are_empty() -> None:
    assert [name_of(path) for path in modules(*PACKAGES) if path.name == "__init__.py" and path.read_text()] == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in modules(*PACKAGES)}
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_files_stay_small() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in [*modules(*PACKAGES, "tests"), *scripts()]}
    longer = {name for name, length in lengths.items() if length > MAX_LINES}
    assert longer == set(LONGER_WITH_A_REASON)


def test_no_person_is_written_into_the_code() -> None:
    """Who the seeds make is data. The seeds themselves name their users, and so may tests and help texts that quote."""
    people = json.loads((ROOT / "db/seed/users.json").read_text())
    identities = {person[field] for person in people for field in ("handle", "email")}
    found = [
        (name_of(path), node.value)
        for path in [*modules(*PACKAGES), *python_scripts()]
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in identities
    ]
    assert found == []


IMPORT_ALL = """
import importlib, pathlib, socket, subprocess, sys, threading

def refuse(*_, **__):
    raise AssertionError("an import opens something")

socket.socket.connect = socket.socket.bind = socket.create_connection = socket.getaddrinfo = refuse
threading.Thread.start = subprocess.Popen.__init__ = refuse
for path in sorted(pathlib.Path("backend_flask").rglob("*.py")):
    if path.name != "gunicorn.conf.py":
        importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
print("imported", threading.active_count())
"""


def test_importing_does_nothing() -> None:
    """No socket, no thread, no process, no word, and no setting is needed."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], cwd=ROOT, env={"PATH": "/bin"}, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("imported 1\n", "")


def test_no_module_of_the_backend_calls_for_effect_when_it_is_imported() -> None:
    acting = [
        f"{name_of(path)}: {ast.unparse(node)}"
        for path in modules("backend_flask", "lambdas")
        for node in tree(path).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    assert [line for line in acting if "log.setLevel(" not in line] == []
