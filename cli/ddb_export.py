"""Writes all items of the table to a file, and goes on where it was cut short."""

from __future__ import annotations

import fcntl
import gzip
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from cli.script import ScriptError

from backend_flask.lib import ddb_copy
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item
from cli import ddb_lines
from cli.resume import Resume


def identity(table: MessageTable) -> str:
    """Tells a table from every other, one of the same name that was made later among them."""
    described = table.client.describe_table(TableName=table.name)["Table"]
    return f"{described['TableArn']} {described['TableId']}"


@dataclass
class State:
    """How far an export has come: `bytes` of the file are safe, and the items behind the key `after` are to follow."""

    table: str
    bytes: int = 0
    items: int = 0
    after: Item | None = None
    scanned: bool = False


class Export:
    """The file has its name when it is complete; until then it is `<file>.part`, beside `<file>.exporting`."""

    def __init__(self, table: MessageTable, file: Path) -> None:
        self._table = table
        self._file = file
        self._part = file.with_name(file.name + ".part")
        self._resume = Resume(file.with_name(file.name + ".exporting"))
        self.state = State("")

    @property
    def is_done(self) -> bool:
        return self._file.is_file() and not self._part.exists()

    def run(self, *, restart: bool) -> Iterator[Item]:
        """Each item once it is safely in the file; items of an earlier run are only counted."""
        if self._file.is_dir():
            raise ScriptError(f"{self._file} is a folder; name a file")
        if restart or not self._part.exists():
            self._resume.forget()
        # It holds what people have written to each other, so it is for its owner's eyes only.
        descriptor = os.open(self._part, os.O_RDWR | os.O_CREAT, 0o600)
        with open(descriptor, "r+b") as part:  # noqa: PTH123
            self._lock(part)
            self._begin(part)
            if not self.state.scanned:
                for items, after in ddb_copy.pages(self._table, self.state.after):
                    self._append(part, items, after)
                    yield from items
            self._part.replace(self._file)
            self._resume.forget()

    def _lock(self, part: IO[bytes]) -> None:
        """Until the file is closed, or its process is gone."""
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ScriptError(f"another export writes {self._file} right now") from None

    def _begin(self, part: IO[bytes]) -> None:
        table = identity(self._table)
        self.state = self._resume.read(State) or State(table)
        if self.state.table != table:
            raise ScriptError(f"{self._part} is an export of another table that was cut short. Use --restart")
        if os.fstat(part.fileno()).st_size < self.state.bytes:
            raise ScriptError(f"{self._part} is shorter than it was. Use --restart")
        part.truncate(self.state.bytes)
        part.seek(self.state.bytes)

    def _append(self, part: IO[bytes], items: list[Item], after: Item | None) -> None:
        lines = b"".join(map(ddb_lines.line_of, items))
        # Members of a gzip file may follow each other (RFC 1952, section 2.2), so it too can be cut at each page.
        part.write(gzip.compress(lines) if self._file.suffix == ".gz" else lines)
        part.flush()
        os.fsync(part.fileno())
        state = self.state
        state.bytes, state.items, state.after, state.scanned = (
            part.tell(),
            state.items + len(items),
            after,
            after is None,
        )
        self._resume.write(asdict(state))
