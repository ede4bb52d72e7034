"""The engines that tests need: real ones, each started by the first test that asks for it."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

from backend_flask.lib.ddb import MessageTable
from cli import target
from dev import dynamodb as dynamodb_engine
from dev import postgres
from dev.processes import free_port
from tests.arena import client_at, table

# What a bin/dev has left in this checkout, and a developer's own .env, must not reach a script under test.
os.environ[target.FILES] = ""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end. To look for garbage in it would take a quarter of all time."""
    gc.disable()
    result = yield
    gc.freeze()
    gc.enable()
    return result


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """Gives each file to one process, and all of e2e to the same: they share a system that takes seconds to start. The
    browser's stories have a system of their own."""

    def _split_scope(self, nodeid: str) -> str:
        is_shared = nodeid.startswith("tests/e2e/") and not nodeid.startswith("tests/e2e/browser/")
        return "tests/e2e" if is_shared else str(super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session")
def engine_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the engines keep their data and logs."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="session")
def postgres_url(engine_folder: Path) -> Iterator[str]:
    """The `postgres` database of a server of our own."""
    data, port = engine_folder / "postgres", free_port()
    server = postgres.start(data, port, engine_folder / "postgres.log", durable=False)
    yield postgres.address(port, "postgres")
    server.stop()
    postgres.erase(data)


@pytest.fixture(scope="session")
def ddb_engine() -> str:
    """`extenddb`, or what DDB_ENGINE says, as for bin/dev."""
    return os.environ.get("DDB_ENGINE", dynamodb_engine.ENGINES[0])


@pytest.fixture(scope="session")
def dynamodb_endpoint(ddb_engine: str, engine_folder: Path) -> Iterator[str]:
    """The address of an engine of our own, or the one that DDB_ENGINE names."""
    if dynamodb_engine.is_address(ddb_engine):
        yield ddb_engine
        return
    port = free_port()
    server = dynamodb_engine.start(ddb_engine, engine_folder / "dynamodb", port, engine_folder / "dynamodb.log")
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture(scope="session")
def dynamodb(dynamodb_endpoint: str) -> Iterator[Any]:
    """A boto3 client of the engine, as the API makes it."""
    with client_at(dynamodb_endpoint) as client:
        yield client


@pytest.fixture(scope="session")
def message_table(dynamodb_endpoint: str) -> Iterator[MessageTable]:
    """One table for all tests, as a new one takes a second: each test makes users of its own."""
    with table(dynamodb_endpoint) as made:
        yield made
