import json
import stat
from pathlib import Path

import pytest

from dev.trigger.checkpoint import FILE, Checkpoint, Position
from dev.trigger.files import write_atomically


def following(state_dir: Path, stream: str = "stream-1") -> Checkpoint:
    checkpoint = Checkpoint(state_dir)
    checkpoint.follow(stream)
    return checkpoint


def test_a_new_shard_starts_at_the_beginning(tmp_path: Path) -> None:
    assert following(tmp_path)["shard"] == Position(after=None, drained=False)


def test_positions_survive_a_restart(tmp_path: Path) -> None:
    checkpoint = following(tmp_path)
    checkpoint.move("a", "17")
    checkpoint.move("b", "18")
    checkpoint.drain("b")
    again = following(tmp_path)
    assert again["a"] == Position("17")
    assert again["b"] == Position("18", drained=True)


def test_another_stream_starts_at_the_beginning(tmp_path: Path) -> None:
    following(tmp_path).move("a", "17")
    assert following(tmp_path, "stream-2")["a"] == Position()


def test_following_alone_writes_nothing(tmp_path: Path) -> None:
    following(tmp_path).move("a", "17")
    following(tmp_path, "stream-2")
    assert following(tmp_path)["a"] == Position("17")


def test_shards_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    checkpoint = following(tmp_path)
    checkpoint.move("old", "1")
    checkpoint.keep({"new"})
    checkpoint.move("new", "2")
    assert set(json.loads((tmp_path / FILE).read_text())["shards"]) == {"new"}


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"stream": "s"}', '{"stream": "s", "shards": {"a": 1}}', "\x00"]
)
def test_a_damaged_file_counts_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    checkpoint = Checkpoint(tmp_path)
    assert checkpoint.stream == ""
    assert checkpoint["a"] == Position()


def test_a_crash_while_writing_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = following(tmp_path)
    checkpoint.move("a", "17")

    def crash(_: int) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", crash)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.move("a", "18")
    assert following(tmp_path)["a"] == Position("17")
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_only_the_owner_may_read_what_is_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", "text")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
