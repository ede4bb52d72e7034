"""What a run of the stack leaves for the next one, should it be killed: which processes it has started."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import psutil

from dev.processes import Child, StackError, end_group

WAIT_SECONDS = 5


class Records:
    """The processes of the run that goes on in `folder`. One run at a time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "processes.json"
        self._lock_file = folder / "dev.lock"
        self._lock: IO[str] | None = None

    def take(self) -> None:
        """Raises StackError if another run is on."""
        self._lock_file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = self._lock_file.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            raise StackError(f"bin/dev is running already, as process {self._lock.read()}. Stop it first") from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def write(self, children: Iterable[Child]) -> None:
        known = [{"pid": child.process.pid, "started": started_at(child.process.pid)} for child in children]
        self._file.write_text(json.dumps(known), encoding="utf-8")

    def stop_leftovers(self) -> int:
        """Ends the processes of a run that was killed, and says how many. A number that was given to another
        process since then is left alone: it started at another time."""
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return 0
        left = [each["pid"] for each in known if each["started"] and started_at(each["pid"]) == each["started"]]
        for pid in reversed(left):
            os.kill(pid, signal.SIGTERM)
        give_up = time.monotonic() + WAIT_SECONDS
        while any(started_at(pid) for pid in left) and time.monotonic() < give_up:
            time.sleep(0.05)
        for pid in left:
            end_group(pid)
        self._file.unlink()
        return len(left)


def started_at(pid: int) -> float | None:
    """When a process started, in seconds since the epoch; None if there is no such process."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.NoSuchProcess:
        return None
