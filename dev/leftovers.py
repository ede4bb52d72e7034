"""What runs in a data folder: one bin/dev at a time; and the processes of one that was killed are found again."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from dev.processes import POLL_SECONDS, STOP_SECONDS, Child, StackError, end_group, living

# A machine corrects its clock, and with it what it says of the past.
_SAME_SECONDS = 2


@dataclass(frozen=True)
class Record:
    """`started` is in seconds since the epoch. It tells a process from a later one with the same number."""

    name: str
    pid: int
    started: float
    stop_signal: int

    def process(self) -> psutil.Process | None:
        found = living(self.pid)
        return found if found and abs(found.create_time() - self.started) < _SAME_SECONDS else None


class Records:
    """The processes of the run that goes on in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "processes.json"

    def add(self, child: Child) -> None:
        process = living(child.process.pid)
        if process:
            record = Record(child.name, process.pid, process.create_time(), child.stop_signal)
            self._write([*self._read(), record])

    def clear(self) -> None:
        self._file.unlink(missing_ok=True)

    def stop_leftovers(self) -> list[str]:
        """Stops what a run that was killed has left, the last first, and gives the names."""
        stopped = [record.name for record in reversed(self._read()) if _stop(record)]
        self.clear()
        return stopped

    def _read(self) -> list[Record]:
        try:
            return [Record(**each) for each in json.loads(self._file.read_text(encoding="utf-8"))]
        except (FileNotFoundError, ValueError, TypeError):
            return []

    def _write(self, records: list[Record]) -> None:
        """Whole or not at all: the file is replaced in one step."""
        unfinished = self._file.with_suffix(".unfinished")
        unfinished.write_text(json.dumps([asdict(record) for record in records], indent=1), encoding="utf-8")
        unfinished.replace(self._file)


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the folder until the end, however the process ends. Raises StackError if another run has it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "dev.lock").open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise StackError(f"bin/dev is running already, as process {file.read()}. Stop it first") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _stop(record: Record) -> bool:
    process = record.process()
    if not process:
        return False
    for number in (record.stop_signal, signal.SIGKILL):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        give_up = time.monotonic() + STOP_SECONDS
        # Not process.wait(), which waits for whoever has inherited it to take note of its end.
        while record.process() and time.monotonic() < give_up:
            time.sleep(POLL_SECONDS)
        if not record.process():
            break
    end_group(record.pid)
    return True
