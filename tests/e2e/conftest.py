"""The whole system, as bin/dev runs it, on ports and data of its own; and people who use it over HTTP."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import requests

from dev import dynamodb
from dev.cognito import LOCAL_PASSWORD
from dev.processes import free_port
from dev.stack import ROOT, Ports, Stack
from tests.secrets import Secrets

Until = Callable[..., Any]
Script = Callable[..., "subprocess.CompletedProcess[str]"]

# Everything that the people of a run have typed or been given, and the stack's own.
SECRETS = Secrets()
SECRETS.remember("the password", LOCAL_PASSWORD)
SECRETS.remember("the secret key", dynamodb.SECRET_ACCESS_KEY)


@dataclass
class Person:
    """Somebody who has signed in."""

    api_url: str
    handle: str
    token: str

    def __post_init__(self) -> None:
        SECRETS.remember_token(f"the token of {self.handle}", self.token)

    def get(self, path: str, **arguments: Any) -> requests.Response:
        return self._ask("GET", path, **arguments)

    def post(self, path: str, body: dict[str, Any], **headers: str) -> requests.Response:
        SECRETS.remember(f"a message of {self.handle}", body.get("message"))
        return self._ask("POST", path, json=body, headers={name.replace("_", "-"): headers[name] for name in headers})

    def _ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, **arguments: Any
    ) -> requests.Response:
        signed = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        return requests.request(method, self.api_url + path, headers=signed, timeout=10, **arguments)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Once it has stopped, none of its logs may hold a secret."""
    folder = tmp_path_factory.mktemp("system")
    ports = Ports(**{each.name: free_port() for each in fields(Ports)})
    stack = Stack(folder, ports, os.environ.get("DDB_ENGINE", "extenddb"), durable=False)
    try:
        stack.start()
        yield stack
        stack.stop()
        assert SECRETS.found_in(folder / "logs") == []
    finally:
        stack.stop()
        stack.reset()


@pytest.fixture(scope="session")
def script(system: Stack) -> Script:
    """Runs `bin/<name>` against the system, from another folder."""

    def run(name: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "bin" / name, *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=system.child_environment(),
            cwd=Path("/"),
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def sign_in(system: Stack, script: Script) -> Callable[[str], Person]:
    """Signs in by handle, as a reader of the README does."""

    def with_token(handle: str) -> Person:
        asked = script("cognito/token", handle)
        assert asked.returncode == 0, asked.stderr
        return Person(system.api_url, handle, asked.stdout.strip())

    return with_token


@pytest.fixture(scope="session")
def andrew(sign_in: Callable[[str], Person]) -> Person:
    return sign_in("andrewbrown")


@pytest.fixture(scope="session")
def bayko(sign_in: Callable[[str], Person]) -> Person:
    return sign_in("bayko")


@pytest.fixture(scope="session")
def until() -> Until:
    """Asks again and again until the answer is true, and gives it."""

    def ask(question: Callable[[], Any], seconds: float = 10) -> Any:
        ends_at = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < ends_at, "it did not happen in time"
            time.sleep(0.05)
        return answer

    return ask
