from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dev.trigger.checkpoint import Checkpoint
from dev.trigger.failed import FailedRecords
from dev.trigger.invoke import Handler, invoker
from dev.trigger.loop import Trigger
from dev.trigger.stream import Stream

Make = Callable[..., Any]


def run_until_idle(engine: Any, state_dir: Path, handler: Handler, checkpoint: Checkpoint | None = None) -> None:
    checkpoint = checkpoint or Checkpoint(state_dir)
    beats: list[None] = []

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


def test_a_trigger_takes_a_split_stream_in_order_and_each_record_once(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine(child=("parent", ["3", "4"], False), parent=(None, ["1", "2"], True), empty=(None, [], True))
    seen: list[str] = []
    for _ in range(2):
        run_until_idle(engine, tmp_path, collect(seen))
    assert seen == ["1", "2", "3", "4"]


def test_a_crash_between_the_function_and_the_checkpoint_brings_the_batch_again(
    make_engine: Make, tmp_path: Path
) -> None:
    class Crash(Exception):
        pass

    class Crashing(Checkpoint):
        def move(self, shard_id: str, sequence_number: str) -> None:
            if sequence_number == "4":
                raise Crash
            super().move(shard_id, sequence_number)

    engine = make_engine(a=(None, ["1", "2", "3", "4", "5"], False))
    seen: list[str] = []
    with pytest.raises(Crash):
        run_until_idle(engine, tmp_path, collect(seen), Crashing(tmp_path))
    assert seen == ["1", "2", "3", "4"]
    run_until_idle(engine, tmp_path, collect(seen))
    assert seen == ["1", "2", "3", "4", "3", "4", "5"]


def test_a_record_is_in_the_file_before_the_checkpoint_passes_it(make_engine: Make, tmp_path: Path) -> None:
    class Checking(Checkpoint):
        def move(self, shard_id: str, sequence_number: str) -> None:
            kept.append([failed.sequence_number for failed in FailedRecords(tmp_path).all()])
            super().move(shard_id, sequence_number)

    def broken(*_: Any) -> None:
        raise ValueError

    kept: list[list[str]] = []
    run_until_idle(make_engine(a=(None, ["1"], False)), tmp_path, broken, Checking(tmp_path))
    assert kept == [["1"]]


def test_a_shard_that_waits_for_its_next_attempt_does_not_hold_up_the_others(make_engine: Make, tmp_path: Path) -> None:
    seen: list[str] = []

    def function(event: dict[str, Any], _: Any) -> None:
        collect(seen)(event, _)
        if seen[-1] == "1":
            raise ValueError

    engine = make_engine(bad=(None, ["1"], False), good=(None, ["2", "3", "4"], False))
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


def test_a_record_of_a_table_that_was_dropped_is_not_carried_into_the_new_one(
    make_engine: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dev.trigger.loop.REFRESH_SECONDS", 0)
    engine = make_engine(a=(None, ["9"], False))
    seen: list[str] = []

    def function(event: dict[str, Any], _: Any) -> None:
        collect(seen)(event, _)
        if seen == ["9"]:
            engine.arn, engine.shards["a"] = "stream-2", (None, ["1", "2"], False)
            raise ValueError

    checkpoint = Checkpoint(tmp_path)
    trigger = Trigger(
        Stream(engine, engine, "table", checkpoint),
        checkpoint,
        FailedRecords(tmp_path),
        invoker(function, "function"),
        batch_size=2,
        max_attempts=9,
        beat=lambda: trigger.stop() if len(seen) > 2 else None,
    )
    trigger.run()
    assert seen == ["9", "1", "2"]
    assert Checkpoint(tmp_path).stream == "stream-2"
