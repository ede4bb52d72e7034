"""One bin/dev at a time, and what a killed one has left."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.leftovers import Records, only_one
from dev.processes import Child, StackError, living, spawn

# A shell that starts the tests in the background has them, and so their children, ignore SIGINT.
_SLEEPS = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    log = tmp_path / "log"
    sleeping = [sys.executable, "-c", _SLEEPS]
    spawned = spawn("sleeper", sleeping, log, answers=lambda: bool(log.stat().st_size), stop_signal=signal.SIGINT)
    yield spawned.wait_until_ready()
    spawned.stop()


def test_what_is_recorded_is_stopped_by_the_next_run(tmp_path: Path, child: Child) -> None:
    Records(tmp_path).add(child)

    assert Records(tmp_path).stop_leftovers() == ["sleeper"]

    assert not child.is_running
    assert Records(tmp_path).stop_leftovers() == []


def test_it_is_asked_with_its_own_signal(tmp_path: Path, child: Child) -> None:
    Records(tmp_path).add(child)
    Records(tmp_path).stop_leftovers()
    assert "KeyboardInterrupt" in child.log.read_text()


def test_a_later_process_with_the_same_number_is_left_alone(tmp_path: Path, child: Child) -> None:
    Records(tmp_path).add(child)
    file = tmp_path / "processes.json"
    (record,) = json.loads(file.read_text())
    file.write_text(json.dumps([record | {"started": record["started"] - 60}]))

    assert Records(tmp_path).stop_leftovers() == []

    assert child.is_running


@pytest.mark.parametrize("text", ["", "[", "{}", '[{"pid": 1}]', "[1]", "null"])
def test_a_damaged_record_stops_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "processes.json").write_text(text)
    assert Records(tmp_path).stop_leftovers() == []


def test_nothing_is_left_after_a_clean_end(tmp_path: Path, child: Child) -> None:
    records = Records(tmp_path)
    records.add(child)
    records.clear()
    assert list(tmp_path.glob("processes*")) == []
    assert Records(tmp_path).stop_leftovers() == []


def test_a_second_run_is_told_who_has_the_folder(tmp_path: Path) -> None:
    with only_one(tmp_path), pytest.raises(StackError, match=f"running already, as process {os.getpid()}"):
        only_one(tmp_path).__enter__()


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with only_one(tmp_path / "made"):
            assert (tmp_path / "made").is_dir()


def test_a_process_that_has_ended_is_not_living(child: Child) -> None:
    assert living(child.process.pid)
    os.kill(child.process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.process.pid, os.WEXITED | os.WNOWAIT)
    assert living(child.process.pid) is None
