"""Child processes of the embedded stack: started apart from the terminal, stopped with all that they started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

START_SECONDS = 30
STOP_SECONDS = 10
POLL_SECONDS = 0.02


class StackError(Exception):
    """A part of the stack cannot be started; the text is one line that says what to do."""


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def wait_until(self, ready: Callable[[], bool]) -> Child:
        """Raises StackError if the process ends first, or takes longer than START_SECONDS."""
        give_up = time.monotonic() + START_SECONDS
        while not ready():
            if not self.is_running:
                raise StackError(f"{self.name} ended while it started. The end of {self.log}:\n{self.log_end()}")
            if time.monotonic() > give_up:
                self.stop()
                raise StackError(f"{self.name} did not answer within {START_SECONDS} s. See {self.log}")
            time.sleep(POLL_SECONDS)
        return self

    def stop(self) -> None:
        """Asks the process to end, waits, and ends its whole group if it has not."""
        if self.is_running:
            self.process.send_signal(self.stop_signal)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
        end_group(self.process.pid)
        self.process.wait()

    def log_end(self, lines: int = 20) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def spawn(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    *,
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
    user: int | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Starts a process in a session of its own, so that Ctrl-C reaches only the one who stops it in order."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environ is None else dict(environ),
            cwd=folder,
            start_new_session=True,
            **as_user(user),
        )
    return Child(name, process, log, stop_signal)


def as_user(user: int | None) -> dict[str, Any]:
    """The arguments with which subprocess changes to another user, and drops root's groups."""
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


def end_group(pid: int) -> None:
    """Kills what is left of a process group, if anything is."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """Whether something listens on the port, or holds it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
