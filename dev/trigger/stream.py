"""Reads the stream of a table, shard by shard (DynamoDB API, DescribeStream, GetShardIterator, GetRecords).

A shard is read after its parent is done, so that the changes of one item come in order even where the stream was
split. A shard is at its end when GetRecords returns no next iterator; an EndingSequenceNumber is no sign of it, some
engines give one for open shards.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from dev.trigger.checkpoint import Checkpoint
from dev.trigger.event import Record, lambda_record

log = logging.getLogger(__name__)

_GONE = {"ResourceNotFoundException", "ValidationException"}


class StreamLost(Exception):
    """The table, its stream or a shard is not there, or not any more."""


@dataclass
class Shard:
    id: str
    parent: str | None
    iterator: str | None = None
    is_at_end: bool = False


class Stream:
    """The current stream of a table, read from where the checkpoint stands."""

    def __init__(self, dynamodb: Any, streams: Any, table: str, checkpoint: Checkpoint) -> None:
        self._dynamodb = dynamodb
        self._streams = streams
        self._table = table
        self._checkpoint = checkpoint
        self._shards: dict[str, Shard] = {}

    def refresh(self) -> bool:
        """Looks up the table's stream and its shards; True if it is another stream than before.

        Raises StreamLost.
        """
        arn = self._current_arn()
        listed = self._list_shards(arn)
        is_other = arn != self._checkpoint.stream
        if is_other:
            self._checkpoint.follow(arn)
            self._shards = {}
        self._shards = {shard.id: self._shards.get(shard.id, shard) for shard in listed}
        self._checkpoint.keep(set(self._shards))
        return is_other

    def restart(self) -> None:
        """Forgets all iterators: the next reads start from the checkpoint."""
        self._shards = {}

    def is_current(self) -> bool:
        """The engine answers, and the table still has the stream that is read."""
        try:
            return self._current_arn() == self._checkpoint.stream
        except (StreamLost, ClientError, BotoCoreError):
            return False

    def readable(self) -> list[Shard]:
        """The shards that are not done and whose parent is done, or is listed no more."""
        return [shard for shard in self._shards.values() if not self._is_done(shard.id) and self._has_its_turn(shard)]

    def read(self, shard: Shard, limit: int) -> list[Record]:
        """The next records in Lambda's form, or none. Raises StreamLost."""
        try:
            if shard.iterator is None:
                shard.iterator = self._iterator(shard)
            answer = self._streams.get_records(ShardIterator=shard.iterator, Limit=limit)
        except ClientError as error:
            self._recover(shard, error)
            return []
        shard.iterator = answer.get("NextShardIterator")
        shard.is_at_end = shard.iterator is None
        return [lambda_record(record, self._checkpoint.stream) for record in answer["Records"]]

    def _current_arn(self) -> str:
        try:
            table = self._dynamodb.describe_table(TableName=self._table)["Table"]
        except ClientError as error:
            raise _lost_or(error) from error
        if not table.get("LatestStreamArn"):
            raise StreamLost(f"table {self._table} has no stream")
        return str(table["LatestStreamArn"])

    def _list_shards(self, arn: str) -> list[Shard]:
        shards: list[Shard] = []
        page: dict[str, str] = {}
        while True:
            try:
                described = self._streams.describe_stream(StreamArn=arn, **page)["StreamDescription"]
            except ClientError as error:
                raise _lost_or(error) from error
            shards += [Shard(shard["ShardId"], shard.get("ParentShardId")) for shard in described.get("Shards", [])]
            if not described.get("LastEvaluatedShardId"):
                return shards
            page = {"ExclusiveStartShardId": described["LastEvaluatedShardId"]}

    def _is_done(self, shard_id: str) -> bool:
        return self._checkpoint[shard_id].drained

    def _has_its_turn(self, shard: Shard) -> bool:
        return shard.parent is None or shard.parent not in self._shards or self._is_done(shard.parent)

    def _iterator(self, shard: Shard) -> str:
        after = self._checkpoint[shard.id].after
        start = (
            {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": after}
            if after
            else {"ShardIteratorType": "TRIM_HORIZON"}
        )
        answer = self._streams.get_shard_iterator(StreamArn=self._checkpoint.stream, ShardId=shard.id, **start)
        return str(answer["ShardIterator"])

    def _recover(self, shard: Shard, error: ClientError) -> None:
        """Makes the next read possible, or raises."""
        shard.iterator = None
        code = error.response["Error"]["Code"]
        if code == "TrimmedDataAccessException":
            log.warning("records_trimmed", extra={"shard": shard.id})
            self._checkpoint.forget(shard.id)
        elif code != "ExpiredIteratorException":
            raise _lost_or(error) from error


def _lost_or(error: ClientError) -> Exception:
    return StreamLost(str(error)) if error.response["Error"]["Code"] in _GONE else error
