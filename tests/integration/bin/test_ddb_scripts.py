"""bin/ddb as a person uses it: in a shell, from any folder, on a real engine."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.script import ROOT

import pytest

from backend_flask.lib.ddb import Member, Message, MessageTable, definition, direct_group_uuid, message_key
from backend_flask.services.users import User
from dev import dynamodb
from tests.messages_table import a_person, row_of, stored

Script = Callable[..., "subprocess.CompletedProcess[str]"]
Run = Callable[..., tuple[int, str, str]]

SCRIPTS = sorted(str(path.relative_to(ROOT / "bin")) for path in (ROOT / "bin" / "ddb").rglob("*") if path.is_file())
WORDS = {
    "ddb/patterns/get-conversation": ["--handle", "andrewbrown", "--with", "bayko"],
    "ddb/patterns/list-conversations": ["--handle", "andrewbrown"],
}


@pytest.fixture
def run(script: Script, dynamodb_endpoint: str) -> Run:
    """Runs a script on the engine of the tests: status, output, and the one line on stderr if it failed."""

    def call(name: str, *words: str, table: str = "test-nothing", **settings: str) -> tuple[int, str, str]:
        done = script(
            name,
            *words,
            **{
                "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
                "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
                "DDB_MESSAGE_TABLE": table,
                **settings,
            },
        )
        assert "Traceback" not in done.stderr
        if done.returncode == 1 and not done.stdout:
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr
            assert done.stderr.startswith(name.rpartition("/")[2] + ": ")
        return done.returncode, done.stdout, done.stderr

    return call


# What all of them promise


def test_there_is_a_script_for_each_job_of_the_table() -> None:
    assert {name.rpartition("/")[2] for name in SCRIPTS} == {
        *("schema-load", "drop", "list-tables", "describe-table", "scan", "seed", "verify"),
        *("get-conversation", "list-conversations"),
    }


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_shows_the_first_line(run: Run, name: str) -> None:
    first_line = (ast.get_docstring(ast.parse((ROOT / "bin" / name).read_text())) or "").splitlines()[0]
    status, output, _ = run(name, "--help")
    assert status == 0
    assert first_line in output
    assert f"usage: {name.rpartition('/')[2]}" in output


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


def test_wrong_words_are_refused_with_status_2(run: Run) -> None:
    with ThreadPoolExecutor(2) as pool:
        for (name, words), (status, output, problem) in zip(
            WRONG, pool.map(lambda wrong: run(wrong[0], *wrong[1]), WRONG), strict=True
        ):
            assert (status, output) == (2, ""), (name, words)
            assert "usage: " in problem


def test_a_stopped_engine_is_one_line_and_status_1(run: Run, closed_port: int, database_url: str) -> None:
    def call(name: str) -> tuple[int, str, str]:
        address = f"http://127.0.0.1:{closed_port}"
        return run(name, *WORDS.get(name, []), AWS_ENDPOINT_URL_DYNAMODB=address, CONNECTION_URL=database_url)

    run("db/seed", CONNECTION_URL=database_url)
    with ThreadPoolExecutor(4) as pool:
        for name, (status, output, problem) in zip(SCRIPTS, pool.map(call, SCRIPTS), strict=True):
            assert (status, output) == (1, ""), name
            assert "does not answer" in problem
            assert "bin/dev" in problem


def test_a_missing_table_is_one_line_that_says_how_to_make_it(run: Run, database_url: str) -> None:
    run("db/seed", CONNECTION_URL=database_url)
    needing = [name for name in SCRIPTS if not name.endswith(("schema-load", "drop", "list-tables"))]
    with ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda name: run(name, *WORDS.get(name, []), CONNECTION_URL=database_url), needing)
        for name, (status, output, problem) in zip(needing, done, strict=True):
            assert (status, output) == (1, ""), name
            assert "bin/ddb/schema-load" in problem


# The table


def test_the_life_of_a_table(run: Run, client: Any) -> None:
    name = f"test-{a_person().uuid}"
    created = run("ddb/schema-load", table=name)
    assert created[:2] == (0, f"{name} is created on this machine\n")
    again = run("ddb/schema-load", table=name)
    assert again[:2] == (0, f"{name} is there on this machine, as defined\n")
    assert name in run("ddb/list-tables")[1].splitlines()
    described = run("ddb/describe-table", table=name)[1]
    assert re.search(r"^definition: +as the code defines it$", described, re.MULTILINE)
    assert "NEW_IMAGE" in described
    assert json.loads(run("ddb/describe-table", "--json", table=name)[1])["TableName"] == name
    assert run("ddb/scan", table=name)[:2] == (0, f"{name} is empty\n")
    assert run("ddb/scan", "--json", table=name)[:2] == (0, "")
    assert run("ddb/drop", table=name)[:2] == (0, f"{name} is dropped on this machine\n")
    assert run("ddb/drop", table=name)[:2] == (
        0,
        f"{name} is not there on this machine, so there is nothing to drop\n",
    )
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_table(TableName=name)


def test_a_table_that_differs_is_reported_and_left_alone(run: Run, client: Any) -> None:
    name = f"test-{a_person().uuid}"
    other = {key: value for key, value in definition(name).items() if key != "StreamSpecification"}
    client.create_table(**other)
    client.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1})
    status, output, problem = run("ddb/schema-load", table=name)
    assert status == 1
    assert [line.split(":")[0] for line in output.splitlines()] == ["stream", "time to live"]
    assert "not as defined" in problem
    assert "stream: defined NEW_IMAGE" in run("ddb/describe-table", table=name)[1]
    assert run("ddb/drop", name)[:2] == (0, f"{name} is dropped on this machine\n")


@pytest.mark.parametrize("words", [[""], ["x"], ["a name"], ["one", "two"]])
def test_drop_takes_no_name_that_is_none(run: Run, own_table: MessageTable, words: list[str]) -> None:
    # An unset variable of a shell must not drop the table that happens to be the default.
    status, _, _ = run("ddb/drop", *words, table=own_table.name)
    own_table.ping()
    assert status in {0, 1}
    assert status == 1 or words == ["x"]


# Scan


STEERING = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e\x7f\x00end"


@pytest.fixture
def full_table(own_table: MessageTable) -> MessageTable:
    """More than a megabyte, so that a scan has several pages; one message tries to steer the terminal."""
    sender = a_person()
    group = a_person().uuid
    texts = [STEERING, *["x" * 4000] * 324]
    puts = [
        {"PutRequest": {"Item": Message(group, own_table._make_id(), sender.uuid, "A", "a", text).to_item()}}
        for text in texts
    ]
    for start in range(0, len(puts), 25):
        answer = own_table.client.batch_write_item(RequestItems={own_table.name: puts[start : start + 25]})
        assert answer["UnprocessedItems"] == {}
    return own_table


def test_a_scan_shows_all_pages_and_nothing_that_steers_the_terminal(run: Run, full_table: MessageTable) -> None:
    status, output, problem = run("ddb/scan", table=full_table.name)
    assert (status, problem) == (0, "")
    assert len(output.splitlines()) == 1 + 325
    assert all(each.isprintable() for each in output.replace("\n", ""))
    assert "end" in output
    limited = run("ddb/scan", "--limit", "7", table=full_table.name)[1]
    assert len(limited.splitlines()) == 1 + 7


def test_a_scan_in_json_is_one_item_a_line(run: Run, full_table: MessageTable) -> None:
    lines = run("ddb/scan", "--json", table=full_table.name)[1].splitlines()
    items = [json.loads(line) for line in lines]
    assert len(items) == 325
    assert all(each.isprintable() for line in lines for each in line)
    assert [Message.from_item(item).message for item in items].count(STEERING) == 1
    limited = run("ddb/scan", "--json", "--limit", "3", table=full_table.name)[1]
    assert len(limited.splitlines()) == 3


def test_a_reader_that_has_seen_enough_is_no_error(full_table: MessageTable, dynamodb_endpoint: str) -> None:
    settings = {
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
        "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
        "AWS_DEFAULT_REGION": dynamodb.REGION,
        "DDB_MESSAGE_TABLE": full_table.name,
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
    }
    command = f"set -o pipefail; '{ROOT}/bin/ddb/scan' --json | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=settings)
    assert (done.returncode, done.stderr) == (0, "")


# Seed, the patterns, verify


@pytest.fixture
def seeded(run: Run, table: MessageTable, database_url: str, add_user: Callable[..., User]) -> Run:
    """Runs scripts with users in Postgres: two of this test, whose handles nobody else has, and londo."""
    add_user("londo")

    def call(name: str, *words: str) -> tuple[int, str, str]:
        return run(name, *words, table=table.name, CONNECTION_URL=database_url)

    return call


@pytest.fixture
def people(add_user: Callable[..., User]) -> tuple[User, User]:
    return add_user("vir"), add_user("lennier")


def test_a_seeded_conversation_ends_now_and_a_second_run_changes_nothing(
    seeded: Run, table: MessageTable, people: tuple[User, User]
) -> None:
    vir, lennier = people
    words = ("--handle", "vir", "--with", "@Lennier")
    group = direct_group_uuid(vir.uuid, lennier.uuid)
    status, output, _ = seeded("ddb/seed", *words)
    assert status == 0
    seeds = stored(table, group)
    assert output == f"vir and lennier: {len(seeds)} messages seeded on this machine\n"
    assert 50 <= len(seeds) <= 80
    assert {message.user_uuid for message in seeds} == {vir.uuid, lennier.uuid}
    age = datetime.now(UTC) - datetime.fromisoformat(seeds[-1].created_at)
    assert 0 <= age.total_seconds() < 60
    assert len({message.created_at for message in seeds}) > 30
    status, output, _ = seeded("ddb/seed", *words)
    assert (status, output) == (0, "vir and lennier have talked before, so nothing is seeded\n")
    assert stored(table, group) == seeds
    status, output, _ = seeded("ddb/seed", *words, "--messages", "25")
    assert (status, output) == (0, "vir and lennier: 25 messages seeded on this machine\n")
    more = stored(table, group)
    assert more[: len(seeds)] == seeds
    assert len(more) == len(seeds) + 25
    assert more[-1].created_at_ms <= int(datetime.now(UTC).timestamp() * 1000)


SEED_PROBLEMS = {
    "nobody has that handle": (["--handle", "nobody", "--with", "vir"], "nobody"),
    "the handle is no handle": (["--handle", "vir", "--with", "\x1b[2J"], "handle"),
    "a person and themselves": (["--handle", "vir", "--with", "VIR"], "vir"),
    "no such file": (["--file", "nothing.json"], "nothing.json"),
    "no conversation": (["--file", str(ROOT / "db" / "seed" / "users.json")], "users.json"),
}


@pytest.mark.parametrize("name", SEED_PROBLEMS)
def test_what_cannot_be_seeded_is_one_line(seeded: Run, people: tuple[User, User], name: str) -> None:  # noqa: ARG001
    words, said = SEED_PROBLEMS[name]
    status, output, problem = seeded("ddb/seed", *words)
    assert (status, output) == (1, "")
    assert said in problem
    assert "unexpected" not in problem
    assert problem.rstrip("\n").isprintable()


@pytest.fixture
def talk(table: MessageTable, people: tuple[User, User]) -> list[Message]:
    """Four messages of one day, an hour apart; one tries to steer the terminal. Rows as the stream leaves them."""
    vir, lennier = (Member(user.uuid, user.display_name, user.handle) for user in people)
    hours = iter(range(12, 16))
    past = MessageTable(
        table.client, table.name, lambda: f"{_hex(f'2026-03-01T{next(hours)}:00:00+00:00')}-7000-8000-000000000001"
    )
    first = past.create_direct_message(vir, lennier, "at noon")
    for sender, text in ((lennier, "at one"), (vir, STEERING), (lennier, "at three")):
        past.create_message(sender, first.message_group_uuid, text)
    sent = stored(table, first.message_group_uuid)
    table.update_message_groups(sent)
    return sent


def _hex(instant: str) -> str:
    ms = f"{int(datetime.fromisoformat(instant).timestamp() * 1000):012x}"
    return f"{ms[:8]}-{ms[8:]}"


def test_a_conversation_is_shown_oldest_first_with_what_it_cost(seeded: Run, talk: list[Message]) -> None:
    status, output, spent = seeded("ddb/patterns/get-conversation", "--handle", "vir", "--with", "lennier")
    lines = output.splitlines()
    assert status == 0
    assert lines[0] == "2026-03-01T12:00:00.000Z  Vir: at noon"
    assert lines[3] == "2026-03-01T15:00:00.000Z  Lennier: at three"
    assert len(lines) == 4
    assert all(each.isprintable() for line in lines for each in line)
    assert re.fullmatch(r"4 messages; 1 calls, 1 read units, 0 write units\n", spent)
    by_group = seeded("ddb/patterns/get-conversation", "--handle", "lennier", "--group", talk[0].message_group_uuid)
    assert by_group[1] == output


def test_a_conversation_is_shown_between_two_instants(seeded: Run, talk: list[Message]) -> None:  # noqa: ARG001
    def shown(*words: str) -> list[str]:
        output = seeded("ddb/patterns/get-conversation", "--handle", "vir", "--with", "lennier", *words)[1]
        return [line[11:13] for line in output.splitlines()]

    assert shown("--since", "2026-03-01T13:00", "--until", "2026-03-01T15:00") == ["13", "14"]
    assert shown("--since", "2026-03-01T15:00:00+01:00", "--limit", "1") == ["15"]
    assert shown("--until", "2026-03-01") == []


def test_who_is_no_member_is_shown_nothing(seeded: Run, talk: list[Message]) -> None:
    group = talk[0].message_group_uuid
    for words in (["--group", group], ["--group", a_person().uuid], ["--group", "no uuid"]):
        status, output, problem = seeded("ddb/patterns/get-conversation", "--handle", "londo", *words)
        assert (status, output) == (1, "")
        assert problem == "get-conversation: londo is in no such message group\n"
    status, output, _ = seeded("ddb/patterns/get-conversation", "--handle", "londo", "--with", "vir")
    assert (status, output) == (0, "")
    status, _, problem = seeded("ddb/patterns/get-conversation", "--handle", "nobody", "--with", "vir")
    assert status == 1
    assert "nobody has the handle 'nobody'" in problem


def test_message_groups_are_listed_with_what_they_cost(seeded: Run, talk: list[Message]) -> None:
    status, output, spent = seeded("ddb/patterns/list-conversations", "--handle", "vir")
    header, line = output.splitlines()
    assert status == 0
    assert header.split() == ["last", "message", "with", "unread", "message", "message", "group"]
    assert re.split(r" {2,}", line) == [
        "2026-03-01T15:00:00.000Z",
        "Lennier (@lennier)",
        "1",
        "at three",
        talk[0].message_group_uuid,
    ]
    assert re.fullmatch(r"1 message groups; 2 calls, 1 read units, 0 write units\n", spent)
    early = seeded("ddb/patterns/list-conversations", "--handle", "vir", "--until", "2026-03-01T15:00")[1]
    assert len(early.splitlines()) == 1
    late = seeded("ddb/patterns/list-conversations", "--handle", "vir", "--since", "2026-03-01T15:00", "--limit", "1")
    assert len(late[1].splitlines()) == 2
    assert seeded("ddb/patterns/list-conversations", "--handle", "londo")[1].count("\n") == 1
    assert seeded("ddb/patterns/list-conversations", "--handle", "nobody")[0] == 1


def test_verify_reports_repairs_and_then_finds_nothing(
    run: Run, own_table: MessageTable, database_url: str, people: tuple[User, User]
) -> None:
    def verify(*words: str) -> tuple[int, str]:
        return run("ddb/verify", *words, table=own_table.name, CONNECTION_URL=database_url)[:2]

    assert verify() == (0, "every row is what its messages say\n")
    vir, lennier = (Member(user.uuid, user.display_name, user.handle) for user in people)
    first = own_table.create_direct_message(vir, lennier, "hello")
    newest = own_table.create_message(vir, first.message_group_uuid, "not streamed")
    group = first.message_group_uuid
    own_table.client.delete_item(
        TableName=own_table.name, Key={"pk": {"S": f"GRP#{lennier.uuid}"}, "sk": {"S": group}}
    )
    status, output = verify()
    assert status == 1
    assert f"row of {lennier.uuid} in {group} is missing" in output
    assert "2 rows differ. Repair them with bin/ddb/verify --repair" in output
    status, output = verify("--repair")
    assert status == 0
    assert "2 rows differed, 2 are repaired" in output
    assert verify("--repair") == (0, "every row is what its messages say\n")
    row = row_of(own_table, lennier.uuid, group) or {}
    assert row["user_handle"] == {"S": "vir"}
    assert row["last_message_uuid"] == {"S": newest.message_uuid}
    # A row that nobody can know is said, left alone, and no success.
    own_table.client.delete_item(TableName=own_table.name, Key=message_key(group, "~GROUP"))
    assert verify("--repair")[0] == 1
    assert row_of(own_table, lennier.uuid, group) == row
