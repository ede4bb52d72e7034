"""A town to export, a table to import it into, and a stream function that hears of all that is imported."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from backend_flask.lib import ddb_copy, ddb_verify
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item
from backend_flask.lib.uuid7 import Uuid7
from lambdas.cruddur_messaging_stream.handler import apply
from tests.arena import client_at
from tests.backups import NOW, Town

PAGE = 7


@pytest.fixture(scope="module")
def own_client(dynamodb_endpoint: str) -> Iterator[Any]:
    """A client whose scans have small pages."""

    def page(params: dict[str, Any], **_: Any) -> None:
        params.setdefault("Limit", PAGE)

    with client_at(dynamodb_endpoint) as client:
        client.meta.events.register("provide-client-params.dynamodb.Scan", page)
        yield client


@pytest.fixture(scope="module")
def town(own_client: Any) -> Iterator[Town]:
    table = MessageTable(own_client, f"test-{uuid.uuid4()}", Uuid7(), clock=lambda: NOW)
    table.create()
    yield Town(table)
    table.drop()


@pytest.fixture(scope="module")
def target_of_all(own_client: Any) -> Iterator[MessageTable]:
    table = MessageTable(own_client, f"test-{uuid.uuid4()}", Uuid7())
    table.create()
    yield table
    table.drop()


@pytest.fixture
def target(target_of_all: MessageTable) -> MessageTable:
    """An empty table. To empty one is faster than to make one."""
    table = target_of_all
    for item in ddb_verify.scan(table):
        table.client.delete_item(TableName=table.name, Key={name: item[name] for name in ("pk", "sk")})
    return table


@pytest.fixture
def eager_stream(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The stream function gets every batch at once, and fails for no record. Gives the sizes of the batches."""
    sizes: list[int] = []
    original, original_if_absent = ddb_copy.put, ddb_copy.put_if_absent

    def put(table: MessageTable, items: Sequence[Item], sleep: Callable[[float], None]) -> None:
        original(table, items, sleep)
        stream(table, items)

    def put_if_absent(table: MessageTable, item: Item) -> bool:
        is_put = original_if_absent(table, item)
        stream(table, [item] if is_put else [])
        return is_put

    def stream(table: MessageTable, items: Sequence[Item]) -> None:
        records = [
            {
                "eventName": "INSERT",
                "dynamodb": {
                    "Keys": {name: item[name] for name in ("pk", "sk")},
                    "NewImage": item,
                    "SequenceNumber": str(number),
                },
            }
            for number, item in enumerate(items)
        ]
        assert apply({"Records": records}, table) == {"batchItemFailures": []}
        sizes.append(len(items))

    monkeypatch.setattr(ddb_copy, "put", put)
    monkeypatch.setattr(ddb_copy, "put_if_absent", put_if_absent)
    return sizes
