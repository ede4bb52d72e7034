import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cli.script import ROOT

import pytest

from dev.trigger.failed import FailedRecord, FailedRecords
from dev.trigger.invoke import invoker
from dev.trigger.redrive import redrive

Record = dict[str, Any]


@pytest.fixture
def failures(tmp_path: Path, make_record: Callable[..., Record]) -> FailedRecords:
    """Three failed records, 1 to 3."""
    failures = FailedRecords(tmp_path)
    for number in (1, 2, 3):
        failures.add(
            FailedRecord(
                when="2026-11-21T10:00:00.000+00:00",
                attempts=5,
                error="ValueError",
                stream="stream",
                shard="shard",
                sequence_number=str(number),
                record=make_record(number),
            )
        )
    return failures


def test_what_succeeds_leaves_and_what_fails_stays_with_its_attempt_counted(failures: FailedRecords) -> None:
    def function(event: dict[str, Any], _: Any) -> None:
        if event["Records"][0]["eventID"] == "event-2":
            raise KeyError("secret text")

    assert redrive(failures, failures.all(), invoker(function, "function")) == 1
    [left] = failures.all()
    assert (left.sequence_number, left.attempts, left.error) == ("2", 6, "KeyError")
    assert "secret" not in failures.path.read_text()


def test_each_record_is_tried_once_and_alone(failures: FailedRecords) -> None:
    seen = []
    redrive(failures, failures.all(), invoker(lambda event, _: seen.append(event["Records"]), "function"))
    assert [[record["eventID"] for record in records] for records in seen] == [["event-1"], ["event-2"], ["event-3"]]
    assert failures.all() == []


def test_records_that_the_trigger_adds_meanwhile_stay(failures: FailedRecords) -> None:
    found = failures.all()

    def function(_: dict[str, Any], __: Any) -> None:
        failures.add(FailedRecord(**{**vars(found[0]), "sequence_number": "99"}))

    redrive(failures, found, invoker(function, "function"))
    assert [left.sequence_number for left in failures.all()] == ["99"]


def test_an_interrupt_keeps_what_was_done_until_then(failures: FailedRecords) -> None:
    def interrupted() -> Iterator[FailedRecord]:
        yield failures.all()[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        redrive(failures, interrupted(), invoker(lambda *_: None, "function"))
    assert [left.sequence_number for left in failures.all()] == ["2", "3"]


def test_records_that_are_forgotten_leave_without_being_tried(failures: FailedRecords) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "bin/lambda/redrive", "--state-dir", failures.path.parent, "--forget"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "Forgot 3 failed records. bin/ddb/verify shows whether a row lacks them.\n"
    assert failures.all() == []
