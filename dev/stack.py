"""The whole system on one machine: engines, local Cognito, stream trigger and API, started in order."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from time import perf_counter, time

import requests

from dev import cognito, dynamodb, postgres
from dev.processes import LOOPBACK, Child, StackError, accepts, is_taken, never, spawn
from dev.trigger import lock

ROOT = Path(__file__).resolve().parents[1]
SEED_USERS = ROOT / "db" / "seed" / "users.json"
FRONTEND_URL = "http://localhost:3000"
API_PROCESSES = 2
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "LOG_LEVEL", "FRONTEND_URL", "RATE_LIMITS")


@dataclass(frozen=True)
class Ports:
    api: int = 4567
    postgres: int = 54320
    dynamodb: int = 8000
    cognito: int = 9229


def option_of(name: str) -> str:
    return "--port" if name == "api" else f"--{name}-port"


@dataclass
class Stack:
    """`folder` keeps the data and the logs.

    `say` is told each step when it is done, and how many seconds it took; `started` is told each process;
    `interrupted` is asked while something is waited for.
    """

    folder: Path
    ports: Ports = field(default_factory=Ports)
    engine: str = dynamodb.ENGINES[0]
    durable: bool = True
    trigger: bool = True
    say: Callable[[str, float], None] = lambda _step, _seconds: None
    started: Callable[[Child], None] = lambda _child: None
    interrupted: Callable[[], bool] = never
    children: list[Child] = field(default_factory=list)

    @property
    def api_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.api}"

    @property
    def cognito_url(self) -> str:
        return f"http://{LOOPBACK}:{self.ports.cognito}"

    @property
    def dynamodb_url(self) -> str:
        return self.engine if dynamodb.is_address(self.engine) else f"http://{LOOPBACK}:{self.ports.dynamodb}"

    def start(self) -> None:
        """Raises StackError and Interrupted; what was started until then is for `stop`."""
        dynamodb.check(self.engine)
        self._check_ports()
        self._start_engines()
        self._write_environment()
        self._timed("schemas and seeds", self._bootstrap)
        if self.trigger:
            self._timed("stream trigger", self._start_trigger)
        self._timed("API", self._start_api)

    def stop(self) -> None:
        """Stops everything in reverse order."""
        while self.children:
            self.children[-1].stop()
            self.children.pop()
        # Scripts take it for the settings of a system that is up.
        self._environment_file.unlink(missing_ok=True)

    def stop_part(self, name: str) -> None:
        """Stops one part while the others go on."""
        child = next(each for each in self.children if each.name == name)
        child.stop()
        self.children.remove(child)

    def start_part(self, name: str) -> None:
        """Starts a part that was stopped."""
        {"api": self._start_api, "trigger": self._start_trigger}[name]()

    def dead(self) -> Child | None:
        """A part that has ended by itself."""
        return next((child for child in self.children if not child.is_running), None)

    def reset(self) -> None:
        """Forgets all data and logs."""
        postgres.erase(self.folder / "postgres")
        for name in (*dynamodb.ENGINES, "cognito", "trigger", "logs"):
            if (self.folder / name).exists():
                shutil.rmtree(self.folder / name)
        self._environment_file.unlink(missing_ok=True)

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
            "HOST": LOOPBACK,
            "PORT": str(self.ports.api),
            "WEB_CONCURRENCY": str(API_PROCESSES),
        }

    def child_environment(self) -> dict[str, str]:
        """What the processes of the stack get: its settings, and nothing of the shell that could contradict them."""
        return _inherited() | self.environment() | {"CRUDDUR_ENV_FILES": ""}

    @property
    def _users_file(self) -> Path:
        return self.folder / "cognito" / "users.json"

    @property
    def _environment_file(self) -> Path:
        return self.folder / "stack.env"

    def _check_ports(self) -> None:
        """Raises StackError, in one line, with the option that chooses another port."""
        wanted = {each.name: getattr(self.ports, each.name) for each in fields(Ports)}
        if dynamodb.is_address(self.engine):
            del wanted["dynamodb"]
        for name, port in wanted.items():
            if is_taken(port):
                raise StackError(f"port {port} is in use, and {name} wants it. Choose another with {option_of(name)}")
        if len(set(wanted.values())) < len(wanted):
            raise StackError(
                "two of the ports are the same: " + ", ".join(f"{option_of(n)} {wanted[n]}" for n in wanted)
            )

    def _log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def _timed(self, step: str, work: Callable[[], object]) -> None:
        begun = perf_counter()
        work()
        self.say(step, perf_counter() - begun)

    def _keep(self, child: Child) -> Child:
        self.children.append(child)
        self.started(child)
        return child

    def _start_engines(self) -> None:
        """All at once. Postgres comes last, because its first start is not over when it is launched."""
        begun = perf_counter()
        if not dynamodb.is_address(self.engine):
            data = self.folder / self.engine
            self._keep(dynamodb.launch(self.engine, data, self.ports.dynamodb, self._log("dynamodb")))
        self._keep(self._launch_cognito())
        data = self.folder / "postgres"
        self._keep(postgres.launch(data, self.ports.postgres, self._log("postgres"), durable=self.durable))
        for child in self.children:
            child.wait_until_ready(self.interrupted)
            self.say(child.name, perf_counter() - begun)

    def _launch_cognito(self) -> Child:
        words = ["-m", "dev.cognito", "--port", self.ports.cognito, "--data", self._users_file, "--seed", SEED_USERS]
        command = [sys.executable, *map(str, words)]
        return self._spawn("cognito", command, _inherited(), answers=lambda: accepts(self.ports.cognito))

    def _start_trigger(self) -> None:
        state, begun = self.folder / "trigger", time()
        command = [sys.executable, "-m", "dev.trigger", "--state-dir", str(state)]
        child = self._spawn(
            "trigger", command, self.child_environment(), answers=lambda: (lock.polled_at(state) or 0) > begun
        )
        self._keep(child).wait_until_ready(self.interrupted)

    def _start_api(self) -> None:
        config = ["-c", "backend_flask/gunicorn.conf.py", "backend_flask.app:from_environment()"]
        command = [sys.executable, "-m", "gunicorn", *config]
        child = self._spawn("api", command, self.child_environment(), answers=self._is_ready)
        self._keep(child).wait_until_ready(self.interrupted)

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.api_url}/api/ready", timeout=5).ok
        except requests.RequestException:
            return False

    def _bootstrap(self) -> None:
        child = self._keep(self._spawn("bootstrap", [ROOT / "bin" / "bootstrap"], self.child_environment()))
        child.wait_until_done(self.interrupted)
        self.children.remove(child)

    def _spawn(
        self, name: str, command: Sequence[str | Path], environ: dict[str, str], answers: Callable[[], bool] = never
    ) -> Child:
        environ = environ | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        return spawn(name, command, self._log(name), environ=environ, folder=ROOT, answers=answers)

    def _write_environment(self) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in self.environment().items())
        self._environment_file.touch(mode=0o600)
        self._environment_file.write_text(lines, encoding="utf-8")


def _inherited() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # Scripts begin with whichever python3 is found first; it shall be the one that runs this.
    return kept | {"PATH": f"{Path(sys.executable).parent}:{kept.get('PATH', os.defpath)}"}
