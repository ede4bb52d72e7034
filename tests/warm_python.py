"""Runs scripts of bin/ fast: each in a process of its own, forked from one that has imported what others wrote.

Most of a short script's time goes into that, and it is the same each time. What is ours is imported anew for each,
and the words, the environment, the folder and the streams are its own.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("boto3", "dotenv", "jose.jwt", "psycopg", "psycopg_pool", "requests", "tqdm")
SECONDS = 60


@dataclass(frozen=True)
class WarmPython:
    """`folder` holds the socket where a process takes orders. May be used by many threads at once."""

    folder: Path

    def run(
        self, script: Path, *words: str, stdin: str, environ: Mapping[str, str], cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        """As subprocess.run does it. Raises TimeoutError."""
        command = [str(script), *words]
        with tempfile.TemporaryDirectory(dir=self.folder) as own:
            streams = [Path(own) / name for name in ("stdin", "stdout", "stderr")]
            streams[0].write_text(stdin, encoding="utf-8")
            paths = [str(path) for path in streams]
            status = self._order(command=command, environ=dict(environ), cwd=str(cwd), streams=paths)
            output, problem = (path.read_text(encoding="utf-8") for path in streams[1:])
        return subprocess.CompletedProcess(command, status, output, problem)

    def _order(self, **order: Any) -> int:
        """Gives the status with which the script has ended."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(SECONDS)
            line.connect(str(self.folder / "socket"))
            with line.makefile("rw", encoding="utf-8") as talk:
                talk.write(json.dumps(order) + "\n")
                talk.flush()
                return int(talk.readline())


@contextmanager
def warm_python(environ: Mapping[str, str]) -> Iterator[WarmPython]:
    # A folder of its own, as the path of a socket must be short, and as nobody else may give orders.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(Path(folder) / "socket"))
        listener.listen()
        process = subprocess.Popen([sys.executable, "-m", __name__], stdin=listener.fileno(), env=environ, cwd=ROOT)
        yield WarmPython(Path(folder))
        process.terminate()
        process.wait()


def _serve() -> None:
    """Takes orders on the socket that is handed over as stdin, until a signal comes."""
    for name in PACKAGES:
        import_module(name)
    # Otherwise each process would, as it ends, look through all that has been imported.
    gc.freeze()
    listener = socket.socket(fileno=os.dup(0))
    while True:
        line, _ = listener.accept()
        with line:
            if os.fork() == 0:
                listener.close()
                return _carry_out(line)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass


def _carry_out(line: socket.socket) -> None:
    """Returns in the process that is now the script's, and nowhere else."""
    with line.makefile("rw", encoding="utf-8") as talk:
        order = json.loads(talk.readline())
        if (pid := os.fork()) == 0:
            return _become(**order)
        talk.write(f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n")
    os._exit(0)


def _become(command: list[str], environ: dict[str, str], cwd: str, streams: list[str]) -> None:
    for number, (path, flags) in enumerate(zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT] * 2), strict=True)):
        opened = os.open(path, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv, sys.path[0] = command, str(Path(command[0]).parent)
    runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    _serve()
