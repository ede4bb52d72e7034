from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from dev.trigger.checkpoint import Checkpoint
from dev.trigger.stream import Stream, StreamLost

Make = Callable[..., Any]


def reading(engine: Any, state_dir: Path) -> tuple[Stream, Checkpoint]:
    checkpoint = Checkpoint(state_dir)
    stream = Stream(engine, engine, "table", checkpoint)
    stream.refresh()
    return stream, checkpoint


def names(stream: Stream) -> list[str]:
    return [shard.id for shard in stream.readable()]


def numbers(stream: Stream, name: str, limit: int = 10) -> list[str]:
    [shard] = [shard for shard in stream.readable() if shard.id == name]
    return [record["dynamodb"]["SequenceNumber"] for record in stream.read(shard, limit)]


def test_all_pages_of_shards_are_read(make_engine: Make, tmp_path: Path) -> None:
    stream, _ = reading(make_engine(a=(None, [], False), b=(None, [], False), c=(None, [], False)), tmp_path)
    assert names(stream) == ["a", "b", "c"]


def test_a_child_is_read_after_its_parent_is_done(make_engine: Make, tmp_path: Path) -> None:
    stream, checkpoint = reading(make_engine(child=("parent", ["2"], False), parent=(None, ["1"], True)), tmp_path)
    assert names(stream) == ["parent"]
    assert numbers(stream, "parent") == ["1"]
    assert stream.readable()[0].is_at_end
    assert names(stream) == ["parent"]
    checkpoint.drain("parent")
    assert names(stream) == ["child"]
    assert names(reading(make_engine(child=("parent", ["2"], False), parent=(None, ["1"], True)), tmp_path)[0]) == [
        "child"
    ]


def test_a_child_whose_parent_is_trimmed_is_read_at_once(make_engine: Make, tmp_path: Path) -> None:
    stream, _ = reading(make_engine(child=("long gone", ["2"], False)), tmp_path)
    assert names(stream) == ["child"]


def test_new_shards_appear_and_known_ones_go_on_where_they_are(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine(a=(None, ["1", "2"], False))
    stream, _ = reading(engine, tmp_path)
    assert numbers(stream, "a", limit=1) == ["1"]
    engine.shards["b"] = (None, ["3"], False)
    assert stream.refresh() is False
    assert names(stream) == ["a", "b"]
    assert numbers(stream, "a") == ["2"]


def test_reading_starts_at_the_beginning_or_after_the_checkpoint(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine(a=(None, ["1", "2"], False))
    stream, checkpoint = reading(engine, tmp_path)
    assert numbers(stream, "a") == ["1", "2"]
    checkpoint.move("a", "1")
    assert numbers(reading(engine, tmp_path)[0], "a") == ["2"]
    assert engine.starts == ["TRIM_HORIZON", "AFTER_SEQUENCE_NUMBER"]


def test_an_expired_iterator_is_made_anew_from_the_checkpoint(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine(a=(None, ["1", "2", "3"], False))
    stream, checkpoint = reading(engine, tmp_path)
    assert numbers(stream, "a", limit=1) == ["1"]
    checkpoint.move("a", "1")
    engine.refuse_next("ExpiredIteratorException")
    assert numbers(stream, "a") == []
    assert numbers(stream, "a") == ["2", "3"]


def test_where_records_are_trimmed_reading_goes_on_with_the_oldest_that_are_left(
    make_engine: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = make_engine(a=(None, ["1", "2"], False))
    stream, checkpoint = reading(engine, tmp_path)
    checkpoint.move("a", "1")
    engine.refuse_next("TrimmedDataAccessException")
    assert numbers(stream, "a") == []
    assert numbers(stream, "a") == ["1", "2"]
    assert caplog.messages == ["records_trimmed"]


def test_another_stream_of_the_table_is_read_from_its_beginning(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine(a=(None, ["1", "2"], False))
    stream, checkpoint = reading(engine, tmp_path)
    checkpoint.move("a", "1")
    engine.arn = "stream-2"
    assert not stream.is_current()
    assert stream.refresh() is True
    assert stream.is_current()
    assert numbers(stream, "a") == ["1", "2"]


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "ValidationException"])
def test_a_shard_that_is_gone_means_that_the_stream_is_lost(make_engine: Make, tmp_path: Path, code: str) -> None:
    engine = make_engine(a=(None, ["1"], False))
    stream, _ = reading(engine, tmp_path)
    engine.refuse_next(code)
    with pytest.raises(StreamLost):
        numbers(stream, "a")


def test_any_other_refusal_is_passed_on(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine(a=(None, ["1"], False))
    stream, _ = reading(engine, tmp_path)
    engine.refuse_next("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        numbers(stream, "a")


def test_no_table_and_no_stream_are_said(make_engine: Make, tmp_path: Path) -> None:
    engine = make_engine()
    with pytest.raises(StreamLost, match="ResourceNotFound"):
        Stream(engine, engine, "other", Checkpoint(tmp_path)).refresh()
    engine.arn = ""
    with pytest.raises(StreamLost, match="has no stream"):
        Stream(engine, engine, "table", Checkpoint(tmp_path)).refresh()


def test_an_engine_that_does_not_answer_has_no_current_stream(
    make_engine: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = make_engine(a=(None, [], False))
    stream, _ = reading(engine, tmp_path)

    def away(**_: Any) -> Any:
        raise EndpointConnectionError(endpoint_url="http://localhost")

    monkeypatch.setattr(engine, "describe_table", away)
    assert not stream.is_current()
