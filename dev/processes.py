"""Child processes of the embedded stack: started apart from the terminal, stopped with all that they started."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

LOOPBACK = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 15
POLL_SECONDS = 0.02


class StackError(Exception):
    """A part of the stack cannot be started; the text says what to do."""


class Interrupted(Exception):
    """Somebody wants the stack to stop while it starts."""


def never() -> bool:
    return False


@dataclass
class Child:
    """`answers` tells whether it does its work yet."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    answers: Callable[[], bool]
    stop_signal: signal.Signals

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait_until_ready(self, interrupted: Callable[[], bool] = never) -> Child:
        """Raises StackError if the process ends first or takes too long, and Interrupted."""
        give_up = time.monotonic() + START_SECONDS
        while not self.answers():
            if not self.is_running:
                raise StackError(f"{self.name} ended while it started. {self.last_words()}")
            if time.monotonic() > give_up:
                raise StackError(f"{self.name} did not answer within {START_SECONDS} s. {self.last_words()}")
            _pause(interrupted)
        return self

    def wait_until_done(self, interrupted: Callable[[], bool] = never) -> None:
        """For a child that has one job. Raises StackError if it fails, and Interrupted."""
        while self.is_running:
            _pause(interrupted)
        if self.process.returncode:
            raise StackError(f"{self.name} failed. {self.last_words()}")

    def stop(self) -> None:
        """Asks the process to end, waits, and ends its whole group if it has not."""
        if self.is_running:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        end_group(self.process.pid)

    def last_words(self, lines: int = 20) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n  ".join([f"The end of {self.log}:", *text.splitlines()[-lines:]])


def spawn(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    answers: Callable[[], bool] = never,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: tuple[int, int] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Starts a process in a session of its own, so that Ctrl-C reaches only the one who stops it in order.

    `user` is a user id and a group id. The log starts empty.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environ,
            cwd=folder,
            start_new_session=True,
            **as_user(user),
        )
    return Child(name, process, log, answers, stop_signal)


def as_user(user: tuple[int, int] | None) -> dict[str, Any]:
    """The arguments with which subprocess changes to another user, and drops root's groups."""
    return {"user": user[0], "group": user[1], "extra_groups": []} if user else {}


def end_group(pid: int) -> None:
    """Kills what is left of the group of a process that has ended."""
    # A number is given away again only when its group is gone too: then it is somebody else's.
    if not living(pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def living(pid: int) -> psutil.Process | None:
    """A process that has not ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _pause(interrupted: Callable[[], bool]) -> None:
    if interrupted():
        raise Interrupted
    time.sleep(POLL_SECONDS)


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port


def accepts(port: int, host: str = LOOPBACK) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def is_taken(port: int) -> bool:
    """Whether a server cannot listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    # On macOS one may bind a port of loopback that somebody else has bound on all addresses.
    return accepts(port)
