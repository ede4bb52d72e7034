"""Delivers the real stream of a table to the stream function, as badly as Lambda may.

Lambda keeps the order of each item's records, and nothing else: it delivers late, more than once, in batches of any
size that mix message groups as it likes, and it gives a batch again whose function died half-way (AWS Lambda Developer
Guide, "Using AWS Lambda with Amazon DynamoDB" and "Understanding retry behavior").
"""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import GROUP_SK
from dev.trigger.event import Record, event_of, lambda_record
from lambdas.cruddur_messaging_stream.handler import apply
from tests.proofs.trial import Refuted

PATIENCE_SECONDS = 5.0
# A message group, what has changed in it, and how often.
Place = tuple[str, str, int]


class Killed(BaseException):
    """The function ends here: out of time, out of memory, out of electricity."""


class StreamReader:
    """What the table's stream brings from now on."""

    def __init__(self, table: MessageTable, streams: Any) -> None:
        self._streams = streams
        self._arn = table.client.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
        shards = streams.describe_stream(StreamArn=self._arn)["StreamDescription"]["Shards"]
        self._iterators = [self._latest(shard["ShardId"]) for shard in shards]

    def _latest(self, shard_id: str) -> str:
        answer = self._streams.get_shard_iterator(StreamArn=self._arn, ShardId=shard_id, ShardIteratorType="LATEST")
        return str(answer["ShardIterator"])

    def read(self) -> list[Record]:
        """All that has come since it was last asked, in the order of each shard."""
        records: list[Record] = []
        for number, iterator in enumerate(self._iterators):
            answer = self._streams.get_records(ShardIterator=iterator)
            self._iterators[number] = answer["NextShardIterator"]
            records += [lambda_record(record, self._arn) for record in answer["Records"]]
        return records


@dataclass
class Told:
    """What the stream function was told of one message group: versions of messages, and whether it has changed."""

    versions: set[tuple[str, int]]
    has_changed: bool


class Adversary:
    """`table` belongs to the function alone, as it is killed in the middle of its calls."""

    def __init__(self, table: MessageTable, reader: StreamReader) -> None:
        self._table = table
        self._reader = reader
        self._updates_left: int | None = None
        self._waiting: dict[str, list[Record]] = defaultdict(list)
        self._delivered: dict[str, list[Record]] = defaultdict(list)
        self._noise: list[Record] = []
        table.client.meta.events.register("before-call.dynamodb.UpdateItem", self._count_update)

    def forget(self) -> None:
        """Before a new story: what is left of the last one is nobody's concern."""
        self._waiting.clear()
        self._delivered.clear()
        self._noise.clear()

    def deliver(
        self, group_uuids: list[str], most: int, newest_first: bool, die_after: int | None
    ) -> tuple[dict[str, Told], bool]:
        """The oldest or the newest records of these groups in one batch, at most so many of each, and the function dies
        after so many updates. Gives what was told of each group, and whether the function lived."""
        if not all(self._waiting[uuid] for uuid in group_uuids):
            self._pull()
        chosen = {
            uuid: self._waiting[uuid][-most:] if newest_first else self._waiting[uuid][:most] for uuid in group_uuids
        }
        return {uuid: _told(records) for uuid, records in chosen.items()}, self._hand_over(chosen, die_after)

    def _hand_over(self, chosen: dict[str, list[Record]], die_after: int | None) -> bool:
        lived = self._invoke([record for records in chosen.values() for record in records], die_after)
        if lived:
            for uuid, records in chosen.items():
                self._delivered[uuid] += records
                self._waiting[uuid] = [record for record in self._waiting[uuid] if record not in records]
        return lived

    def repeat(self, group_uuid: str, newer: int, most: int, die_after: int | None) -> bool:
        """Some that were delivered before, all but the `newer` ones, once more: a lost invocation ran on.

        Says whether the change of the message group was among them."""
        delivered = self._delivered[group_uuid]
        end = max(0, len(delivered) - newer)
        again = delivered[max(0, end - most) : end]
        self._invoke(again, die_after)
        return _told(again).has_changed

    def drain(self, expected: set[Place]) -> None:
        """Everything that waits, in order. Raises Refuted if these changes do not all come."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while missing := expected - self._seen():
            if time.monotonic() > give_up:
                raise Refuted(f"the stream never brought {missing}")
            self._pull()
        for uuid, records in list(self._waiting.items()):
            self._hand_over({uuid: records}, None)

    def _seen(self) -> set[Place]:
        return {
            (uuid, *_version(record))
            for queues in (self._waiting, self._delivered)
            for uuid, records in queues.items()
            for record in records
            if record["eventName"] != "REMOVE"
        }

    def _pull(self) -> None:
        for record in self._reader.read():
            pk = record["dynamodb"]["Keys"]["pk"]["S"]
            if pk.startswith("MSG#"):
                self._waiting[pk.removeprefix("MSG#")].append(record)
            else:
                self._noise.append(record)

    def _invoke(self, batch: list[Record], die_after: int | None) -> bool:
        """Whether the function lived. Rows, groups and send keys come on the stream too, between the messages."""
        self._updates_left = die_after
        try:
            answer = apply(event_of([*self._noise[:1], *batch, *self._noise[1:3]]), self._table)
        except Killed:
            return False
        finally:
            self._updates_left = None
        del self._noise[:3]
        if answer["batchItemFailures"]:
            raise Refuted(f"the stream function refused good records: {answer}")
        return True

    def _count_update(self, **_: Any) -> None:
        if self._updates_left is None:
            return
        if self._updates_left == 0:
            raise Killed
        self._updates_left -= 1


def _version(record: Record) -> tuple[str, int]:
    """Which version of a message, or of the message group, a record brings."""
    return record["dynamodb"]["Keys"]["sk"]["S"], int(record["dynamodb"]["NewImage"]["rev"]["N"])


def _told(records: list[Record]) -> Told:
    kept = [record for record in records if record["eventName"] != "REMOVE"]
    of_group = [record for record in kept if record["dynamodb"]["Keys"]["sk"]["S"] == GROUP_SK]
    return Told(
        {_version(record) for record in kept if record not in of_group},
        any(record["eventName"] == "MODIFY" for record in of_group),
    )
