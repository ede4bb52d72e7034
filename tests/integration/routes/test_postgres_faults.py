"""A Postgres of our own that is killed, started again, full or slow: 503 within 5 seconds for those who need it, no
difference for the others, and all is well again without a restart of the API."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from werkzeug.test import TestResponse

from backend_flask.lib.db import STATEMENT_TIMEOUT_MS
from cli import migrations
from dev import postgres
from dev.processes import Child, free_port
from tests.api import Api, eventually
from tests.arena import Arena
from tests.proxy import Stopwatch

UNAVAILABLE = {"type": "about:blank", "title": "Service Unavailable", "status": 503, "code": "unavailable"}
# A pool that has given up connects again for the next who asks, and one that has not after a second or two.
BACK_WITHIN_SECONDS = 5.0
Ask = Callable[[], TestResponse]


class Server:
    """Postgres, with the schema."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.url = postgres.address(self.port, "postgres")
        self.child = self.start()
        migrations.apply(self.url)

    def start(self) -> Child:
        self.child = postgres.start(self.folder / "data", self.port, self.folder / "postgres.log", durable=False)
        return self.child

    def kill(self) -> None:
        """As if the machine had gone."""
        self.child.process.kill()
        self.child.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("postgres"))
    yield made
    made.child.stop()
    postgres.erase(made.folder / "data")


@pytest.fixture(scope="module")
def api(server: Server, arena: Arena) -> Iterator[Api]:
    with arena.api(CONNECTION_URL=server.url) as made:
        yield made


class World:
    """Two people whom the API knows by now, with a message group, and one whom it does not."""

    def __init__(self, api: Api) -> None:
        self.londo, self.gkar, self.newcomer = api.person("londo"), api.person("gkar"), api.person("vir")
        self.group = self.gkar.send("hi", to=self.londo)["message_group_uuid"]
        eventually(lambda: len(self.londo.groups()), 1)

    @property
    def needing_postgres(self) -> list[Ask]:
        to_gkar, post = {"message": "hello?", "handle": self.gkar.user.handle}, {"message": "hello?", "ttl": "1-day"}
        return [
            lambda: self.newcomer.get("/api/message_groups"),
            lambda: self.londo.get(f"/api/messages/{self.gkar.at_handle}"),
            lambda: self.londo.get(f"/api/users/{self.gkar.at_handle}/short"),
            lambda: self.londo.get("/api/activities/home"),
            lambda: self.londo.post("/api/messages", to_gkar),
            lambda: self.londo.post("/api/activities", post),
            lambda: self.londo.request("PUT", "/api/profile/update", json={"display_name": "Londo"}),
        ]

    def goes_on(self) -> None:
        """Who is known can go on with their messages."""
        with Stopwatch(1):
            assert self.gkar.messages(self.group)[0] == "hi"
            assert self.londo.groups()
            self.londo.send("still here", group=self.group)


@pytest.fixture
def world(api: Api) -> World:
    return World(api)


def at_once(asked: list[Ask]) -> list[TestResponse]:
    def ask(one: Ask) -> TestResponse:
        with Stopwatch(5):
            return one()

    with ThreadPoolExecutor(len(asked)) as threads:
        return list(threads.map(ask, asked))


def all_are_refused(world: World) -> None:
    """Who needs Postgres is told to come back, and who does not goes on meanwhile."""
    with ThreadPoolExecutor(1) as threads:
        refused = threads.submit(at_once, world.needing_postgres)
        world.goes_on()
    for answer in refused.result():
        assert answer.status_code == 503, answer.text
        assert answer.get_json() == UNAVAILABLE
        assert int(answer.headers["Retry-After"]) >= 1


def all_is_well_again(world: World) -> None:
    """Soon, and from then on for everybody."""
    eventually(lambda: world.needing_postgres[0]().status_code, 200, BACK_WITHIN_SECONDS)
    for _ in range(3):
        assert [answer.status_code for answer in at_once(world.needing_postgres)] == [200] * len(world.needing_postgres)


def test_postgres_is_killed_and_started_again(world: World, server: Server) -> None:
    server.kill()
    all_are_refused(world)
    server.start()
    all_is_well_again(world)


def test_a_restart_is_503_at_worst_and_only_while_it_lasts(world: World, server: Server) -> None:
    statuses: list[tuple[float, int]] = []
    over = threading.Event()

    def ask_on_and_on() -> None:
        while not over.wait(0.01):
            answer = world.londo.get(f"/api/users/{world.gkar.at_handle}/short")
            statuses.append((time.monotonic(), answer.status_code))

    with ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(ask_on_and_on) for _ in range(4)]
        try:
            server.child.stop()
            server.start()
            all_is_well_again(world)
            well_at, before = time.monotonic(), len(statuses)
            eventually(lambda: len(statuses) >= before + 20, wanted=True)
        finally:
            over.set()
        for each in asking:
            each.result()
    assert {status for _, status in statuses} <= {200, 503}
    assert all(status == 200 for when, status in statuses if when > well_at)


def test_postgres_has_no_connection_left(world: World, server: Server) -> None:
    with ExitStack() as taken, psycopg.connect(server.url, autocommit=True) as mine:
        others = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        pids = [pid for (pid,) in mine.execute(others)]
        take_all(server, taken)
        mine.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [pids])
        eventually(
            lambda: mine.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [pids]).fetchone(), (0,)
        )
        take_all(server, taken)
        all_are_refused(world)
    all_is_well_again(world)


def take_all(server: Server, taken: ExitStack) -> None:
    """Every connection that Postgres has to give."""

    def take() -> None:
        for _ in range(1000):
            taken.enter_context(psycopg.connect(server.url))

    with pytest.raises(psycopg.OperationalError, match="too many clients"):
        take()


def test_postgres_is_too_slow(world: World, server: Server) -> None:
    with psycopg.connect(server.url) as other:
        other.execute("LOCK TABLE users, activities IN ACCESS EXCLUSIVE MODE")
        all_are_refused(world)
    all_is_well_again(world)


def test_postgres_is_slow_but_not_too_slow(world: World, server: Server) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND now() - query_start > %s"
    almost, asked = timedelta(milliseconds=0.7 * STATEMENT_TIMEOUT_MS), world.needing_postgres
    with psycopg.connect(server.url, autocommit=True) as mine, ThreadPoolExecutor(1) as threads:
        with psycopg.connect(server.url) as other:
            other.execute("LOCK TABLE users, activities IN ACCESS EXCLUSIVE MODE")
            answers = threads.submit(at_once, asked)
            world.goes_on()
            eventually(lambda: mine.execute(waiting, [almost]).fetchone(), (len(asked),))
        assert [answer.status_code for answer in answers.result()] == [200] * len(asked)
