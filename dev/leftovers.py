"""What a run of the stack leaves for the next one, should it be killed: which processes it has started."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import IO

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


def started_at(pid: int) -> str:
    """When a process started, in the machine's own words; empty if there is no such process."""
    asked = subprocess.run(
        ["ps", "-o", "lstart=,stat=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.defpath, "LC_ALL": "C"},
    )
    words = asked.stdout.split()
    is_dead = not words or words[-1].startswith("Z")
    return "" if is_dead else " ".join(words[:-1])
