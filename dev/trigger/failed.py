"""The records that were given up, kept whole in a file for a person to look at and to try again.

One JSON object a line: when, attempts, error, stream, shard, sequence_number, record (Lambda's form). The file holds
messages, so only its owner may read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from dev.trigger.event import Record
from dev.trigger.files import locked, state_folder, write_atomically

FILE = "failed.jsonl"
Key = tuple[str, str, str]


class DamagedFile(Exception):
    """A line of the file is not what the trigger writes; the text is fit for a person."""


@dataclass(frozen=True, kw_only=True)
class FailedRecord:
    """`when` is ISO 8601 UTC; `error` is a class name or a word, never a text."""

    when: str
    attempts: int
    error: str
    stream: str
    shard: str
    sequence_number: str
    record: Record

    @property
    def key(self) -> Key:
        return self.stream, self.shard, self.sequence_number

    @property
    def about(self) -> tuple[str, str]:
        """The uuids of the message group and the message, or whatever keys the record has instead."""
        keys = self.record.get("dynamodb", {}).get("Keys", {})
        pk, sk = (str(keys.get(name, {}).get("S", "")) for name in ("pk", "sk"))
        return pk.removeprefix("MSG#"), sk

    def line(self) -> str:
        return json.dumps(asdict(self)) + "\n"


class FailedRecords:
    """The file. Several processes may use it at once."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / FILE
        self._lock = state_dir / f"{FILE}.lock"

    def add(self, failed: FailedRecord) -> None:
        """The record is on disk when this returns."""
        with locked(self._lock):
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.lseek(file, _drop_torn_line(file), os.SEEK_SET)
                _write_all(file, failed.line().encode())
                os.fsync(file)
            finally:
                os.close(file)

    def all(self) -> list[FailedRecord]:
        """Each record once, oldest first: a restart may have written one twice. Raises DamagedFile."""
        if not self.path.exists():
            return []
        with locked(self._lock):
            return self._read()

    def settle(self, results: Mapping[Key, FailedRecord | None]) -> None:
        """Takes out the records whose result is None and replaces the others; records added meanwhile stay."""
        state_folder(self.path.parent)
        with locked(self._lock):
            kept = [results.get(failed.key, failed) for failed in self._read()]
            write_atomically(self.path, "".join(failed.line() for failed in kept if failed))

    def _read(self) -> list[FailedRecord]:
        found: dict[Key, FailedRecord] = {}
        if not self.path.exists():
            return []
        # A last line without its end was being written when the trigger was killed; it will be written again.
        whole, _, _ = self.path.read_text(encoding="utf-8").rpartition("\n")
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                failed = FailedRecord(**json.loads(line))
            except (ValueError, TypeError) as error:
                raise DamagedFile(f"line {number} of {self.path} is damaged; mend it or take it out") from error
            found[failed.key] = failed
        return list(found.values())


def _drop_torn_line(file: int) -> int:
    """Cuts a last line that has no end; returns the size that is left."""
    size = os.fstat(file).st_size
    end = size
    while end > 0:
        start = max(0, end - 65_536)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end != size:
        os.ftruncate(file, end)
    return end


def _write_all(file: int, data: bytes) -> None:
    while data:
        data = data[os.write(file, data) :]
