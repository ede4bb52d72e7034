from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

Record = dict[str, Any]


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """A record in Lambda's form with this sequence number."""

    def make(number: int, text: str = "hello") -> Record:
        keys = {"pk": {"S": "MSG#group"}, "sk": {"S": f"message-{number}"}}
        return {
            "eventID": f"event-{number}",
            "eventName": "INSERT",
            "dynamodb": {
                "Keys": keys,
                "NewImage": {**keys, "message": {"S": text}},
                "SequenceNumber": str(number),
            },
        }

    return make


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Operation")


class Engine:
    """Both clients at once. Shards are (parent, sequence numbers, is closed); an iterator is `<shard>@<place>`."""

    def __init__(self, **shards: tuple[str | None, list[str], bool]) -> None:
        self.arn = "stream-1"
        self.shards = shards
        self.error: Exception | None = None
        self.starts: list[str] = []

    def refuse_next(self, code: str) -> None:
        self.error = refused(code)

    def describe_table(self, TableName: str) -> Any:  # noqa: N803
        if TableName != "table":
            raise refused("ResourceNotFoundException")
        return {"Table": {"LatestStreamArn": self.arn}}

    def describe_stream(self, StreamArn: str, ExclusiveStartShardId: str | None = None) -> Any:  # noqa: N803
        assert StreamArn == self.arn
        names = list(self.shards)
        place = names.index(ExclusiveStartShardId) + 1 if ExclusiveStartShardId else 0
        name = names[place]
        parent = self.shards[name][0]
        shard = {"ShardId": name, "SequenceNumberRange": {}} | ({"ParentShardId": parent} if parent else {})
        more = {"LastEvaluatedShardId": name} if place + 1 < len(names) else {}
        return {"StreamDescription": {"Shards": [shard], **more}}

    def get_shard_iterator(self, ShardId: str, ShardIteratorType: str, **arguments: Any) -> Any:  # noqa: N803
        self.starts.append(ShardIteratorType)
        numbers = self.shards[ShardId][1]
        after = arguments.get("SequenceNumber")
        return {"ShardIterator": f"{ShardId}@{numbers.index(after) + 1 if after else 0}"}

    def get_records(self, ShardIterator: str, Limit: int) -> Any:  # noqa: N803
        if self.error:
            error, self.error = self.error, None
            raise error
        name, _, place = ShardIterator.partition("@")
        _, numbers, is_closed = self.shards[name]
        end = min(int(place) + Limit, len(numbers))
        created = datetime(2026, 11, 21, tzinfo=UTC)
        records = [
            {"dynamodb": {"SequenceNumber": number, "ApproximateCreationDateTime": created}}
            for number in numbers[int(place) : end]
        ]
        more = {} if is_closed and end == len(numbers) else {"NextShardIterator": f"{name}@{end}"}
        return {"Records": records, **more}


@pytest.fixture
def make_engine() -> type[Engine]:
    """An engine that does what no local one does: its streams split, its iterators expire, its records are trimmed."""
    return Engine
