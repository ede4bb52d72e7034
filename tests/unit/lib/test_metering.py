from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from backend_flask.lib.metering import Meter, meter
from tests.messages_table import Body


def client_that_answers(*answers: tuple[int, bytes]) -> tuple[Any, list[bytes]]:
    client: Any = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    rest = iter(answers)
    sent: list[bytes] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.body)
        status, body = next(rest)
        return AWSResponse(request.url, status, HTTPHeaders(), Body(body))

    client.meta.events.register("before-send.dynamodb", answer)
    return client, sent


KEY = {"pk": {"S": "a"}, "sk": {"S": "b"}}


def test_units_of_reads_and_writes_are_added_up_and_calls_named_in_order() -> None:
    client, sent = client_that_answers(
        (200, b'{"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 0.5}}'),
        (200, b'{"ConsumedCapacity": {"TableName": "t", "CapacityUnits": 3.0}}'),
        (200, b'{"ConsumedCapacity": [{"CapacityUnits": 4.0}, {"CapacityUnits": 2.0}]}'),
    )
    counted = meter(client)
    client.get_item(TableName="t", Key=KEY)
    client.put_item(TableName="t", Item=KEY)
    client.transact_write_items(TransactItems=[{"Put": {"TableName": "t", "Item": KEY}}])
    assert counted.calls == ["GetItem", "PutItem", "TransactWriteItems"]
    assert (counted.read_units, counted.write_units) == (0.5, 9.0)
    assert all(b'"ReturnConsumedCapacity": "TOTAL"' in body for body in sent)
    assert str(counted) == "calls: 3, read units: 0.5, write units: 9"


def test_a_call_that_is_refused_counts_without_units() -> None:
    client, _ = client_that_answers((400, b'{"__type": "x#ConditionalCheckFailedException"}'))
    counted = meter(client)
    with pytest.raises(ClientError):
        client.put_item(TableName="t", Item=KEY)
    assert (counted.calls, counted.write_units) == (["PutItem"], 0)


def test_a_call_that_reports_no_units_and_is_asked_for_none_counts_as_a_call() -> None:
    client, sent = client_that_answers((200, b'{"TableNames": []}'))
    counted = meter(client)
    client.list_tables()
    assert counted.calls == ["ListTables"]
    assert b"ReturnConsumedCapacity" not in sent[0]


def test_what_a_caller_asks_for_is_left_as_it_is() -> None:
    client, sent = client_that_answers((200, b"{}"))
    meter(client)
    client.get_item(TableName="t", Key=KEY, ReturnConsumedCapacity="INDEXES")
    assert b'"ReturnConsumedCapacity": "INDEXES"' in sent[0]


def test_a_reset_meter_starts_from_nothing() -> None:
    counted = Meter(["GetItem"], 1.0, 2.0)
    counted.reset()
    assert counted == Meter()
    assert str(counted) == "calls: 0, read units: 0, write units: 0"
