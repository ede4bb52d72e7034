import json
import subprocess
import sys
import zipfile
from pathlib import Path

import boto3
import pytest

from tests.stream_function import MODULES

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "bin" / "lambda" / "package"

# Runs in an interpreter that sees the standard library, the zip and boto3's folder, with the project's folder gone.
IN_A_CLEAN_INTERPRETER = """
import importlib.util, json, sys
package, libraries = sys.argv[1:]
sys.path += [package, libraries]
from lambdas.cruddur_messaging_stream.handler import handler
from lambdas.cruddur_messaging_stream import handler as module
ours = sorted(name for name in sys.modules if name.split(".")[0] in ("backend_flask", "lambdas", "cli", "dev"))
print(json.dumps({
    "handler": callable(handler),
    "file": module.__file__,
    "ours": ours,
    "elsewhere": [name for name in ours if package not in str(sys.modules[name].__spec__.origin)],
    "importable": [name for name in ("cli", "dev", "backend_flask.settings", "backend_flask.lib.db",
                                           "backend_flask.lib.ddb_members", "backend_flask.lib.ddb_changes")
                   if importlib.util.find_spec(name)],
}))
"""


def package(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("package") / "deep" / "function.zip"
    done = package("cruddur_messaging_stream", "--output", str(path))
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stdout
    assert f"{path.stat().st_size} bytes" in done.stdout
    return path


def test_the_handler_is_imported_from_the_zip_alone(built: Path, tmp_path: Path) -> None:
    libraries = str(Path(boto3.__file__).parents[1])
    command = [sys.executable, "-I", "-S", "-c", IN_A_CLEAN_INTERPRETER, str(built), libraries]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["handler"]
    assert found["file"].startswith(str(built))
    assert found["ours"] == MODULES
    assert found["elsewhere"] == []
    assert found["importable"] == []


def test_the_zip_holds_the_table_its_items_and_rows_and_empty_packages(built: Path) -> None:
    with zipfile.ZipFile(built) as content:
        sizes = {entry.filename: entry.file_size for entry in content.infolist()}
    assert [name for name, size in sizes.items() if size] == [
        "backend_flask/lib/ddb.py",
        "backend_flask/lib/ddb_items.py",
        "backend_flask/lib/ddb_rows.py",
        "lambdas/cruddur_messaging_stream/handler.py",
    ]
    assert [name for name, size in sizes.items() if not size] == [
        "backend_flask/__init__.py",
        "backend_flask/lib/__init__.py",
        "lambdas/__init__.py",
        "lambdas/cruddur_messaging_stream/__init__.py",
    ]


def test_the_zip_stays_small(built: Path) -> None:
    assert built.stat().st_size < 24_000


def test_the_same_source_makes_the_same_bytes(built: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    assert package("--output", str(again)).returncode == 0
    assert again.read_bytes() == built.read_bytes()
    with zipfile.ZipFile(again) as content:
        assert {entry.date_time for entry in content.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("name", ["nothing", "../bin", "", "__pycache__"])
def test_an_unknown_function_is_one_clear_line(name: str, tmp_path: Path) -> None:
    done = package(name, "--output", str(tmp_path / "x.zip"))
    assert done.returncode == 1
    assert done.stderr.startswith(f"package: no function {name!r}")
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "x.zip").exists()
