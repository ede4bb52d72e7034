"""Puts the items of a file into the table, and goes on where it was cut short.

The API should be off meanwhile, the stream function may be on: it works on what is imported as on any message.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from io import BufferedReader
from pathlib import Path

from cli.script import ScriptError

from backend_flask.lib import ddb_copy
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import GROUP_SK, Item, is_message_key, message_key, row_key
from cli import ddb_lines
from cli.ddb_export import identity
from cli.ddb_lines import Position
from cli.resume import Resume

# So many items at most are put once more when an import goes on.
AT_ONCE = 2000
WRITERS = 8

Line = tuple[Position, Item]


@dataclass
class Contents:
    """What is in a file: `members` are those of each message group that has its own item in it."""

    digest: str
    items: int
    members: dict[str, list[str]]


@dataclass
class State:
    """How far an import has come: what lies before `offset` and `line` is done, of messages or of all else."""

    table: str
    digest: str
    merge: bool
    messages: bool = False
    offset: int = 0
    line: int = 0
    put: int = 0
    there: int = 0
    expired: int = 0
    ungrouped: int = 0
    no_member: int = 0


def examine(file: BufferedReader, show: Callable[[Iterable[Line]], Iterable[Line]]) -> Contents:
    """Reads all of it, so that nothing is written of a file that is damaged. Raises ScriptError.

    `show` gives the same lines, and shows that they pass.
    """
    members, number = {}, 0
    for number, (_, item) in enumerate(show(ddb_lines.read(file, Position())), start=1):  # noqa: B007
        group = ddb_copy.group_of_group_item(item)
        if group:
            members[group] = _members(item)
    file.seek(0)
    return Contents(hashlib.file_digest(file, "sha256").hexdigest(), number, members)


class Import:
    """`sleep` waits while DynamoDB throttles; `clock` is in seconds since the epoch."""

    def __init__(
        self,
        table: MessageTable,
        file: BufferedReader,
        contents: Contents,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = table
        self._file = file
        self._contents = contents
        self._clock = clock
        self._sleep = sleep
        self._resume = Resume(Path(file.name + ".importing"))

    def begin(self, *, merge: bool, restart: bool) -> State:
        """Where to start. Raises ScriptError if the table holds something that this import did not put there."""
        table = identity(self._table)
        begun = None if restart else self._resume.read(State)
        if begun:
            if (begun.table, begun.digest) != (table, self._contents.digest):
                raise ScriptError(f"{self._resume.path} is of another table or another file. Use --restart")
            # What was put may have moved on: the stream function does so to the rows.
            begun.merge = True
            return begun
        if not merge and not ddb_copy.is_empty(self._table):
            raise ScriptError(
                f"{self._table.name} is not empty, so nothing was changed. --merge puts only what is absent"
            )
        return State(table, self._contents.digest, merge)

    def run(self, state: State) -> Iterator[Item]:
        """Each item that was dealt with, and keeps account of it in `state`.

        Groups and rows before messages: the stream function works on what is imported. A message without its group
        item would make it fail, and one without the members' rows would never be shown in them.
        """
        self._resume.write(asdict(state))
        with ThreadPoolExecutor(WRITERS) as writers:
            if not state.messages:
                yield from self._pass(state, writers)
                state.messages, state.offset, state.line = True, 0, 0
                self._resume.write(asdict(state))
            yield from self._pass(state, writers)
        self._resume.forget()

    def _pass(self, state: State, writers: ThreadPoolExecutor) -> Iterator[Item]:
        read: list[Item] = []
        for position, item in ddb_lines.read(self._file, Position(state.offset, state.line)):
            if is_message_key(item) != state.messages:
                continue
            read.append(item)
            if len(read) == AT_ONCE:
                self._put_all(read, state, writers)
                state.offset, state.line = position.offset, position.line
                self._resume.write(asdict(state))
                yield from read
                read = []
        self._put_all(read, state, writers)
        yield from read

    def _is_wanted(self, item: Item, state: State, members: dict[str, list[str] | None]) -> bool:
        group = ddb_copy.group_of_row(item)
        if group is not None:
            allowed = members[group]
            if allowed is None:
                # The message group was made while the export ran, after its place in the scan: nothing is to show.
                state.ungrouped += 1
                return False
            if item["pk"] not in [row_key(member, group)["pk"] for member in allowed]:
                # Whoever has a row may write.
                state.no_member += 1
                return False
        if ddb_copy.is_expired(item, self._clock()):
            state.expired += 1
            return False
        return True

    def _put_all(self, read: list[Item], state: State, writers: ThreadPoolExecutor) -> None:
        groups = {group for group in map(ddb_copy.group_of_row, read) if group is not None}
        members = dict(zip(groups, writers.map(partial(self._members_of, state), groups), strict=True))
        # Two items with one key cannot be in one call; the later one stays, as if they were put one by one.
        items = list({ddb_copy.key_of(item): item for item in read if self._is_wanted(item, state, members)}.values())
        chunks = [items[start : start + ddb_copy.BATCH] for start in range(0, len(items), ddb_copy.BATCH)]
        put = sum(writers.map(self._merge if state.merge else self._put, chunks))
        state.put += put
        state.there += len(items) - put

    def _members_of(self, state: State, group: str) -> list[str] | None:
        """The members of a message group as the table has it, or else the file; None if neither has."""
        if state.merge:
            key = message_key(group, GROUP_SK)
            found = self._table.client.get_item(TableName=self._table.name, Key=key, ConsistentRead=True)
            if "Item" in found:
                return _members(found["Item"])
        return self._contents.members.get(group)

    def _put(self, items: Sequence[Item]) -> int:
        ddb_copy.put(self._table, items, self._sleep)
        return len(items)

    def _merge(self, items: Sequence[Item]) -> int:
        return sum(ddb_copy.put_if_absent(self._table, item) for item in items)


def _members(group_item: Item) -> list[str]:
    return list(group_item.get("member_uuids", {}).get("SS", ()))
