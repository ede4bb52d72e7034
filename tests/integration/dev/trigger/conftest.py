import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.settings import load
from dev.dynamodb import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY
from dev.trigger.checkpoint import Checkpoint
from dev.trigger.clients import clients
from dev.trigger.failed import FailedRecords
from dev.trigger.invoke import Handler, invoker
from dev.trigger.loop import Trigger
from dev.trigger.stream import Stream

Wait = Callable[[Callable[[], bool]], None]


@pytest.fixture
def wait_until() -> Wait:
    def wait(condition: Callable[[], bool], seconds: float = 15) -> None:
        ends_at = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < ends_at, "it did not happen in time"
            time.sleep(0.02)

    return wait


@pytest.fixture(scope="session")
def trigger_environ(dynamodb_endpoint: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    }


@pytest.fixture(scope="session")
def trigger_clients(trigger_environ: dict[str, str]) -> tuple[Any, Any]:
    return clients(load(trigger_environ, ["aws_default_region"]))


@pytest.fixture(scope="session")
def make_table(dynamodb: Any) -> Callable[[], MessageTable]:
    """Names a table of one's own; does not create it."""
    return lambda: MessageTable(dynamodb, f"trigger-{uuid.uuid4()}", make_id=Uuid7())


@pytest.fixture(scope="module")
def table(make_table: Callable[[], MessageTable]) -> Iterator[MessageTable]:
    """One for all tests of a file, as a new one takes a second: tests look only at their own partitions."""
    table = make_table()
    table.create()
    yield table
    table.drop()


@pytest.fixture
def put(dynamodb: Any) -> Callable[..., None]:
    def write(table: MessageTable, pk: str, sk: str, **attributes: str) -> None:
        item = {"pk": {"S": pk}, "sk": {"S": sk}} | {name: {"S": text} for name, text in attributes.items()}
        dynamodb.put_item(TableName=table.name, Item=item)

    return write


@pytest.fixture
def running(trigger_clients: tuple[Any, Any], tmp_path: Path) -> Callable[..., Any]:
    """A trigger in a thread, with its state in `tmp_path`."""

    @contextmanager
    def run(
        table: MessageTable, handler: Handler, batch_size: int = 100, clients: tuple[Any, Any] = trigger_clients
    ) -> Iterator[None]:
        checkpoint = Checkpoint(tmp_path)
        trigger = Trigger(
            Stream(*clients, table.name, checkpoint),
            checkpoint,
            FailedRecords(tmp_path),
            invoker(handler, "function"),
            batch_size=batch_size,
            max_attempts=2,
            beat=lambda: None,
        )
        thread = threading.Thread(target=trigger.run)
        thread.start()
        try:
            yield
        finally:
            trigger.stop()
            thread.join()

    return run
