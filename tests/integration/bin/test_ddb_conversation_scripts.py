"""bin/ddb/seed, patterns/* and verify, with users in Postgres and messages on a real engine."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cli.script import ROOT

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Member, Message, direct_group_uuid, message_key
from backend_flask.services.users import User
from cli.conversation import DATA_FILE
from tests.messages_table import a_person, row_of, stored

Script = Callable[..., "subprocess.CompletedProcess[str]"]
DdbScript = Callable[..., tuple[int, str, str]]

STEERING = "\x1b[2J\x1b]0;title\x07\x9b31m\u202e\x7f\x00end"


# Seed, the patterns, verify


@pytest.fixture
def seeded(ddb_script: DdbScript, table: MessageTable, database_url: str, add_user: Callable[..., User]) -> DdbScript:
    """Runs scripts with users in Postgres: two of this test, whose handles nobody else has, and londo."""
    add_user("londo")

    def call(name: str, *words: str) -> tuple[int, str, str]:
        return ddb_script(name, *words, table=table.name, CONNECTION_URL=database_url)

    return call


@pytest.fixture
def people(add_user: Callable[..., User]) -> tuple[User, User]:
    return add_user("vir"), add_user("lennier")


def test_a_seeded_conversation_ends_now_and_a_second_run_changes_nothing(
    seeded: DdbScript, table: MessageTable, people: tuple[User, User]
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
    assert (status, output) == (0, "vir and lennier: talked before, so nothing is seeded; --messages N adds more\n")
    assert stored(table, group) == seeds
    status, output, _ = seeded("ddb/seed", *words, "--messages", "25")
    assert (status, output) == (0, "vir and lennier: 25 messages seeded on this machine\n")
    more = stored(table, group)
    assert more[: len(seeds)] == seeds
    assert len(more) == len(seeds) + 25
    assert more[-1].created_at_ms <= int(datetime.now(UTC).timestamp() * 1000)


def test_a_seed_that_was_cut_short_is_completed_by_the_next(
    seeded: DdbScript, table: MessageTable, people: tuple[User, User], tmp_path: Path
) -> None:
    vir, lennier = people
    words, group = ("--handle", "vir", "--with", "lennier"), direct_group_uuid(vir.uuid, lennier.uuid)
    whole = json.loads(DATA_FILE.read_text(encoding="utf-8"))
    begun = tmp_path / "begun.json"
    begun.write_text(json.dumps(whole | {"messages": whole["messages"][:7]}), encoding="utf-8")
    assert seeded("ddb/seed", *words, "--file", str(begun))[0] == 0

    status, output, _ = seeded("ddb/seed", *words)

    said = [message.message for message in stored(table, group)]
    assert said == [line["message"] for line in whole["messages"]]
    assert (status, output) == (0, f"vir and lennier: {len(said) - 7} messages seeded on this machine\n")


SEED_PROBLEMS = {
    "nobody has that handle": (["--handle", "nobody", "--with", "vir"], "nobody"),
    "the handle is no handle": (["--handle", "vir", "--with", "\x1b[2J"], "handle"),
    "a person and themselves": (["--handle", "vir", "--with", "VIR"], "vir"),
    "no such file": (["--file", "nothing.json"], "nothing.json"),
    "no conversation": (["--file", str(ROOT / "db" / "seed" / "users.json")], "users.json"),
}


@pytest.mark.parametrize("name", SEED_PROBLEMS)
def test_what_cannot_be_seeded_is_one_line(seeded: DdbScript, people: tuple[User, User], name: str) -> None:  # noqa: ARG001
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


def test_a_conversation_is_shown_oldest_first_with_what_it_cost(seeded: DdbScript, talk: list[Message]) -> None:
    status, output, spent = seeded("ddb/patterns/get-conversation", "--handle", "vir", "--with", "lennier")
    lines = output.splitlines()
    assert status == 0
    assert lines[0] == "2026-03-01T12:00:00.000Z  Vir: at noon"
    assert lines[3] == "2026-03-01T15:00:00.000Z  Lennier: at three"
    assert len(lines) == 4
    assert all(each.isprintable() for line in lines for each in line)
    assert re.fullmatch(r"messages: 4, calls: 1, read units: 1, write units: 0\n", spent)
    by_group = seeded("ddb/patterns/get-conversation", "--handle", "lennier", "--group", talk[0].message_group_uuid)
    assert by_group[1] == output


def test_a_conversation_is_shown_between_two_instants(seeded: DdbScript, talk: list[Message]) -> None:  # noqa: ARG001
    def shown(*words: str) -> list[str]:
        output = seeded("ddb/patterns/get-conversation", "--handle", "vir", "--with", "lennier", *words)[1]
        return [line[11:13] for line in output.splitlines()]

    assert shown("--since", "2026-03-01T13:00", "--until", "2026-03-01T15:00") == ["13", "14"]
    assert shown("--since", "2026-03-01T15:00:00+01:00", "--limit", "1") == ["15"]
    assert shown("--until", "2026-03-01") == []


def test_who_is_no_member_is_shown_nothing(seeded: DdbScript, talk: list[Message]) -> None:
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


def test_message_groups_are_listed_with_what_they_cost(seeded: DdbScript, talk: list[Message]) -> None:
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
    assert re.fullmatch(r"message groups: 1, calls: 2, read units: 1, write units: 0\n", spent)
    early = seeded("ddb/patterns/list-conversations", "--handle", "vir", "--until", "2026-03-01T15:00")[1]
    assert len(early.splitlines()) == 1
    late = seeded("ddb/patterns/list-conversations", "--handle", "vir", "--since", "2026-03-01T15:00", "--limit", "1")
    assert len(late[1].splitlines()) == 2
    assert seeded("ddb/patterns/list-conversations", "--handle", "londo")[1].count("\n") == 1
    assert seeded("ddb/patterns/list-conversations", "--handle", "nobody")[0] == 1


def test_verify_reports_repairs_and_then_finds_nothing(
    ddb_script: DdbScript, own_table: MessageTable, database_url: str, people: tuple[User, User]
) -> None:
    def verify(*words: str) -> tuple[int, str]:
        return ddb_script("ddb/verify", *words, table=own_table.name, CONNECTION_URL=database_url)[:2]

    assert verify() == (0, "every row is what its messages say\n")
    vir, lennier = (Member(user.uuid, user.display_name, user.handle) for user in people)
    first = own_table.create_direct_message(vir, lennier, "hello")
    newest = own_table.create_message(vir, first.message_group_uuid, "not streamed")
    group = first.message_group_uuid
    own_table.client.delete_item(TableName=own_table.name, Key={"pk": {"S": f"GRP#{lennier.uuid}"}, "sk": {"S": group}})
    status, output = verify()
    assert status == 1
    assert f"row of {lennier.uuid} in {group} is missing" in output
    assert "2 differences. Repair rows with bin/ddb/verify --repair" in output
    status, output = verify("--repair")
    assert status == 0
    assert "2 differences, 2 are repaired" in output
    assert verify("--repair") == (0, "every row is what its messages say\n")
    # A message that nobody can read is said, and nothing else is held up by it.
    broken = newest.to_item() | message_key(group, STEERING)
    own_table.client.put_item(TableName=own_table.name, Item=broken)
    status, output = verify("--repair")
    assert (status, "is damaged" in output, output.replace("\n", "").isprintable()) == (1, True, True)
    own_table.client.delete_item(TableName=own_table.name, Key=message_key(group, STEERING))
    row = row_of(own_table, lennier.uuid, group) or {}
    assert row["user_handle"] == {"S": "vir"}
    assert row["last_message_uuid"] == {"S": newest.message_uuid}
    # A row that nobody can know is said, left alone, and no success.
    own_table.client.delete_item(TableName=own_table.name, Key=message_key(group, "~GROUP"))
    assert verify("--repair")[0] == 1
    assert row_of(own_table, lennier.uuid, group) == row
