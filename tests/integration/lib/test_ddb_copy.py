"""Many items at once, and an engine that takes only some of them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from backend_flask.lib import ddb_copy
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import send_key_key
from tests.messages_table import error, refuse


def test_what_is_throttled_is_tried_again(table: MessageTable) -> None:
    items = [{**send_key_key(str(uuid.uuid4()), "k"), "n": {"N": "1"}} for _ in range(3)]
    sent: list[int] = []

    def leave_some(params: dict[str, Any], **_: Any) -> None:
        sent.append(len(params["RequestItems"][table.name]))

    def unprocessed(parsed: dict[str, Any], **_: Any) -> None:
        if len(sent) < 3:
            parsed["UnprocessedItems"] = {table.name: [{"PutRequest": {"Item": items[0]}}]}

    table.client.meta.events.register("provide-client-params.dynamodb.BatchWriteItem", leave_some)
    table.client.meta.events.register("after-call.dynamodb.BatchWriteItem", unprocessed)
    waited: list[float] = []
    ddb_copy.put(table, items, waited.append)
    assert sent == [3, 1, 1]
    assert len(waited) == 2
    assert all(
        "Item" in table.client.get_item(TableName=table.name, Key={name: item[name] for name in ("pk", "sk")})
        for item in items
    )


def test_throttling_without_end_stops_the_import(table: MessageTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    refused = refuse(table.client, "BatchWriteItem", error("ThrottlingException"))
    waited: list[float] = []
    with pytest.raises(table.client.exceptions.ClientError, match="Throttling"):
        ddb_copy.put(table, [send_key_key("u", "k")], waited.append)
    assert len(waited) == 9
    assert len(refused) == 30
