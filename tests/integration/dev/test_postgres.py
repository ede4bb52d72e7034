"""Our own Postgres server: its data survives what happens on a laptop."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dev import postgres
from dev.processes import Child, StackError, free_port

Start = Callable[[], Child]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Data of a server of this file. pytest's folders are closed to others, as root's home is."""
    folder = tmp_path_factory.mktemp("server") / "postgres"
    yield folder
    postgres.erase(folder)


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(data: Path, port: int) -> Iterator[Start]:
    started: list[Child] = []

    def run() -> Child:
        started.append(postgres.start(data, port, data.with_name("postgres.log"), durable=False))
        return started[-1]

    yield run
    for server in started:
        server.stop()


def ask(port: int, query: str) -> object:
    with psycopg.connect(postgres.address(port, "postgres"), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def test_it_is_postgres_18_in_utf8_on_loopback_only(start: Start, port: int) -> None:
    start()
    assert str(ask(port, "SHOW server_version")).startswith("18.")
    assert ask(port, "SHOW server_encoding") == "UTF8"
    assert ask(port, "SHOW listen_addresses") == "127.0.0.1"
    assert ask(port, "SHOW unix_socket_directories") == ""


def test_what_was_stored_is_there_after_a_stop_and_after_a_crash(start: Start, port: int) -> None:
    first = start()
    ask(port, "CREATE TABLE kept (n int)")
    ask(port, "INSERT INTO kept VALUES (7)")
    first.stop()
    assert first.process.returncode == 0

    second = start()
    os.kill(second.process.pid, signal.SIGKILL)
    second.process.wait()

    start()
    assert ask(port, "SELECT n FROM kept") == 7


def test_a_second_server_on_the_same_data_is_refused(start: Start, data: Path) -> None:
    server = start()
    with pytest.raises(StackError, match=f"another Postgres, process {server.process.pid}"):
        postgres.start(data, free_port(), data.with_name("second.log"))


def test_a_kill_in_the_middle_of_the_first_start_does_no_harm(tmp_path: Path, port: int) -> None:
    data = tmp_path / "postgres"
    half = data.resolve().with_name("postgres.unfinished")
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    try:
        server = postgres.start(data, port, tmp_path / "log", durable=False)
        assert ask(port, "SELECT 1") == 1
        server.stop()
    finally:
        postgres.erase(data)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root cannot run Postgres itself")
def test_for_root_a_closed_folder_gets_a_shelter_that_goes_with_the_data(tmp_path: Path, port: int) -> None:
    tmp_path.chmod(0o700)
    data = tmp_path / "postgres"
    server = postgres.start(data, port, tmp_path / "log", durable=False)
    shelter = postgres._shelter_of(data)
    try:
        assert data.is_symlink()
        assert data.resolve() == shelter / "data"
    finally:
        server.stop()
        postgres.erase(data)
    assert not shelter.exists()
    assert not data.is_symlink()
