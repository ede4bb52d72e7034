"""bin/aws/redrive: what Lambda has given up is tried again while the stream has it, and recomputed afterwards."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters
from moto.awslambda.models import LambdaBackend, LambdaFunction

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.uuid7 import Uuid7
from cli.aws.cloud import Cloud
from lambdas.cruddur_messaging_stream.handler import apply
from tests.integration.aws.conftest import SHARED, Run
from tests.messages_table import a_person, row_of

Aws = Callable[[str], Any]
NAME = ("--name", SHARED)


@pytest.fixture(autouse=True)
def no_trigger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing takes the records, so that they stay in the stream."""
    monkeypatch.setattr(LambdaBackend, "send_dynamodb_items", lambda *_: False)


@pytest.fixture
def table(deployed: dict[str, str], aws: Aws) -> MessageTable:
    return MessageTable(aws("dynamodb"), deployed["TableName"], Uuid7())


@pytest.fixture
def invoked(table: MessageTable, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Lambda runs our own handler on the table; the events that it was given."""
    events: list[dict[str, Any]] = []

    def invoke(_: LambdaFunction, event: dict[str, Any]) -> tuple[str, bool, str]:
        events.append(event)
        return json.dumps(apply(event, table)), False, ""

    monkeypatch.setattr(LambdaFunction, "_invoke_lambda", invoke)
    return events


@pytest.fixture
def queue(deployed: dict[str, str], aws: Aws) -> Any:
    """Empty."""
    url, sqs = deployed["FailedRecords"], aws("sqs")
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for each in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return url


def failed_batch(aws: Aws, queue: str, table: MessageTable, first: str, last: str, shard: str = "") -> None:
    """What Lambda puts there (AWS Lambda Developer Guide, "Retain discarded batches for a DynamoDB event source")."""
    stream = table.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    shards = aws("dynamodbstreams").describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    info = {
        "shardId": shard or shards[0]["ShardId"],
        "startSequenceNumber": first,
        "endSequenceNumber": last,
        "approximateArrivalOfFirstRecord": "2026-11-21T18:30:00Z",
        "approximateArrivalOfLastRecord": "2026-11-21T18:30:01Z",
        "batchSize": 1,
        "streamArn": stream,
    }
    body = {
        "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 5},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": "2026-11-21T18:31:00.000Z",
        "DDBStreamBatchInfo": info,
    }
    aws("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(body))


def waiting(aws: Aws, queue: str) -> int:
    found = aws("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"])


def records(aws: Aws, table: MessageTable) -> list[dict[str, Any]]:
    streams = aws("dynamodbstreams")
    stream = table.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    [shard] = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
    found: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return found


def number_of(aws: Aws, table: MessageTable, message_uuid: str) -> str:
    [found] = [each for each in records(aws, table) if each["dynamodb"]["Keys"]["sk"]["S"] == message_uuid]
    return str(found["dynamodb"]["SequenceNumber"])


def test_an_empty_queue_is_said(run: Run, queue: str) -> None:  # noqa: ARG001
    assert run("redrive", *NAME).out == "No failed records.\n"


def test_what_failed_is_applied_and_leaves_the_queue(
    run: Run, aws: Aws, queue: str, table: MessageTable, invoked: list[dict[str, Any]]
) -> None:
    me, you = a_person(), a_person()
    group = table.create_direct_message(me, you, "one").message_group_uuid
    lost = table.create_message(me, group, "two")
    number = number_of(aws, table, lost.message_uuid)
    failed_batch(aws, queue, table, number, number)
    done = run("redrive", *NAME)
    assert (done.status, done.out) == (0, "1 of 1 batches succeeded, 0 have expired.\n"), done.err
    row = row_of(table, you.uuid, group)
    assert row
    assert row["last_message_uuid"]["S"] == lost.message_uuid
    [event] = invoked
    assert [each["dynamodb"]["SequenceNumber"] for each in event["Records"]] == [number]
    assert event["Records"][0]["eventSourceARN"].endswith(tuple("0123456789"))
    assert waiting(aws, queue) == 0


def test_a_batch_is_all_records_from_its_first_to_its_last(
    run: Run, aws: Aws, queue: str, table: MessageTable, invoked: list[dict[str, Any]]
) -> None:
    me, you = a_person(), a_person()
    group = table.create_direct_message(me, you, "one").message_group_uuid
    sent = [table.create_message(me, group, text) for text in ("two", "three", "four")]
    first, last = (number_of(aws, table, sent[at].message_uuid) for at in (0, 1))
    failed_batch(aws, queue, table, first, last)
    assert run("redrive", *NAME).status == 0
    [event] = invoked
    assert [each["dynamodb"]["Keys"]["sk"]["S"] for each in event["Records"]] == [
        each.message_uuid for each in sent[:2]
    ]


def test_what_fails_again_stays_in_the_queue(
    run: Run, aws: Aws, queue: str, table: MessageTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = table.create_direct_message(a_person(), a_person(), "one")
    number = number_of(aws, table, group.message_uuid)
    failed_batch(aws, queue, table, number, number)
    answers = iter([('{"batchItemFailures": [{"itemIdentifier": "1"}]}', False, ""), ("{}", True, "")])
    monkeypatch.setattr(LambdaFunction, "_invoke_lambda", lambda *_, **__: next(answers))
    for _ in range(2):
        done = run("redrive", *NAME)
        assert done.status == 1
        assert done.err == "redrive: 1 failed again and stay in the queue; bin/aws/logs stream says why\n"
        assert waiting(aws, queue) == 1


def test_a_dry_run_only_shows(run: Run, aws: Aws, queue: str, table: MessageTable) -> None:
    failed_batch(aws, queue, table, "1", "2")
    done = run("redrive", *NAME, "--dry-run")
    assert done.out.splitlines()[0].split() == ["shard", "first", "last", "records"]
    assert waiting(aws, queue) == 1


class Tools:
    """ECS, as far as a task goes that ends with this status; and a stream that has forgotten everything."""

    def __init__(self, aws: Aws, deployed: dict[str, str], exit_code: int = 0) -> None:
        stream = f"task/tools/{uuid.uuid4().hex}"
        aws("logs").create_log_stream(logGroupName=deployed["ApiLog"], logStreamName=stream)
        line = {"timestamp": int(time.time() * 1000) + 1000, "message": "every row is what its messages say"}
        aws("logs").put_log_events(logGroupName=deployed["ApiLog"], logStreamName=stream, logEvents=[line])
        arn = f"arn:aws:ecs:us-east-1:1:task/shared/{stream.rpartition('/')[2]}"
        stopped = {"lastStatus": "STOPPED", "containers": [{"name": "tools", "exitCode": exit_code}]}
        self.ecs = mock.Mock(
            run_task=mock.Mock(return_value={"tasks": [{"taskArn": arn}]}),
            describe_tasks=mock.Mock(side_effect=[{"tasks": [{"lastStatus": "RUNNING"}]}, {"tasks": [stopped]}]),
        )
        trimmed = ClientError({"Error": {"Code": "TrimmedDataAccessException", "Message": "too old"}}, "GetRecords")
        self.streams = mock.Mock(get_shard_iterator=mock.Mock(side_effect=trimmed))

    @contextmanager
    def instead(self) -> Iterator[None]:
        of_aws, ours = Cloud.client, {"ecs": self.ecs, "dynamodbstreams": self.streams}
        with mock.patch.object(Cloud, "client", lambda cloud, name: ours.get(name) or of_aws(cloud, name)):
            yield


@pytest.mark.parametrize("exit_code", [0, 1])
def test_what_has_expired_is_recomputed_next_to_the_table(
    run: Run, aws: Aws, queue: str, table: MessageTable, deployed: dict[str, str], exit_code: int
) -> None:
    failed_batch(aws, queue, table, "1", "2", shard="shardId-00000000000000000000-99999999")
    tools = Tools(aws, deployed, exit_code)
    with tools.instead():
        done = run("redrive", *NAME)
    assert "1 have expired" in done.out
    assert "every row is what its messages say" in done.out
    assert done.status == exit_code, done.err
    assert ("Every row is what its messages say." in done.out) == (exit_code == 0)
    asked = tools.ecs.run_task.call_args.kwargs
    validate_parameters(asked, aws("ecs").meta.service_model.operation_model("RunTask").input_shape)
    assert asked["overrides"]["containerOverrides"][0]["command"] == ["bin/ddb/verify", "--repair"]
    assert asked["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "ENABLED"


def test_all_rows_are_recomputed_for_who_asks(run: Run, aws: Aws, queue: str, deployed: dict[str, str]) -> None:  # noqa: ARG001
    tools = Tools(aws, deployed)
    with tools.instead():
        done = run("redrive", *NAME, "--recompute")
    assert (done.status, done.out.splitlines()[-1]) == (0, "Every row is what its messages say.")
    assert tools.ecs.run_task.called


def test_a_message_that_is_none_of_lambdas_is_named(run: Run, aws: Aws, queue: str) -> None:
    aws("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    done = run("redrive", *NAME)
    assert done.status == 1
    assert "is none of Lambda's" in done.err
