import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from backend_flask.lib.ddb import MessageTable
from dev.trigger import status
from dev.trigger.failed import FailedRecords
from dev.trigger.redrive import redrive
from dev.trigger.response import DONE

Record = dict[str, Any]
Put = Callable[..., None]
Wait = Callable[..., None]


class Function:
    """Keeps the records of one partition; raises at a record whose text is `poison`."""

    def __init__(self, pk: str) -> None:
        self.pk = pk
        self.records: list[Record] = []
        self.sizes: list[int] = []

    def __call__(self, event: dict[str, Any], _: object) -> None:
        mine = [record for record in event["Records"] if record["dynamodb"]["Keys"]["pk"]["S"].startswith(self.pk)]
        if any(record["dynamodb"].get("NewImage", {}).get("text") == {"S": "poison"} for record in mine):
            raise ValueError("poison")
        self.sizes.append(len(event["Records"]))
        self.records += mine

    def arrived(self) -> list[tuple[str, str]]:
        return [(keys["pk"]["S"], keys["sk"]["S"]) for keys in (record["dynamodb"]["Keys"] for record in self.records)]


def test_every_write_arrives_once_and_the_changes_of_an_item_in_order(
    table: MessageTable, put: Put, running: Any, wait_until: Wait
) -> None:
    function = Function("order")
    with running(table, function, batch_size=7):
        for change in range(10):
            for item in range(12):
                put(table, f"order-{item % 3}", str(item), change=str(change))
        wait_until(lambda: len(function.records) >= 120)
    assert max(function.sizes) <= 7
    changes: dict[tuple[str, str], list[int]] = {}
    for key, record in zip(function.arrived(), function.records, strict=True):
        changes.setdefault(key, []).append(int(record["dynamodb"]["NewImage"]["change"]["S"]))
    assert list(changes.values()) == [list(range(10))] * 12


def test_records_have_the_form_that_lambda_gives_them(
    table: MessageTable, put: Put, dynamodb: Any, running: Any, wait_until: Wait
) -> None:
    function = Function("form")
    put(table, "form", "1", text="hello")
    dynamodb.delete_item(TableName=table.name, Key={"pk": {"S": "form"}, "sk": {"S": "1"}})
    with running(table, function):
        wait_until(lambda: len(function.records) == 2)
    insert, remove = function.records
    stream = dynamodb.describe_table(TableName=table.name)["Table"]["LatestStreamArn"]
    assert (insert["eventName"], remove["eventName"]) == ("INSERT", "REMOVE")
    assert insert["eventSourceARN"] == stream
    assert insert["eventSource"] == "aws:dynamodb"
    assert insert["dynamodb"]["NewImage"]["text"] == {"S": "hello"}
    assert insert["dynamodb"]["StreamViewType"] == "NEW_IMAGE"
    assert isinstance(insert["dynamodb"]["ApproximateCreationDateTime"], int | float)
    assert isinstance(insert["dynamodb"]["SequenceNumber"], str)
    assert "NewImage" not in remove["dynamodb"]
    assert json.loads(json.dumps(function.records)) == function.records


def test_a_restart_goes_on_where_the_last_run_ended(
    table: MessageTable, put: Put, running: Any, wait_until: Wait
) -> None:
    for number, expected in ((1, ["1"]), (2, ["2"])):
        function = Function("restart")
        put(table, "restart", str(number))
        with running(table, function):
            wait_until(lambda: bool(function.records))  # noqa: B023
        assert [sk for _, sk in function.arrived()] == expected


def test_a_poison_record_is_kept_and_the_good_ones_behind_it_arrive(
    table: MessageTable, put: Put, running: Any, wait_until: Wait, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    function = Function("poison")
    for number in range(20):
        put(table, "poison", f"{number:02}", text="poison" if number == 7 else "good")
    with running(table, function):
        wait_until(lambda: len(function.records) == 19 and bool(FailedRecords(tmp_path).all()))
        put(table, "poison", "later")
        wait_until(lambda: len(function.records) == 20)
    [failed] = FailedRecords(tmp_path).all()
    assert (failed.about, failed.error, failed.attempts) == (("poison", "07"), "ValueError", 2)
    assert failed.record["dynamodb"]["NewImage"]["text"] == {"S": "poison"}
    assert len(set(function.arrived())) == len(function.arrived()) == 20
    assert "poison" not in "".join(str(vars(record)) for record in caplog.records if record.name.startswith("dev"))


def test_a_record_that_was_given_up_can_be_tried_again(
    table: MessageTable, put: Put, running: Any, wait_until: Wait, tmp_path: Path
) -> None:
    seen: list[Record] = []

    def mended(records: Any) -> Any:
        seen.extend(records)
        return DONE

    put(table, "again", "1", text="poison")
    failures = FailedRecords(tmp_path)
    with running(table, Function("again")):
        wait_until(lambda: bool(failures.all()))
    assert redrive(failures, failures.all(), mended) == 0
    assert [record["dynamodb"]["Keys"]["sk"]["S"] for record in seen] == ["1"]
    assert failures.all() == []


def test_the_table_may_come_later_and_may_be_made_anew(
    make_table: Callable[[], MessageTable], put: Put, running: Any, wait_until: Wait
) -> None:
    table = make_table()
    function = Function("anew")
    with running(table, function):
        for life in ("first", "second"):
            table.create()
            put(table, "anew", life)
            wait_until(lambda: ("anew", life) in function.arrived())  # noqa: B023
            table.drop()
    # dynoxide may hand out the records of a dropped table once more in the stream of the new one.
    assert list(dict.fromkeys(function.arrived())) == [("anew", "first"), ("anew", "second")]


def test_an_engine_that_goes_away_and_comes_back_costs_no_record(
    table: MessageTable, put: Put, running: Any, wait_until: Wait, trigger_clients: tuple[Any, Any]
) -> None:
    function = Function("away")
    refused: list[str] = []
    is_away = False

    def refuse(request: Any, **_: Any) -> None:
        if is_away:
            refused.append(request.url)
            raise EndpointConnectionError(endpoint_url=request.url)

    for client in trigger_clients:
        client.meta.events.register("before-send", refuse, unique_id="refuse")
    try:
        with running(table, function):
            put(table, "away", "before")
            wait_until(lambda: len(function.records) == 1)
            is_away = True
            put(table, "away", "meanwhile")
            wait_until(lambda: len(refused) >= 3)
            is_away = False
            put(table, "away", "after")
            wait_until(lambda: len(function.records) == 3)
    finally:
        for client in trigger_clients:
            client.meta.events.unregister("before-send", unique_id="refuse")
    assert sorted(sk for _, sk in function.arrived()) == ["after", "before", "meanwhile"]


def test_a_record_that_fails_while_the_engine_is_away_is_not_given_up(
    table: MessageTable, put: Put, running: Any, wait_until: Wait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []
    monkeypatch.setattr("dev.trigger.stream.Stream.is_current", lambda _: len(attempts) > 4)

    def needs_the_engine(event: dict[str, Any], _: object) -> None:
        if any(record["dynamodb"]["Keys"]["pk"]["S"] == "needs" for record in event["Records"]):
            attempts.append(len(attempts))
            if len(attempts) < 4:
                raise ConnectionError

    put(table, "needs", "1")
    with running(table, needs_the_engine, batch_size=1):
        wait_until(lambda: len(attempts) == 4)
    assert FailedRecords(tmp_path).all() == []


def test_the_lag_is_the_age_of_the_oldest_record_that_is_not_done(
    table: MessageTable, put: Put, running: Any, wait_until: Wait, tmp_path: Path, trigger_clients: tuple[Any, Any]
) -> None:
    def lag(later: float = 0) -> float:
        return status.lag(tmp_path, table.name, *trigger_clients, clock=lambda: time.time() + later)

    function = Function("lag")
    with running(table, function):
        put(table, "lag", "1")
        wait_until(lambda: bool(function.records) and lag(100) == 0)
    put(table, "lag", "2")
    wait_until(lambda: lag(100) > 0)
    assert 99 <= lag(100) < 110
    with running(table, function):
        wait_until(lambda: lag(100) == 0)
    found = status.read(tmp_path, table.name, *trigger_clients)
    assert found == status.Status(is_running=False, polled_at=None, lag_seconds=0.0, failed=0)
