"""The DynamoDB engines: both answer, and keep what they were given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from backend_flask.lib import aws
from dev import dynamodb
from dev.processes import free_port


@contextmanager
def running(engine: str, folder: Path) -> Iterator[Any]:
    """A client of the engine."""
    port = free_port()
    server = dynamodb.start(engine, folder / engine, port, folder / "log")
    client = aws.client(
        "dynamodb",
        region=dynamodb.REGION,
        endpoint_url=f"http://127.0.0.1:{port}",
        key_id=dynamodb.ACCESS_KEY_ID,
        secret_key=dynamodb.SECRET_ACCESS_KEY,
    )
    try:
        with closing(client):
            yield client
    finally:
        server.stop()


@pytest.mark.parametrize("engine", dynamodb.ENGINES)
def test_an_engine_keeps_its_tables_over_a_restart(engine: str, tmp_path: Path) -> None:
    folder = tmp_path / 'a "quoted" place'
    with running(engine, folder) as client:
        client.create_table(
            TableName="kept",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        client.get_waiter("table_exists").wait(TableName="kept", WaiterConfig={"Delay": 1, "MaxAttempts": 10})
    with running(engine, folder) as client:
        assert client.list_tables()["TableNames"] == ["kept"]


def test_the_engine_that_is_chosen_answers(dynamodb_endpoint: str) -> None:
    dynamodb.check(dynamodb_endpoint)
