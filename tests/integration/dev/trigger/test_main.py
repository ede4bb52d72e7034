import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Member
from dev.trigger import lock, status

ROOT = Path(__file__).resolve().parents[4]
Put = Callable[..., None]
Wait = Callable[..., None]
Start = Callable[..., subprocess.Popen[str]]
ANN = Member("0190a000-0000-7000-8000-000000000001", "Ann", "ann")
BOB = Member("0190a000-0000-7000-8000-000000000002", "Bob", "bob")


@pytest.fixture
def environ(trigger_environ: dict[str, str], table: MessageTable, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        **trigger_environ,
        "DDB_MESSAGE_TABLE": table.name,
        "SEEN": str(tmp_path / "seen"),
        "PYTHONPATH": str(Path(__file__).parent),
    }


@pytest.fixture
def start(environ: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "dev.trigger", "--state-dir", str(tmp_path), *arguments]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def run(script: str, environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "bin" / "lambda" / script), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def seen(tmp_path: Path, pk: str) -> list[str]:
    path = tmp_path / "seen"
    lines = path.read_text().splitlines() if path.exists() else []
    return [keys["sk"]["S"] for keys in map(json.loads, lines) if keys["pk"]["S"] == pk]


def test_kill_at_any_moment_loses_nothing(
    start: Start, table: MessageTable, put: Put, wait_until: Wait, tmp_path: Path
) -> None:
    sent = [f"{number:03}" for number in range(100)]
    process = start("--handler", "functions:slow", "--batch-size", "3")
    for sk in sent:
        put(table, "kill", sk)
    for kill_at in (10, 40):
        wait_until(lambda: len(set(seen(tmp_path, "kill"))) >= kill_at)  # noqa: B023
        process.kill()
        process.wait()
        assert not lock.is_held(tmp_path)
        assert len(set(seen(tmp_path, "kill"))) < len(sent)
        process = start("--handler", "functions:slow", "--batch-size", "3")
    wait_until(lambda: set(seen(tmp_path, "kill")) == set(sent))
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_the_batch_in_hand(
    start: Start, table: MessageTable, put: Put, wait_until: Wait, tmp_path: Path, number: signal.Signals
) -> None:
    process = start("--handler", "functions:slow")
    pk = f"signal-{number.name}"
    put(table, pk, "1")
    wait_until(lambda: seen(tmp_path, pk) == ["1"])
    process.send_signal(number)
    _, log = process.communicate(timeout=10)
    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in log.splitlines()][-1] == "stopped"


def test_the_function_of_the_project_brings_the_rows_up_to_date(
    start: Start,
    table: MessageTable,
    environ: dict[str, str],
    wait_until: Wait,
    tmp_path: Path,
    trigger_clients: tuple[Any, Any],
) -> None:
    first = table.create_direct_message(ANN, BOB, "the first text")
    for _ in range(3):
        last = table.create_message(ANN, first.message_group_uuid, "the last text")
    process = start()

    def newest() -> list[str]:
        # Empty while the index does not have the new row yet.
        return [row.last_message_uuid for row in table.list_message_groups(BOB.uuid, 1).items]

    wait_until(lambda: newest() == [last.message_uuid])
    found = status.read(tmp_path, table.name, *trigger_clients)
    assert found.is_running
    assert found.polled_at
    process.terminate()
    _, log = process.communicate(timeout=10)
    assert "text" not in log
    assert run("failed", environ, "--state-dir", str(tmp_path)).stdout == "No failed records.\n"


def test_a_message_without_its_group_is_kept_shown_and_tried_again(
    start: Start, table: MessageTable, environ: dict[str, str], dynamodb: Any, wait_until: Wait, tmp_path: Path
) -> None:
    sent = table.create_direct_message(BOB, Member("0190a000-0000-7000-8000-000000000003", "Cleo", "cleo"), "secret")
    group = {"pk": {"S": f"MSG#{sent.message_group_uuid}"}, "sk": {"S": "~GROUP"}}
    item = dynamodb.get_item(TableName=table.name, Key=group)["Item"]
    dynamodb.delete_item(TableName=table.name, Key=group)
    process = start("--max-attempts", "2")
    wait_until((tmp_path / "failed.jsonl").exists)
    state = ("--state-dir", str(tmp_path))

    shown = run("failed", environ, *state).stdout
    assert sent.message_group_uuid in shown
    assert sent.message_uuid in shown
    assert "secret" not in shown
    assert "secret" in run("failed", environ, *state, "--json").stdout
    assert run("redrive", environ, *state, "--dry-run").stdout == "Would try 1 failed records again.\n"

    again = run("redrive", environ, *state)
    assert again.returncode == 1
    assert again.stderr.startswith("redrive: 1 failed again and stay in the file")
    assert " 3\n" in run("failed", environ, *state).stdout

    dynamodb.put_item(TableName=table.name, Item=item)
    assert run("redrive", environ, *state).stdout.endswith("1 of 1 records succeeded.\n")
    assert run("redrive", environ, *state).stdout == "No failed records.\n"
    process.terminate()
    _, log = process.communicate(timeout=10)
    assert "secret" not in log


def test_a_second_one_in_the_same_folder_is_refused(start: Start, wait_until: Wait, tmp_path: Path) -> None:
    first = start("--handler", "functions:recording")
    wait_until(lambda: lock.is_held(tmp_path))
    second = start("--handler", "functions:recording")
    _, said = second.communicate(timeout=10)
    assert second.returncode == 1
    assert said.splitlines() == [
        f"dev.trigger: another trigger (process {first.pid}) works in {tmp_path}. Stop it first"
    ]


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--handler", "functions:nothing"], "dev.trigger: no function 'functions:nothing'"),
        (["--batch-size", "1001"], "'1001' is more than 1000"),
    ],
)
def test_wrong_arguments_are_one_clear_line(start: Start, arguments: list[str], line: str) -> None:
    process = start(*arguments)
    _, said = process.communicate(timeout=10)
    assert process.returncode != 0
    assert line in said.splitlines()[-1]
