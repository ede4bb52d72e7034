from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from backend_flask.lib import metering
from backend_flask.lib.metering import Meter, RequestMeter, meter
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


def test_what_the_sdk_tries_again_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    slow_down = (400, b'{"__type": "x#ThrottlingException"}')
    client, sent = client_that_answers(slow_down, slow_down, (200, b"{}"))
    counted = meter(client)
    client.get_item(TableName="t", Key=KEY)
    assert (counted.calls, counted.retries, len(sent)) == (["GetItem"], 2, 3)


READ = (200, b'{"ConsumedCapacity": {"CapacityUnits": 0.5}}')


def test_a_request_counts_what_is_done_for_it_and_nothing_else() -> None:
    client, _ = client_that_answers(*[READ] * 4)
    metering.watch(client)
    client.get_item(TableName="t", Key=KEY)
    metering.count_query("users/short")
    first = metering.start()
    client.get_item(TableName="t", Key=KEY)
    metering.count_query("users/short")
    metering.count_wait(0.25)
    metering.count_wait(0.5)
    second = metering.start()
    client.get_item(TableName="t", Key=KEY)
    metering.stop()
    client.get_item(TableName="t", Key=KEY)
    assert first == RequestMeter(["GetItem"], read_units=0.5, queries=1, waited=0.75)
    assert second == RequestMeter(["GetItem"], read_units=0.5)


def test_the_threads_of_a_request_count_for_it() -> None:
    client, _ = client_that_answers(*[READ] * 200)
    metering.watch(client)
    counted = metering.start()
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(copy_context().run, _get, client) for _ in range(200)]
        assert all(each.result() for each in asked)
    metering.stop()
    assert (len(counted.calls), counted.read_units) == (200, 100.0)


def _get(client: Any) -> object:
    return client.get_item(TableName="t", Key=KEY)


def test_to_ask_for_units_is_not_seen_by_who_looks_at_the_parameters() -> None:
    client, _ = client_that_answers(READ)
    seen: list[dict[str, Any]] = []
    metering.watch(client)
    client.meta.events.register("provide-client-params.dynamodb", lambda params, **_: seen.append(dict(params)))
    client.get_item(TableName="t", Key=KEY)
    assert seen == [{"TableName": "t", "Key": KEY}]
