"""A backup that is cut short at any moment, of a table that is written to, and what comes back from it."""

from __future__ import annotations

import json
import random
import threading
import uuid
from pathlib import Path

from cli.script import ScriptError

import pytest

from backend_flask.lib import ddb_copy, ddb_verify
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import (
    GROUP_SK,
    Item,
    Message,
    MessageGroup,
    is_message_key,
    message_key,
    row_key,
    send_key_key,
)
from cli import ddb_import, ddb_lines
from cli.ddb_export import Export
from tests.backups import NOW, Killed, Town, beside, everything, export, killed_after, load
from tests.messages_table import a_person, row_of, stored

# Export


@pytest.mark.parametrize("name", ["backup.json", "backup.json.gz"])
def test_an_export_that_is_killed_again_and_again_goes_on_to_a_whole_file(
    town: Town, tmp_path: Path, name: str
) -> None:
    file, kills = tmp_path / name, 0
    for pages in (1, 0, 2, 3, 1000):
        heal = killed_after(town.table.client, "Scan", pages)
        try:
            export(town.table, file)
        except Killed:
            kills += 1
            assert not file.exists()
            with (tmp_path / f"{name}.part").open("ab") as part:
                # What was written after the last safe place.
                part.write(b'{"Item": {"half a li' * 10_000)
        finally:
            heal()
    assert kills == 4
    assert beside(file) == [name]
    with ddb_lines.open_file(file) as opened:
        items = [item for _, item in ddb_lines.read(opened, ddb_lines.Position())]
    assert {ddb_copy.key_of(item): item for item in items} == everything(town.table)
    assert len(items) == len(everything(town.table))
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_export_that_is_begun_again_forgets_what_was_begun(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "backup.json"
    heal = killed_after(town.table.client, "Scan", 2)
    with pytest.raises(Killed):
        export(town.table, file)
    heal()
    assert not Export(town.table, file).is_done
    (tmp_path / "backup.json.exporting").write_text("{")
    with pytest.raises(ScriptError, match="--restart"):
        export(town.table, file)
    assert export(town.table, file, restart=True) == len(everything(town.table))
    assert Export(town.table, file).is_done
    assert beside(file) == ["backup.json"]


def test_what_was_begun_of_another_table_is_not_gone_on_with(town: Town, table: MessageTable, tmp_path: Path) -> None:
    file = tmp_path / "backup.json"
    heal = killed_after(town.table.client, "Scan", 2)
    with pytest.raises(Killed):
        export(town.table, file)
    heal()
    before = (tmp_path / "backup.json.part").read_bytes()
    with pytest.raises(ScriptError, match="another table"):
        export(table, file)
    assert (tmp_path / "backup.json.part").read_bytes() == before


def test_two_exports_at_once_do_not_mix(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "backup.json"
    running = Export(town.table, file).run(restart=False)
    next(running)
    with pytest.raises(ScriptError, match="another export"):
        export(town.table, file)
    assert 1 + len(list(running)) == len(everything(town.table))


@pytest.mark.parametrize(("name", "said"), [(".", "is a folder"), ("no/such/folder/x", "No such file or directory")])
def test_a_file_that_cannot_be_written_is_said_so(town: Town, tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises((ScriptError, OSError), match=said):
        export(town.table, tmp_path / name)
    assert beside(tmp_path / "x") == []


# Import


def test_an_import_that_is_killed_again_and_again_gives_the_whole_table(
    town: Town, target: MessageTable, tmp_path: Path, eager_stream: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, file = everything(town.table), tmp_path / "backup.json"
    # Messages first, as bad as it can be for the stream function.
    lines = [ddb_lines.line_of(item) for item in sorted(wanted.values(), key=is_message_key, reverse=True)]
    file.write_bytes(b"".join(lines))
    monkeypatch.setattr(ddb_import, "AT_ONCE", 30)
    kills = 0
    for operation, calls in [("BatchWriteItem", 1), *(("PutItem", calls) for calls in (0, 35, 25, 31, 1000))]:
        heal = killed_after(target.client, operation, calls)
        try:
            state = load(target, file)
        except Killed:
            kills += 1
        finally:
            heal()
    assert kills == 5
    assert everything(target) == wanted
    assert (state.put + state.there, state.expired, state.ungrouped, state.no_member) == (len(wanted), 0, 0, 0)
    assert beside(file) == ["backup.json"]
    assert max(eager_stream) <= ddb_copy.BATCH
    # A second run changes nothing and says so.
    with pytest.raises(ScriptError, match="not empty, so nothing was changed"):
        load(target, file)
    assert beside(file) == ["backup.json"]
    _merge(target, file, wanted)


@pytest.mark.parametrize("stage", ["rows", "messages"])
def test_an_import_that_goes_on_overwrites_nothing(
    town: Town, target: MessageTable, tmp_path: Path, stage: str
) -> None:
    """The stream function may have moved rows on since, and does not hear of a message that is put once more."""
    file = tmp_path / "backup.json"
    export(town.table, file)
    wanted = everything(town.table)
    rows = [item for item in wanted.values() if not is_message_key(item)]
    heal = killed_after(target.client, "BatchWriteItem", 1 if stage == "rows" else -(-len(rows) // ddb_copy.BATCH) + 1)
    with pytest.raises(Killed):
        load(target, file)
    heal()
    assert json.loads((tmp_path / "backup.json.importing").read_text())["messages"] == (stage == "messages")
    changed, item = next((key, item) for key, item in everything(target).items() if not is_message_key(item))
    newer = item | {"newer": {"BOOL": True}}
    target.client.put_item(TableName=target.name, Item=newer)
    load(target, file)
    assert everything(target) == wanted | {changed: newer}


def test_nobody_becomes_a_member_again_by_a_backup(town: Town, target: MessageTable, tmp_path: Path) -> None:
    """Who has a row may write, so a row comes back to members only: to those of the live message group, if any."""
    whole, file, group = tmp_path / "whole.json", tmp_path / "backup.json", town.groups[-1]
    export(town.table, whole)
    wanted = everything(town.table)
    there, former = (member.uuid for member in town.people[:2])
    group_key = ddb_copy.key_of(message_key(group, GROUP_SK))
    members = [each for each in wanted[group_key]["member_uuids"]["SS"] if each != former]
    wanted[group_key] = wanted[group_key] | {"member_uuids": {"SS": members}}
    file.write_bytes(b"".join(map(ddb_lines.line_of, wanted.values())))
    del wanted[ddb_copy.key_of(row_key(former, group))]
    state = load(target, file)
    assert (state.put, state.no_member) == (len(wanted), 1)
    assert everything(target).keys() == wanted.keys()
    # In this file they still were a member.
    state = load(target, whole, merge=True)
    assert (state.put, state.no_member) == (0, 1)
    # And here is nothing but rows.
    rows = [row_of(town.table, each, group) or {} for each in (there, former)]
    file.write_bytes(b"".join(map(ddb_lines.line_of, rows)))
    target.client.delete_item(TableName=target.name, Key=row_key(there, group))
    state = load(target, file, merge=True)
    assert (state.put, state.no_member, state.ungrouped) == (1, 1, 0)
    assert everything(target).keys() == wanted.keys()


def _merge(target: MessageTable, file: Path, wanted: dict[tuple[str, str], Item]) -> None:
    """What is absent comes back, what differs stays."""
    chance = random.Random(3)  # noqa: S311
    *gone, changed = chance.sample(sorted(wanted), 9)
    for pk, sk in gone:
        target.client.delete_item(TableName=target.name, Key={"pk": {"S": pk}, "sk": {"S": sk}})
    newer = wanted[changed] | {"newer": {"BOOL": True}}
    target.client.put_item(TableName=target.name, Item=newer)
    heal = killed_after(target.client, "PutItem", 40)
    with pytest.raises(Killed):
        load(target, file, merge=True)
    heal()
    # Nobody says --merge again, and yet nothing is overwritten.
    state = load(target, file)
    assert state.merge
    assert everything(target) == wanted | {changed: newer}
    assert load(target, file, merge=True, restart=True).put == 0


def test_what_is_damaged_is_named_before_anything_is_written(target: MessageTable, town: Town, tmp_path: Path) -> None:
    file = tmp_path / "backup.json"
    count = export(town.table, file)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(ScriptError, match=f"line {count}: the file is cut"):
        load(target, file)
    assert ddb_copy.is_empty(target)
    _leaves_out(target, town, tmp_path)


def _leaves_out(target: MessageTable, town: Town, folder: Path) -> None:
    """What has expired, and rows of message groups that are not in the file, are not brought back."""
    file, (me, you) = folder / "other.json", town.people[:2]
    message = Message(str(uuid.uuid4()), town.table._make_id(), me.uuid, "Me", "me", "hi")
    row = MessageGroup.of(message, me, [me, you], None).to_item(me.uuid)
    keys = [{**send_key_key(me.uuid, f"k{at}"), "expires_at": {"N": str(NOW + at)}} for at in (-1, 1)]
    odd = {**send_key_key(me.uuid, "odd"), "expires_at": {"N": "many"}}
    file.write_bytes(b"".join(map(ddb_lines.line_of, [row, *keys])))
    state = load(target, file)
    assert (state.put, state.expired, state.ungrouped) == (1, 1, 1)
    assert list(everything(target).values()) == keys[1:]
    assert not ddb_copy.is_expired(odd, NOW)


def test_a_backup_of_a_table_that_is_written_to_holds_all_that_was_there_and_its_rows_can_be_repaired(
    town: Town, target: MessageTable, tmp_path: Path, eager_stream: list[int]
) -> None:
    """A scan is no snapshot: this is what it promises all the same."""
    file, chance = tmp_path / "backup.json", random.Random(5)  # noqa: S311
    before = [message for group in town.groups for message in stored(town.table, group)]
    ended = threading.Event()

    def live() -> None:
        for _ in range(1000):
            if ended.is_set():
                return
            town.send(chance)
            newcomer = a_person()
            town.people.append(newcomer)
            town.groups.append(town._begin(newcomer, town.people[0]))

    writer = threading.Thread(target=live)
    writer.start()
    try:
        export(town.table, file)
    finally:
        ended.set()
        writer.join()
    load(target, file)
    assert eager_stream
    found = list(ddb_verify.differences(target, town.names, ddb_verify.scan(target)))
    assert all(ddb_verify.repair(target, each) for each in found)
    assert list(ddb_verify.differences(target, town.names, ddb_verify.scan(target))) == []
    after = {message for group in town.groups for message in stored(target, group)}
    assert set(before) <= after
    for group in town.groups:
        said = stored(target, group)
        for person in town.people:
            row = row_of(target, person.uuid, group)
            was_member = row_of(town.table, person.uuid, group) is not None
            assert (row is not None) == (was_member and bool(said))
            assert row is None or MessageGroup.from_item(row).last_message_uuid == said[-1].message_uuid
