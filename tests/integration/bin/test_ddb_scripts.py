"""bin/ddb as a person uses it: in a shell, from any folder, on a real engine."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cli.script import ROOT

import pytest

from backend_flask.lib.ddb import MessageTable, definition
from backend_flask.lib.ddb_items import Message
from backend_flask.lib.uuid7 import Uuid7
from dev import dynamodb as engine
from tests.messages_table import a_person

Script = Callable[..., "subprocess.CompletedProcess[str]"]
DdbScript = Callable[..., tuple[int, str, str]]

SCRIPTS = sorted(str(path.relative_to(ROOT / "bin")) for path in (ROOT / "bin" / "ddb").rglob("*") if path.is_file())
WORDS = {
    "ddb/patterns/get-conversation": ["--handle", "andrewbrown", "--with", "bayko"],
    "ddb/patterns/list-conversations": ["--handle", "andrewbrown"],
    "ddb/export": ["backup.json"],
    # A file of no items.
    "ddb/import": [str(ROOT / "backend_flask" / "__init__.py")],
}


# What all of them promise


def test_there_is_a_script_for_each_job_of_the_table() -> None:
    assert {name.rpartition("/")[2] for name in SCRIPTS} == {
        *("schema-load", "drop", "list-tables", "describe-table", "scan", "seed", "verify", "export", "import"),
        *("get-conversation", "list-conversations"),
    }


def test_help_shows_the_first_line(started_script: Script) -> None:
    with ThreadPoolExecutor(2) as pool:
        for name, done in zip(SCRIPTS, pool.map(lambda each: started_script(each, "--help"), SCRIPTS), strict=True):
            first_line = (ast.get_docstring(ast.parse((ROOT / "bin" / name).read_text())) or "").splitlines()[0]
            assert (done.returncode, done.stderr) == (0, "")
            assert first_line in done.stdout
            assert f"usage: {name.rpartition('/')[2]}" in done.stdout


WRONG = [
    ("ddb/scan", ["--limit", "0"]),
    ("ddb/scan", ["--limit", "many"]),
    ("ddb/scan", ["production"]),
    ("ddb/seed", ["--messages", "-1"]),
    ("ddb/verify", ["--repiar"]),
    ("ddb/patterns/get-conversation", ["--handle", "andrewbrown"]),
    ("ddb/patterns/get-conversation", ["--handle", "a", "--with", "b", "--group", "c"]),
    ("ddb/patterns/get-conversation", ["--handle", "a", "--with", "b", "--since", "yesterday"]),
    ("ddb/patterns/list-conversations", []),
]


def test_wrong_words_are_refused_with_status_2(ddb_script: DdbScript) -> None:
    with ThreadPoolExecutor(2) as pool:
        for (name, words), (status, output, problem) in zip(
            WRONG, pool.map(lambda wrong: ddb_script(wrong[0], *wrong[1]), WRONG), strict=True
        ):
            assert (status, output) == (2, ""), (name, words)
            assert "usage: " in problem


def test_a_stopped_engine_is_one_line_and_status_1(ddb_script: DdbScript, closed_port: int, database_url: str) -> None:
    def call(name: str) -> tuple[int, str, str]:
        address = f"http://127.0.0.1:{closed_port}"
        return ddb_script(name, *WORDS.get(name, []), AWS_ENDPOINT_URL_DYNAMODB=address, CONNECTION_URL=database_url)

    ddb_script("db/seed", CONNECTION_URL=database_url)
    with ThreadPoolExecutor(4) as pool:
        for name, (status, output, problem) in zip(SCRIPTS, pool.map(call, SCRIPTS), strict=True):
            assert (status, output) == (1, ""), name
            assert "does not answer" in problem
            assert "bin/dev" in problem


def test_a_missing_table_is_one_line_that_says_how_to_make_it(ddb_script: DdbScript, database_url: str) -> None:
    ddb_script("db/seed", CONNECTION_URL=database_url)
    needing = [name for name in SCRIPTS if not name.endswith(("schema-load", "drop", "list-tables"))]
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda name: ddb_script(name, *WORDS.get(name, []), CONNECTION_URL=database_url), needing)
        for name, (status, output, problem) in zip(needing, done, strict=True):
            assert (status, output) == (1, ""), name
            assert "bin/ddb/schema-load" in problem


# The table


def test_the_life_of_a_table(ddb_script: DdbScript, client: Any) -> None:
    name = f"test-{a_person().uuid}"
    created = ddb_script("ddb/schema-load", table=name)
    assert created[:2] == (0, f"{name} is created on this machine\n")
    again = ddb_script("ddb/schema-load", table=name)
    assert again[:2] == (0, f"{name} is there on this machine, as defined\n")
    assert name in ddb_script("ddb/list-tables")[1].splitlines()
    described = ddb_script("ddb/describe-table", table=name)[1]
    assert re.search(r"^definition: +as the code defines it$", described, re.MULTILINE)
    assert "NEW_IMAGE" in described
    assert json.loads(ddb_script("ddb/describe-table", "--json", table=name)[1])["TableName"] == name
    assert ddb_script("ddb/scan", table=name)[:2] == (0, f"{name} is empty\n")
    assert ddb_script("ddb/scan", "--json", table=name)[:2] == (0, "")
    assert ddb_script("ddb/drop", table=name)[:2] == (0, f"{name} is dropped on this machine\n")
    assert ddb_script("ddb/drop", table=name)[:2] == (
        0,
        f"{name} is not there on this machine, so there is nothing to drop\n",
    )
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName=name)


def test_a_table_that_differs_is_reported_and_left_alone(ddb_script: DdbScript, client: Any) -> None:
    name = f"test-{a_person().uuid}"
    other = {key: value for key, value in definition(name).items() if key != "StreamSpecification"}
    client.create_table(**other)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    status, output, problem = ddb_script("ddb/schema-load", table=name)
    assert status == 1
    assert [line.split(":")[0] for line in output.splitlines()] == ["stream"]
    assert "not as defined" in problem
    assert "stream: defined NEW_IMAGE" in ddb_script("ddb/describe-table", table=name)[1]
    assert ddb_script("ddb/drop", name)[:2] == (0, f"{name} is dropped on this machine\n")


def test_a_creation_that_was_cut_short_is_completed(ddb_script: DdbScript, client: Any) -> None:
    name = f"test-{a_person().uuid}"
    client.create_table(**definition(name))
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    status, output, _ = ddb_script("ddb/schema-load", table=name)
    assert (status, output) == (0, f"{name} is there on this machine, as defined\n")
    ttl = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert ttl["AttributeName"] == "expires_at"
    client.delete_table(TableName=name)


def test_drop_takes_no_name_that_is_none(ddb_script: DdbScript, own_table: MessageTable) -> None:
    # An unset variable of a shell must not drop the table that happens to be the default.
    for words in ([""], ["a name"], ["one", "two"]):
        assert ddb_script("ddb/drop", *words, table=own_table.name)[0] == 1
    own_table.ping()


# Scan


STEERING = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e\x7f\x00end"


@pytest.fixture(scope="module")
def full_table(dynamodb: Any) -> Iterator[MessageTable]:
    """More than a megabyte, so that a scan has several pages; one message tries to steer the terminal."""
    table = MessageTable(dynamodb, f"test-{uuid.uuid4()}", Uuid7())
    table.create()
    sender, group = a_person(), str(uuid.uuid4())
    texts = [STEERING, *["x" * 4000] * 324]
    puts = [
        {"PutRequest": {"Item": Message(group, table._make_id(), sender.uuid, "A", "a", text).to_item()}}
        for text in texts
    ]
    for start in range(0, len(puts), 25):
        answer = dynamodb.batch_write_item(RequestItems={table.name: puts[start : start + 25]})
        assert answer["UnprocessedItems"] == {}
    yield table
    table.drop()


def test_a_scan_shows_all_pages_and_nothing_that_steers_the_terminal(
    ddb_script: DdbScript, full_table: MessageTable
) -> None:
    status, output, problem = ddb_script("ddb/scan", table=full_table.name)
    assert (status, problem) == (0, "")
    assert len(output.splitlines()) == 1 + 325
    assert all(each.isprintable() for each in output.replace("\n", ""))
    assert "end" in output
    limited = ddb_script("ddb/scan", "--limit", "7", table=full_table.name)[1]
    assert len(limited.splitlines()) == 1 + 7


def test_a_scan_in_json_is_one_item_a_line(ddb_script: DdbScript, full_table: MessageTable) -> None:
    lines = ddb_script("ddb/scan", "--json", table=full_table.name)[1].splitlines()
    items = [json.loads(line) for line in lines]
    assert len(items) == 325
    assert all(each.isprintable() for line in lines for each in line)
    assert [Message.from_item(item).message for item in items].count(STEERING) == 1
    limited = ddb_script("ddb/scan", "--json", "--limit", "3", table=full_table.name)[1]
    assert len(limited.splitlines()) == 3


def test_a_reader_that_has_seen_enough_is_no_error(full_table: MessageTable, dynamodb_endpoint: str) -> None:
    settings = {
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
        "AWS_ACCESS_KEY_ID": engine.ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": engine.SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": engine.REGION,
        "DDB_MESSAGE_TABLE": full_table.name,
        "CRUDDUR_ENV_FILES": "",
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }
    command = f"set -o pipefail; '{ROOT}/bin/ddb/scan' --json | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=settings)
    assert (done.returncode, done.stderr) == (0, "")
