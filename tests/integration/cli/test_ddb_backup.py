"""A backup that is cut short at any moment, of a table that is written to, and what comes back from it."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cli.script import ScriptError

import pytest

from backend_flask.lib import ddb_copy, ddb_verify
from backend_flask.lib.ddb import Item, Message, MessageGroup, MessageTable, is_message_key, send_key_key
from backend_flask.lib.uuid7 import Uuid7
from cli import ddb_import, ddb_lines
from cli.ddb_export import Export
from lambdas.cruddur_messaging_stream.handler import apply
from tests.arena import client_at
from tests.backups import NOW, Killed, Town, beside, everything, export, killed_after, load
from tests.messages_table import a_person, row_of, stored

PAGE = 7


@pytest.fixture(scope="module")
def own_client(dynamodb_endpoint: str) -> Iterator[Any]:
    """A client whose scans have small pages."""

    def page(params: dict[str, Any], **_: Any) -> None:
        params.setdefault("Limit", PAGE)

    with client_at(dynamodb_endpoint) as client:
        client.meta.events.register("provide-client-params.dynamodb.Scan", page)
        yield client


@pytest.fixture(scope="module")
def town(own_client: Any) -> Iterator[Town]:
    table = MessageTable(own_client, f"test-{uuid.uuid4()}", Uuid7(), clock=lambda: NOW)
    table.create()
    yield Town(table)
    table.drop()


@pytest.fixture(scope="module")
def target_of_all(own_client: Any) -> Iterator[MessageTable]:
    table = MessageTable(own_client, f"test-{uuid.uuid4()}", Uuid7())
    table.create()
    yield table
    table.drop()


@pytest.fixture
def target(target_of_all: MessageTable) -> MessageTable:
    """An empty table. To empty one is faster than to make one."""
    table = target_of_all
    for item in ddb_verify.scan(table):
        table.client.delete_item(TableName=table.name, Key={name: item[name] for name in ("pk", "sk")})
    return table


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
    items = [item for _, item in ddb_lines.read(file, ddb_lines.Position())]
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


@pytest.fixture
def eager_stream(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The stream function gets every batch at once, and fails for no record. Gives the sizes of the batches."""
    sizes: list[int] = []
    original = ddb_copy.put

    def put(table: MessageTable, items: Sequence[Item], sleep: Callable[[float], None]) -> None:
        original(table, items, sleep)
        records = [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {name: item[name] for name in ("pk", "sk")},
                    "NewImage": item,
                    "SequenceNumber": str(number),
                },
            }
            for number, item in enumerate(items)
        ]
        assert apply({"Records": records}, table) == {"batchItemFailures": []}
        sizes.append(len(items))

    monkeypatch.setattr(ddb_copy, "put", put)
    return sizes


def test_an_import_that_is_killed_again_and_again_gives_the_whole_table(
    town: Town, target: MessageTable, tmp_path: Path, eager_stream: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, file = everything(town.table), tmp_path / "backup.json"
    # Messages first, as bad as it can be for the stream function.
    lines = [ddb_lines.line_of(item) for item in sorted(wanted.values(), key=is_message_key, reverse=True)]
    file.write_bytes(b"".join(lines))
    monkeypatch.setattr(ddb_import, "AT_ONCE", 30)
    kills = 0
    for batches in (0, 1, 3, 2, 1000):
        heal = killed_after(target.client, "BatchWriteItem", batches)
        try:
            state = load(target, file)
        except Killed:
            kills += 1
        finally:
            heal()
    assert kills == 4
    assert everything(target) == wanted
    assert (state.put, state.there, state.expired, state.ungrouped) == (len(wanted), 0, 0, 0)
    assert beside(file) == ["backup.json"]
    assert max(eager_stream) <= ddb_copy.BATCH
    # A second run changes nothing and says so.
    with pytest.raises(ScriptError, match="not empty, so nothing was changed"):
        load(target, file)
    assert beside(file) == ["backup.json"]
    _merge(target, file, wanted)


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
