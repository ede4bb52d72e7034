"""People whose messages are exported and imported, and processes that end in the middle of it."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from backend_flask.lib import ddb_copy, ddb_verify
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Member, Message
from cli.ddb_export import Export
from cli.ddb_import import Import, State, examine
from cli.ddb_lines import open_file
from tests.messages_table import a_person, row_of

NOW = 1_800_000_000


class Killed(BaseException):
    """The process ends here."""


class Town:
    """People and their message groups in one table."""

    def __init__(self, table: MessageTable) -> None:
        self.table = table
        self.people = [a_person() for _ in range(6)]
        self.groups = [self._begin(one, other) for one, other in zip(self.people, self.people[1:], strict=False)]
        first = table.create_message_group(self.people[0], self.people[1:4], "Four", "first \u2603\n")
        self.groups.append(first.message_group_uuid)
        for _ in range(30):
            self.send(random.Random(7))  # noqa: S311

    def _begin(self, one: Member, other: Member) -> str:
        return self.table.create_direct_message(one, other, "first").message_group_uuid

    def send(self, chance: random.Random) -> Message:
        """A message of somebody in one of the groups, sent with a key, and brought to the rows."""
        group = chance.choice(self.groups)
        sender = next(each for each in self.people if row_of(self.table, each.uuid, group))
        sent = self.table.create_message(sender, group, "x" * chance.randrange(1, 300), str(uuid.uuid4()))
        self.table.update_message_groups([sent])
        return sent

    def names(self, uuids: Sequence[str]) -> dict[str, Member]:
        return {each.uuid: each for each in self.people if each.uuid in uuids}


def everything(table: MessageTable) -> dict[tuple[str, str], Item]:
    return {ddb_copy.key_of(item): item for item in ddb_verify.scan(table)}


def export(table: MessageTable, file: Path, *, restart: bool = False) -> int:
    job = Export(table, file)
    assert len(list(job.run(restart=restart))) <= job.state.items
    return job.state.items


def load(table: MessageTable, file: Path, *, merge: bool = False, restart: bool = False) -> State:
    with open_file(file) as opened:
        contents = examine(opened, lambda lines: lines)
        job = Import(table, opened, contents, clock=lambda: NOW, sleep=lambda _: None)
        state = job.begin(merge=merge, restart=restart)
        assert len(list(job.run(state))) <= contents.items
    return state


def beside(file: Path) -> list[str]:
    return sorted(path.name for path in file.parent.iterdir())


def killed_after(client: Any, operation: str, calls: int) -> Callable[[], None]:
    """The process ends instead of the next call. Gives back what takes the fault away."""
    name, seen = f"before-call.dynamodb.{operation}", iter(range(calls))

    def kill(**_: Any) -> None:
        if next(seen, None) is None:
            raise Killed

    client.meta.events.register(name, kill)
    return lambda: client.meta.events.unregister(name, kill)
