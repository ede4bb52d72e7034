"""A DynamoDB on loopback: ExtendDB, or dynoxide as a second opinion, or any address that speaks the protocol."""

from __future__ import annotations

import platform
import sys
from pathlib import Path

from dev.processes import Child, StackError, accepts, spawn

REGION = "us-east-1"
# The example credentials of AWS' own documentation, which ExtendDB's developer build accepts. They open nothing.
ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
ENGINES = ("extenddb", "dynoxide")

_PACKAGES = Path(__file__).parent / "engines" / "node_modules"
_CPUS = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}


def is_address(engine: str) -> bool:
    return engine.startswith(("http://", "https://"))


def start(engine: str, data: Path, port: int, log: Path) -> Child:
    """Starts an engine of ENGINES on its data. Raises StackError."""
    if engine not in ENGINES:
        raise StackError(
            f"DDB_ENGINE is {engine!r}; it may be {', '.join(ENGINES)} or an address like http://host:8000"
        )
    data.mkdir(parents=True, exist_ok=True)
    command = {"extenddb": _extenddb, "dynoxide": _dynoxide}[engine](_binary(engine), data, port)
    child = spawn(engine, command, log)
    return child.wait_until(lambda: accepts(port))


def _extenddb(binary: Path, data: Path, port: int) -> list[str | Path]:
    config = data / "extenddb.toml"
    config.write_text(
        f"""\
[server]
bind_addr = "127.0.0.1"
port = {port}
region = "{REGION}"
run_dir = "{data / "run"}"
[storage]
backend = "sqlite"
[storage.sqlite]
path = "{data / "extenddb.sqlite"}"
[logging]
level = "warn"
""",
        encoding="utf-8",
    )
    return [binary, "serve", "--foreground", "--config", config]


def _dynoxide(binary: Path, data: Path, port: int) -> list[str | Path]:
    return [binary, "serve", "--host", "127.0.0.1", "--port", str(port), "--db-path", data / "dynoxide.sqlite"]


def _binary(engine: str) -> Path:
    system = "win32" if sys.platform == "win32" else sys.platform
    name = f"{system}-{_CPUS.get(platform.machine().lower(), platform.machine())}"
    binary = _PACKAGES / f"@{engine}" / name / engine
    if not binary.exists():
        raise StackError(
            f"{engine} is not installed for {name}. Run bin/setup; if there is no package for this machine, "
            "set DDB_ENGINE to the address of another engine"
        )
    return binary
