"""The records of the stream that Lambda has given up: tried again while the stream has them, recomputed afterwards.

The queue holds no record, only where it lies in the stream (AWS Lambda Developer Guide, "Retain discarded batches for a
DynamoDB event source in Lambda"), and a stream keeps 24 hours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cli.script import ScriptError

from botocore.exceptions import ClientError

from cli.aws import logs
from cli.aws.cloud import Cloud

# How long nobody else gets what was received here: as long as a function may take, for each of a handful.
HIDDEN_SECONDS = 600
POLL_SECONDS = 5.0
# A shard may answer with nothing although there is more.
EMPTY_PAGES = 10
# The record is past its 24 hours; its shard is too, or the whole stream is another one.
_GONE = {"TrimmedDataAccessException", "ResourceNotFoundException"}

Event = dict[str, Any]
AsEvent = Callable[[list[dict[str, Any]], str], Event]


@dataclass(frozen=True)
class Batch:
    """Records in a row that failed together."""

    receipt: str
    stream: str
    shard: str
    first: str
    last: str
    count: int

    @classmethod
    def of(cls, message: dict[str, Any]) -> Batch:
        """Raises ScriptError if the message is none of Lambda's."""
        try:
            info = json.loads(message["Body"])["DDBStreamBatchInfo"]
            return cls(
                message["ReceiptHandle"],
                info["streamArn"],
                info["shardId"],
                info["startSequenceNumber"],
                info["endSequenceNumber"],
                int(info["batchSize"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ScriptError(f"message {message.get('MessageId')} of the queue is none of Lambda's") from error


@dataclass
class Result:
    """How many batches went which way."""

    applied: list[Batch] = field(default_factory=list)
    failed: list[Batch] = field(default_factory=list)
    expired: list[Batch] = field(default_factory=list)


def waiting(cloud: Cloud) -> Iterator[Batch]:
    """All that is in the queue, each once; who takes them has them for a while."""
    queue = cloud.outputs()["FailedRecords"]
    while True:
        answer = cloud.client("sqs").receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=HIDDEN_SECONDS
        )
        if not answer.get("Messages"):
            return
        yield from map(Batch.of, answer["Messages"])


def redrive(cloud: Cloud, batches: Iterable[Batch], as_event: AsEvent) -> Result:
    """Gives each batch to the function again; what succeeds leaves the queue, and what fails comes back to it."""
    result = Result()
    for batch in batches:
        records = records_of(cloud, batch)
        if records is None:
            result.expired.append(batch)
        elif _applied(cloud, as_event(records, batch.stream)):
            settle(cloud, [batch])
            result.applied.append(batch)
        else:
            release(cloud, [batch])
            result.failed.append(batch)
    return result


def records_of(cloud: Cloud, batch: Batch) -> list[dict[str, Any]] | None:
    """The records as the stream has them, or None if it has them no more."""
    streams = cloud.client("dynamodbstreams")
    found: list[dict[str, Any]] = []
    pages_left = EMPTY_PAGES
    try:
        iterator = streams.get_shard_iterator(
            StreamArn=batch.stream,
            ShardId=batch.shard,
            ShardIteratorType="AT_SEQUENCE_NUMBER",
            SequenceNumber=batch.first,
        )["ShardIterator"]
        while iterator and pages_left:
            answer = streams.get_records(ShardIterator=iterator)
            found += answer["Records"]
            if any(_number(record) >= int(batch.last) for record in found):
                break
            iterator = answer.get("NextShardIterator")
            pages_left = EMPTY_PAGES if answer["Records"] else pages_left - 1
    except ClientError as error:
        if error.response["Error"]["Code"] not in _GONE:
            raise
        return None
    return [record for record in found if _number(record) <= int(batch.last)] or None


def _number(record: dict[str, Any]) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def settle(cloud: Cloud, batches: list[Batch]) -> None:
    for batch in batches:
        cloud.client("sqs").delete_message(QueueUrl=cloud.outputs()["FailedRecords"], ReceiptHandle=batch.receipt)


def release(cloud: Cloud, batches: list[Batch]) -> None:
    """They are in the queue again at once."""
    for batch in batches:
        cloud.client("sqs").change_message_visibility(
            QueueUrl=cloud.outputs()["FailedRecords"], ReceiptHandle=batch.receipt, VisibilityTimeout=0
        )


def recompute(cloud: Cloud, say: Callable[[str], object]) -> None:
    """Runs bin/ddb/verify --repair next to the table. Raises ScriptError unless every row is right then."""
    places, ecs = cloud.outputs(), cloud.client("ecs")
    begun = int(time.time() * 1000)
    started = ecs.run_task(
        cluster=places["Cluster"],
        taskDefinition=places["ToolsTask"],
        launchType="FARGATE",
        overrides={"containerOverrides": [{"name": "tools", "command": ["bin/ddb/verify", "--repair"]}]},
        networkConfiguration={
            "awsvpcConfiguration": {
                "subnets": places["ToolsSubnets"].split(","),
                "securityGroups": [places["ToolsGroup"]],
                "assignPublicIp": places["ToolsPublicIp"],
            }
        },
    )
    if not started["tasks"]:
        raise ScriptError(f"the task for bin/ddb/verify was not started: {started['failures'][:1]}")
    arn = started["tasks"][0]["taskArn"]
    while True:
        task = ecs.describe_tasks(cluster=places["Cluster"], tasks=[arn])["tasks"][0]
        if task["lastStatus"] == "STOPPED":
            break
        time.sleep(POLL_SECONDS)
    stream = f"task/tools/{arn.rpartition('/')[2]}"
    for event in logs.events(cloud, places["ApiLog"], begun, stream=stream):
        say(event["message"])
    if task["containers"][0].get("exitCode") != 0:
        raise ScriptError(f"bin/ddb/verify found what it could not repair: {task.get('stoppedReason', 'see above')}")


def _applied(cloud: Cloud, event: Event) -> bool:
    answer = cloud.client("lambda").invoke(
        FunctionName=cloud.outputs()["StreamFunction"], Payload=json.dumps(event).encode()
    )
    said = json.loads(answer["Payload"].read() or "null")
    return not answer.get("FunctionError") and isinstance(said, dict) and said.get("batchItemFailures") == []
