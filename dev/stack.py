"""The whole system on one machine: engines, local Cognito, stream trigger and API, started in order."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from pathlib import Path
from time import perf_counter

import requests

from dev import cognito, dynamodb, postgres
from dev.processes import Child, StackError, accepts, is_taken, spawn

ROOT = Path(__file__).resolve().parents[1]
SEED_USERS = ROOT / "db" / "seed" / "users.json"
FRONTEND_URL = "http://localhost:3000"
API_PROCESSES = 2
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LOG_LEVEL", "FRONTEND_URL")


@dataclass(frozen=True)
class Ports:
    api: int = 4567
    postgres: int = 54320
    dynamodb: int = 8000
    cognito: int = 9229

    def taken(self) -> list[str]:
        """One line for each port that is in use, with the option that chooses another."""
        return [
            f"port {port} is in use, and {each.name} wants it. Choose another with {option_of(each.name)}"
            for each in fields(self)
            if is_taken(port := getattr(self, each.name))
        ]


def option_of(name: str) -> str:
    return "--port" if name == "api" else f"--{name}-port"


@dataclass
class Stack:
    """`folder` keeps the data and the logs; `say` is told each step when it is done, and how many seconds it took."""

    folder: Path
    ports: Ports = field(default_factory=Ports)
    engine: str = dynamodb.ENGINES[0]
    durable: bool = True
    say: Callable[[str, float], None] = lambda _step, _seconds: None
    started: Callable[[list[Child]], None] = lambda _children: None
    children: list[Child] = field(default_factory=list)

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def cognito_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.cognito}"

    @property
    def dynamodb_url(self) -> str:
        return self.engine if dynamodb.is_address(self.engine) else f"http://127.0.0.1:{self.ports.dynamodb}"

    def start(self) -> None:
        """Raises StackError; what was started until then is for `stop`."""
        self._timed("engines", self._start_engines)
        self._write_environment()
        self._timed("schemas and seeds", self._bootstrap)
        self._timed("stream trigger", self._start_trigger)
        self._timed("API", self._start_api)

    def stop(self) -> None:
        """Stops everything in reverse order."""
        while self.children:
            self.children[-1].stop()
            self.children.pop()

    def dead(self) -> Child | None:
        """A part that has ended by itself."""
        return next((child for child in self.children if not child.is_running), None)

    def reset(self) -> None:
        """Forgets all data."""
        postgres.erase(self.folder / "postgres")
        shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        """Every setting of the running stack."""
        ids = json.loads(cognito.ids_file(self._users_file).read_text(encoding="utf-8"))
        return {
            "CRUDDUR_ENV": "local",
            "CONNECTION_URL": postgres.address(self.ports.postgres),
            "DDB_MESSAGE_TABLE": "cruddur-messages",
            "AWS_DEFAULT_REGION": dynamodb.REGION,
            "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
            "AWS_ENDPOINT_URL_DYNAMODB": self.dynamodb_url,
            "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": self.dynamodb_url,
            "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": self.cognito_url,
            **ids,
            "AWS_COGNITO_JWKS_URL": f"{self.cognito_url}/{ids['AWS_COGNITO_USER_POOL_ID']}/.well-known/jwks.json",
            "FRONTEND_URL": os.environ.get("FRONTEND_URL", FRONTEND_URL),
            "BACKEND_URL": self.api_url,
            "HOST": "127.0.0.1",
            "PORT": str(self.ports.api),
            "WEB_CONCURRENCY": str(API_PROCESSES),
        }

    def child_environment(self) -> dict[str, str]:
        """What the processes of the stack get: its settings, and nothing of the shell that could contradict them."""
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return inherited | self.environment()

    @property
    def _users_file(self) -> Path:
        return self.folder / "cognito" / "users.json"

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def _timed(self, step: str, work: Callable[[], None]) -> None:
        begun = perf_counter()
        work()
        self.say(step, perf_counter() - begun)

    def _keep(self, child: Child) -> None:
        self.children.append(child)
        self.started(self.children)

    def _start_engines(self) -> None:
        starts = [self._start_postgres, self._start_cognito]
        starts += [] if dynamodb.is_address(self.engine) else [self._start_dynamodb]
        with ThreadPoolExecutor(len(starts)) as pool:
            running = [pool.submit(start) for start in starts]
        failed = [each.exception() for each in running if each.exception()]
        for each in running:
            if not each.exception():
                self._keep(each.result())
        if failed:
            raise failed[0]  # type: ignore[misc]

    def _start_postgres(self) -> Child:
        data = self.folder / "postgres"
        return postgres.start(data, self.ports.postgres, self._log("postgres"), durable=self.durable)

    def _start_dynamodb(self) -> Child:
        data = self.folder / self.engine
        return dynamodb.start(self.engine, data, self.ports.dynamodb, self._log(self.engine))

    def _start_cognito(self) -> Child:
        words = ["--port", self.ports.cognito, "--data", self._users_file, "--seed", SEED_USERS]
        child = self._spawn("cognito", "-m", "dev.cognito", *map(str, words), settings={})
        return child.wait_until(lambda: accepts(self.ports.cognito))

    def _start_trigger(self) -> None:
        self._keep(self._spawn("trigger", "-m", "dev.trigger", "--state-dir", str(self.folder / "trigger")))

    def _start_api(self) -> None:
        words = ["-m", "gunicorn", "-c", "backend_flask/gunicorn.conf.py", "backend_flask.app:from_environment()"]
        child = self._spawn("api", *words)
        self._keep(child)
        child.wait_until(self._is_ready)

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.api_url}/api/ready", timeout=5).ok
        except requests.RequestException:
            return False

    def _spawn(self, name: str, *words: str, settings: dict[str, str] | None = None) -> Child:
        environ = self.child_environment() if settings is None else {**os.environ, **settings}
        path = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        return spawn(name, [sys.executable, *words], self._log(name), environ=environ | path, folder=ROOT)

    def _bootstrap(self) -> None:
        log = self._log("bootstrap")
        with log.open("wb") as output:
            done = subprocess.run(
                [ROOT / "bin" / "bootstrap"],
                env=self.child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode:
            end = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
            raise StackError(f"bin/bootstrap failed. The end of {log}:\n{end}")

    def _write_environment(self) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in self.environment().items())
        file = self.folder / "stack.env"
        file.touch(mode=0o600)
        file.write_text(lines, encoding="utf-8")
