"""One trigger at a time in a state folder. The lock file's content is the process id, its time the last poll."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dev.trigger.files import state_folder

FILE = "trigger.lock"
# `is_held` holds the lock for an instant too.
_TRIES = 10


class AlreadyRunning(Exception):
    """Another trigger holds the lock; the text is fit for a person."""


class Heartbeat:
    """Says in the lock file, at most once a second, that everything was polled."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beaten_at = 0.0

    def beat(self) -> None:
        now = time.monotonic()
        if now - self._beaten_at >= 1:
            os.utime(self._path)
            self._beaten_at = now


@contextmanager
def only_one(state_dir: Path) -> Iterator[Heartbeat]:
    """Holds the lock until the end, however the process ends. Raises AlreadyRunning."""
    path = state_folder(state_dir) / FILE
    with path.open("a+") as file:
        if not _taken(file.fileno()):
            file.seek(0)
            raise AlreadyRunning(f"another trigger (process {file.read().strip() or '?'}) works in {state_dir}")
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield Heartbeat(path)


def is_held(state_dir: Path) -> bool:
    try:
        with (state_dir / FILE).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def polled_at(state_dir: Path) -> float | None:
    """Seconds since the epoch, or None if no trigger has run here."""
    path = state_dir / FILE
    return path.stat().st_mtime if path.exists() else None


def _taken(file: int) -> bool:
    for attempt in range(_TRIES):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt == _TRIES - 1:
                return False
            time.sleep(0.05)
        else:
            return True
    return False
