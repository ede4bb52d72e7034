import os
from pathlib import Path

import pytest

from dev.trigger import lock


def test_nobody_holds_a_lock_that_was_never_taken(tmp_path: Path) -> None:
    assert not lock.is_held(tmp_path / "absent")
    assert lock.polled_at(tmp_path / "absent") is None


def test_a_second_trigger_is_refused_and_told_who_is_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with lock.only_one(tmp_path):
        with pytest.raises(lock.AlreadyRunning, match=f"process {os.getpid()}"), lock.only_one(tmp_path):
            pass
        assert lock.is_held(tmp_path)
    assert not lock.is_held(tmp_path)


def test_the_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with lock.only_one(tmp_path):
            assert (tmp_path / lock.FILE).read_text() == f"{os.getpid()}\n"


def test_a_beat_moves_the_time_of_the_last_poll(tmp_path: Path) -> None:
    with lock.only_one(tmp_path) as heartbeat:
        os.utime(tmp_path / lock.FILE, (1, 1))
        heartbeat.beat()
        assert (lock.polled_at(tmp_path) or 0) > 1
