"""bin/ddb/export and import as a person uses them."""

from __future__ import annotations

import argparse
import io
import os
import runpy
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cli.script import ROOT, ScriptError

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import send_key_key
from backend_flask.lib.uuid7 import Uuid7
from cli.ddb_lines import line_of
from dev import dynamodb
from tests.backups import everything
from tests.messages_table import a_person

DdbScript = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def full(dynamodb: Any) -> Iterator[MessageTable]:
    """Two scans' pages."""
    table = MessageTable(dynamodb, f"test-{uuid.uuid4()}", Uuid7())
    table.create()
    me, you = a_person(), a_person()
    group = table.create_direct_message(me, you, "first").message_group_uuid
    for _ in range(300):
        table.create_message(me, group, "x" * 4000)
    yield table
    table.drop()


def test_a_table_goes_to_a_file_and_from_there_to_another_table(
    ddb_script: DdbScript, full: MessageTable, tmp_path: Path
) -> None:
    name, file = full.name, tmp_path / "backup.json"
    items = everything(full)
    said = f"{len(items)} items of {name} on this machine are in backup.json\n"
    assert ddb_script("ddb/export", "backup.json", table=name)[:2] == (0, said)
    written = file.read_bytes()
    day_old = time.time() - 90_000
    os.utime(file, (day_old, day_old))
    status, output, problem = ddb_script("ddb/export", "backup.json", table=name)
    assert (status, output) == (1, "")
    assert problem.startswith("export: backup.json is there already (1 day, 1:00:")
    assert problem.endswith(" old), so nothing was exported. Name another file, or use --restart\n")
    assert file.read_bytes() == written
    assert ddb_script("ddb/export", "backup.json", "--restart", table=name)[1] == said
    status, _, problem = ddb_script("ddb/import", "backup.json", table=name)
    assert (status, "is not empty, so nothing was changed" in problem) == (1, True)
    other = MessageTable(full.client, f"test-{uuid.uuid4()}", Uuid7())
    other.create()
    try:
        status, output, _ = ddb_script("ddb/import", "backup.json", table=other.name)
        assert (status, output.partition(",")[0].partition(".")[0]) == (
            0,
            f"{len(items)} items were put into {other.name} on this machine",
        )
        assert everything(other) == items
        status, output, _ = ddb_script("ddb/import", "backup.json", "--merge", table=other.name)
        assert (status, output[:20]) == (0, "0 items were put int")
        assert f", {len(items)} were there. " in output
    finally:
        other.drop()
    assert [path.name for path in tmp_path.iterdir()] == ["backup.json"]


def test_what_is_wrong_is_one_line(ddb_script: DdbScript, tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('{"Item": {"pk": {"S": "a"}, "sk": {"S"')
    problems = {
        ("ddb/export",): "name the file",
        ("ddb/export", "one", "two"): "one at a time",
        ("ddb/export", "backup.json"): "Create the table",
        ("ddb/import", "nothing.json"): "nothing.json is not a file",
        ("ddb/import", "."): "is not a file",
        ("ddb/import", "cut.json"): "cut.json, line 1: the file is cut",
    }
    with ThreadPoolExecutor(3) as pool:
        for (words, said), done in zip(
            problems.items(), pool.map(lambda each: ddb_script(*each), problems), strict=True
        ):
            assert (done[0], done[1], said in done[2]) == (1, "", True), words


def test_a_full_disk_is_one_line_and_a_kill_is_gone_on_from(
    full: MessageTable, dynamodb_endpoint: str, tmp_path: Path
) -> None:
    environ: dict[str, Any] = {
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
        "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": dynamodb.REGION,
        "DDB_MESSAGE_TABLE": full.name,
        "CRUDDUR_ENV_FILES": "",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }
    # At most 1,100 blocks of 1,024 bytes: the first page fits, the second does not.
    command = f"ulimit -f 1100; trap '' XFSZ; exec '{ROOT}/bin/ddb/export' backup.json"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=environ, cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "export: [Errno 27] File too large\n"
    assert not (tmp_path / "backup.json").exists()
    going = subprocess.Popen([ROOT / "bin" / "ddb" / "export", "backup.json"], env=environ, cwd=tmp_path)
    os.kill(going.pid, signal.SIGKILL)
    going.wait()
    done = subprocess.run(
        [ROOT / "bin" / "ddb" / "export", "backup.json"],
        capture_output=True, text=True, check=False, env=environ, cwd=tmp_path,
    )  # fmt: skip
    assert done.stdout == f"{len(everything(full))} items of {full.name} on this machine are in backup.json\n"
    assert len((tmp_path / "backup.json").read_bytes().splitlines()) == len(everything(full))


@pytest.mark.parametrize(("typed", "put"), [("", 0), ("no\n", 0), ("right", 1)])
def test_an_import_on_prod_changes_nothing_unless_the_name_is_typed(
    table: MessageTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, put: int
) -> None:
    """In this process: a script that is told `prod` goes to AWS."""
    file, key = tmp_path / "backup.json", send_key_key(a_person().uuid, "k")
    file.write_bytes(line_of(key))
    main = runpy.run_path(str(ROOT / "bin" / "ddb" / "import"))["main"]
    main.__globals__["Target"] = lambda prod: SimpleNamespace(table=table, name="production" if prod else "")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{table.name}\n" if typed == "right" else typed))
    args = argparse.Namespace(words=[str(file), "prod"], merge=True, restart=False)
    with nullcontext() if put else pytest.raises(ScriptError, match="not confirmed"):
        main(args)
    assert ("Item" in table.client.get_item(TableName=table.name, Key=key)) == bool(put)
    assert [path.name for path in tmp_path.iterdir()] == ["backup.json"]
