"""A DynamoDB on loopback: ExtendDB, or dynoxide as a second opinion, or any address that speaks the protocol."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from urllib.parse import urlsplit

from dev.processes import LOOPBACK, Child, StackError, accepts, spawn

REGION = "us-east-1"
# The example credentials of AWS' own documentation, which ExtendDB's developer build accepts. They open nothing.
ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ENGINES = ("extenddb", "dynoxide")

_PACKAGES = Path(__file__).parent / "engines" / "node_modules"
_CPUS = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}


def is_address(engine: str) -> bool:
    return engine.startswith(("http://", "https://"))


def check(engine: str) -> None:
    """Raises StackError if there is no such engine, or nothing answers at its address."""
    if is_address(engine):
        parts = urlsplit(engine)
        if not parts.hostname or not accepts(parts.port or {"http": 80, "https": 443}[parts.scheme], parts.hostname):
            raise StackError(f"the DynamoDB engine {engine} does not answer. Start it first, or leave DDB_ENGINE out")
    elif engine in ENGINES:
        _binary(engine)
    else:
        raise StackError(f"{engine!r} is no DynamoDB engine: {', '.join(ENGINES)}, or an address like http://host:8000")


def start(engine: str, data: Path, port: int, log: Path) -> Child:
    """The same as `launch`, and waits until the engine answers."""
    return launch(engine, data, port, log).wait_until_ready()


def launch(engine: str, data: Path, port: int, log: Path) -> Child:
    """Starts one of ENGINES on its data. Raises StackError."""
    data.mkdir(parents=True, exist_ok=True)
    command = {"extenddb": _extenddb, "dynoxide": _dynoxide}[engine](_binary(engine), data, port)
    return spawn("dynamodb", command, log, answers=lambda: accepts(port))


def _extenddb(binary: Path, data: Path, port: int) -> list[str | Path]:
    config = data / "extenddb.toml"
    config.write_text(
        f"""\
[server]
bind_addr = "{LOOPBACK}"
port = {port}
region = "{REGION}"
run_dir = {json.dumps(str(data / "run"))}
[storage]
backend = "sqlite"
[storage.sqlite]
path = {json.dumps(str(data / "extenddb.sqlite"))}
[logging]
level = "warn"
""",
        encoding="utf-8",
    )
    return [binary, "serve", "--foreground", "--config", config]


def _dynoxide(binary: Path, data: Path, port: int) -> list[str | Path]:
    return [binary, "serve", "--host", LOOPBACK, "--port", str(port), "--db-path", data / "dynoxide.sqlite"]


def _binary(engine: str) -> Path:
    machine = f"{sys.platform}-{_CPUS.get(platform.machine().lower(), platform.machine())}"
    binary = _PACKAGES / f"@{engine}" / machine / engine
    if binary.exists():
        return binary
    if machine == "linux-x64":
        raise StackError(f"the DynamoDB engine {engine} is not installed. Run bin/setup")
    raise StackError(
        f"dev/engines/package.json names no {engine} for {machine}. Add its package @{engine}/{machine} there, "
        "or set DDB_ENGINE to the address of any DynamoDB engine, such as http://127.0.0.1:8000"
    )
