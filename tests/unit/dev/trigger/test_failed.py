import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dev.trigger.failed import FILE, DamagedFile, FailedRecord, FailedRecords

Record = dict[str, Any]


@pytest.fixture
def failed(make_record: Callable[..., Record]) -> Callable[..., FailedRecord]:
    def make(number: int, attempts: int = 5) -> FailedRecord:
        return FailedRecord(
            when="2026-11-21T10:00:00.000+00:00",
            attempts=attempts,
            error="ValueError",
            stream="stream",
            shard="shard",
            sequence_number=str(number),
            record=make_record(number, "línea\u2028 \n two"),
        )

    return make


def test_no_file_means_no_failed_records(tmp_path: Path) -> None:
    assert FailedRecords(tmp_path / "absent").all() == []


def test_records_come_back_whole_and_in_order(tmp_path: Path, failed: Callable[..., FailedRecord]) -> None:
    for number in (2, 1):
        FailedRecords(tmp_path).add(failed(number))
    assert FailedRecords(tmp_path).all() == [failed(2), failed(1)]


def test_the_file_holds_messages_so_only_its_owner_may_read_it(
    tmp_path: Path, failed: Callable[..., FailedRecord]
) -> None:
    failures = FailedRecords(tmp_path)
    failures.add(failed(1))
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    failures.settle({failed(1).key: failed(1, 6)})
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_record_that_is_given_up_again_after_a_crash_counts_once(
    tmp_path: Path, failed: Callable[..., FailedRecord]
) -> None:
    failures = FailedRecords(tmp_path)
    failures.add(failed(1))
    failures.add(failed(1, 7))
    assert failures.all() == [failed(1, 7)]


@pytest.mark.parametrize("torn", ['{"when": "2026', "x" * 200_000])
def test_a_line_that_a_kill_cut_off_harms_no_other_line(
    tmp_path: Path, failed: Callable[..., FailedRecord], torn: str
) -> None:
    failures = FailedRecords(tmp_path)
    failures.add(failed(1))
    with failures.path.open("a") as file:
        file.write(torn)
    assert failures.all() == [failed(1)]
    failures.add(failed(2))
    assert failures.all() == [failed(1), failed(2)]
    assert failures.path.read_text() == failed(1).line() + failed(2).line()


@pytest.mark.parametrize("line", ["nonsense", "{}", "[]", '{"when": "x"}'])
def test_a_damaged_line_is_named(tmp_path: Path, failed: Callable[..., FailedRecord], line: str) -> None:
    failures = FailedRecords(tmp_path)
    failures.add(failed(1))
    with failures.path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(DamagedFile, match="line 2 "):
        failures.all()


def test_settling_takes_out_replaces_and_leaves_what_came_meanwhile(
    tmp_path: Path, failed: Callable[..., FailedRecord]
) -> None:
    failures = FailedRecords(tmp_path)
    for number in (1, 2, 3):
        failures.add(failed(number))
    failures.settle({failed(1).key: None, failed(2).key: failed(2, 6)})
    assert failures.all() == [failed(2, 6), failed(3)]


def test_many_writers_and_settlers_lose_nothing(tmp_path: Path, failed: Callable[..., FailedRecord]) -> None:
    def write(start: int) -> None:
        for number in range(start, start + 20):
            FailedRecords(tmp_path).add(failed(number))

    writers = [threading.Thread(target=write, args=(start,)) for start in (0, 100, 200)]
    for writer in writers:
        writer.start()
    for _ in range(20):
        FailedRecords(tmp_path).settle({})
    for writer in writers:
        writer.join()
    assert len(FailedRecords(tmp_path).all()) == 60
