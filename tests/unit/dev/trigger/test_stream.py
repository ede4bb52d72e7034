"""What no local engine does: streams that split, iterators that expire, records that are trimmed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from dev.trigger.checkpoint import Checkpoint
from dev.trigger.failed import FailedRecords
from dev.trigger.invoke import Handler, invoker
from dev.trigger.loop import Trigger
from dev.trigger.stream import Stream, StreamLost


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "Operation")


class Engine:
    """Both clients at once. Shards are (parent, sequence numbers, is closed); an iterator is `<shard>@<place>`."""

    def __init__(self, **shards: tuple[str | None, list[str], bool]) -> None:
        self.arn = "stream-1"
        self.shards = shards
        self.error: Exception | None = None
        self.starts: list[str] = []

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


def reading(engine: Engine, state_dir: Path) -> tuple[Stream, Checkpoint]:
    checkpoint = Checkpoint(state_dir)
    stream = Stream(engine, engine, "table", checkpoint)
    stream.refresh()
    return stream, checkpoint


def names(stream: Stream) -> list[str]:
    return [shard.id for shard in stream.readable()]


def numbers(stream: Stream, name: str, limit: int = 10) -> list[str]:
    [shard] = [shard for shard in stream.readable() if shard.id == name]
    return [record["dynamodb"]["SequenceNumber"] for record in stream.read(shard, limit)]


def test_all_pages_of_shards_are_read(tmp_path: Path) -> None:
    stream, _ = reading(Engine(a=(None, [], False), b=(None, [], False), c=(None, [], False)), tmp_path)
    assert names(stream) == ["a", "b", "c"]


def test_a_child_is_read_after_its_parent_is_done(tmp_path: Path) -> None:
    stream, checkpoint = reading(Engine(child=("parent", ["2"], False), parent=(None, ["1"], True)), tmp_path)
    assert names(stream) == ["parent"]
    assert numbers(stream, "parent") == ["1"]
    assert stream.readable()[0].is_at_end
    assert names(stream) == ["parent"]
    checkpoint.drain("parent")
    assert names(stream) == ["child"]
    assert names(reading(Engine(child=("parent", ["2"], False), parent=(None, ["1"], True)), tmp_path)[0]) == ["child"]


def test_a_child_whose_parent_is_trimmed_is_read_at_once(tmp_path: Path) -> None:
    stream, _ = reading(Engine(child=("long gone", ["2"], False)), tmp_path)
    assert names(stream) == ["child"]


def test_new_shards_appear_and_known_ones_go_on_where_they_are(tmp_path: Path) -> None:
    engine = Engine(a=(None, ["1", "2"], False))
    stream, _ = reading(engine, tmp_path)
    assert numbers(stream, "a", limit=1) == ["1"]
    engine.shards["b"] = (None, ["3"], False)
    assert stream.refresh() is False
    assert names(stream) == ["a", "b"]
    assert numbers(stream, "a") == ["2"]


def test_reading_starts_at_the_beginning_or_after_the_checkpoint(tmp_path: Path) -> None:
    engine = Engine(a=(None, ["1", "2"], False))
    stream, checkpoint = reading(engine, tmp_path)
    assert numbers(stream, "a") == ["1", "2"]
    checkpoint.move("a", "1")
    assert numbers(reading(engine, tmp_path)[0], "a") == ["2"]
    assert engine.starts == ["TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER"]


def test_an_expired_iterator_is_made_anew_from_the_checkpoint(tmp_path: Path) -> None:
    engine = Engine(a=(None, ["1", "2", "3"], False))
    stream, checkpoint = reading(engine, tmp_path)
    assert numbers(stream, "a", limit=1) == ["1"]
    checkpoint.move("a", "1")
    engine.error = refused("ExpiredIteratorException")
    assert numbers(stream, "a") == []
    assert numbers(stream, "a") == ["2", "3"]


def test_where_records_are_trimmed_reading_goes_on_with_the_oldest_that_are_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Engine(a=(None, ["1", "2"], False))
    stream, checkpoint = reading(engine, tmp_path)
    checkpoint.move("a", "1")
    engine.error = refused("TrimmedDataAccessException")
    assert numbers(stream, "a") == []
    assert numbers(stream, "a") == ["1", "2"]
    assert caplog.messages == ["records_trimmed"]


def test_another_stream_of_the_table_is_read_from_its_beginning(tmp_path: Path) -> None:
    engine = Engine(a=(None, ["1", "2"], False))
    stream, checkpoint = reading(engine, tmp_path)
    checkpoint.move("a", "1")
    engine.arn = "stream-2"
    assert not stream.is_current()
    assert stream.refresh() is True
    assert stream.is_current()
    assert numbers(stream, "a") == ["1", "2"]


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ValidationException"])
def test_a_shard_that_is_gone_means_that_the_stream_is_lost(tmp_path: Path, code: str) -> None:
    engine = Engine(a=(None, ["1"], False))
    stream, _ = reading(engine, tmp_path)
    engine.error = refused(code)
    with pytest.raises(StreamLost):
        numbers(stream, "a")


def test_any_other_refusal_is_passed_on(tmp_path: Path) -> None:
    engine = Engine(a=(None, ["1"], False))
    stream, _ = reading(engine, tmp_path)
    engine.error = refused("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        numbers(stream, "a")


def test_no_table_and_no_stream_are_said(tmp_path: Path) -> None:
    engine = Engine()
    with pytest.raises(StreamLost, match="ResourceNotFound"):
        Stream(engine, engine, "other", Checkpoint(tmp_path)).refresh()
    engine.arn = ""
    with pytest.raises(StreamLost, match="has no stream"):
        Stream(engine, engine, "table", Checkpoint(tmp_path)).refresh()


def test_an_engine_that_does_not_answer_has_no_current_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(a=(None, [], False))
    stream, _ = reading(engine, tmp_path)

    def away(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://localhost")

    monkeypatch.setattr(engine, "describe_table", away)
    assert not stream.is_current()


def run_until_idle(engine: Engine, state_dir: Path, handler: Handler, checkpoint: Checkpoint | None = None) -> None:
    checkpoint = checkpoint or Checkpoint(state_dir)
    beats = []

    def beat() -> None:
        beats.append(None)
        if len(beats) == 4:
            trigger.stop()

    trigger = Trigger(
        Stream(engine, engine, "table", checkpoint),
        checkpoint,
        FailedRecords(state_dir),
        invoker(handler, "function"),
        batch_size=2,
        max_attempts=1,
        beat=beat,
    )
    trigger.run()


def collect(into: list[str]) -> Handler:
    return lambda event, _: into.extend(record["dynamodb"]["SequenceNumber"] for record in event["Records"])


def test_a_trigger_takes_a_split_stream_in_order_and_each_record_once(tmp_path: Path) -> None:
    engine = Engine(child=("parent", ["3", "4"], False), parent=(None, ["1", "2"], True), empty=(None, [], True))
    seen: list[str] = []
    for _ in range(2):
        run_until_idle(engine, tmp_path, collect(seen))
    assert seen == ["1", "2", "3", "4"]


def test_a_crash_between_the_function_and_the_checkpoint_brings_the_batch_again(tmp_path: Path) -> None:
    class Crash(Exception):
        pass

    class Crashing(Checkpoint):
        def move(self, shard_id: str, sequence_number: str) -> None:
            if sequence_number == "4":
                raise Crash
            super().move(shard_id, sequence_number)

    engine = Engine(a=(None, ["1", "2", "3", "4", "5"], False))
    seen: list[str] = []
    with pytest.raises(Crash):
        run_until_idle(engine, tmp_path, collect(seen), Crashing(tmp_path))
    assert seen == ["1", "2", "3", "4"]
    run_until_idle(engine, tmp_path, collect(seen))
    assert seen == ["1", "2", "3", "4", "3", "4", "5"]


def test_a_record_is_in_the_file_before_the_checkpoint_passes_it(tmp_path: Path) -> None:
    class Checking(Checkpoint):
        def move(self, shard_id: str, sequence_number: str) -> None:
            kept.append([failed.sequence_number for failed in FailedRecords(tmp_path).all()])
            super().move(shard_id, sequence_number)

    def broken(*_: Any) -> None:
        raise ValueError

    kept: list[list[str]] = []
    run_until_idle(Engine(a=(None, ["1"], False)), tmp_path, broken, Checking(tmp_path))
    assert kept == [["1"]]


def test_a_shard_that_waits_for_its_next_attempt_does_not_hold_up_the_others(tmp_path: Path) -> None:
    seen: list[str] = []

    def function(event: dict[str, Any], _: Any) -> None:
        collect(seen)(event, _)
        if seen[-1] == "1":
            raise ValueError

    engine = Engine(bad=(None, ["1"], False), good=(None, ["2", "3", "4"], False))
    checkpoint = Checkpoint(tmp_path)
    stream = Stream(engine, engine, "table", checkpoint)
    trigger = Trigger(
        stream,
        checkpoint,
        FailedRecords(tmp_path),
        invoker(function, "function"),
        batch_size=1,
        max_attempts=9,
        beat=lambda: trigger.stop() if "4" in seen else None,
    )
    trigger.run()
    assert seen == ["1", "2", "3", "4"]
