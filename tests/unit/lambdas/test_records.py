"""Every record that is documented, and some that no table of ours can have."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from backend_flask.lib.ddb_items import Item
from backend_flask.logs import JsonFormatter
from lambdas.cruddur_messaging_stream.handler import apply
from tests.stream_records import GROUP, OTHER_GROUP, SECRET, FakeTable, damaged, failures, handle, message, record

ITEM = message(7, OTHER_GROUP).to_item()
# Every kind of record and event in the Lambda and DynamoDB Developer Guides, as ours would be.
EVENTS = json.loads((Path(__file__).parent / "events.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("documented", EVENTS, ids=lambda documented: documented["name"])
def test_every_documented_kind_of_event_is_applied_or_named(documented: Any) -> None:
    table = FakeTable()
    assert failures(apply(documented["event"], table)) == documented["failed"]  # type: ignore[arg-type]
    assert [each.message_uuid for each in table.updated[GROUP]] == documented["applied"]


@pytest.mark.parametrize("records", [None, {}, {"0": 1}, "", "records", 7, True])
def test_an_event_whose_records_are_no_list_is_not_taken_for_a_success(records: Any) -> None:
    with pytest.raises(TypeError):
        apply({"Records": records}, FakeTable())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "number", [None, 7, True, ["1"], {"S": "1"}, "", " 1", "1.0", "-1", "\u0661", SECRET, "1" * 41]
)
def test_what_is_no_sequence_number_is_none(number: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Lambda would not know it, and nobody knows what it says."""
    caplog.set_level(logging.DEBUG)
    table = FakeTable()
    assert handle(table, damaged(eventName="TRUNCATE", SequenceNumber=number), record(message(1).to_item())) == [""]
    assert table.updated[GROUP] == [message(1)]
    assert SECRET not in str([JsonFormatter().format(each) for each in caplog.records])


@pytest.mark.parametrize("key", [["MSG#"], {"S": "MSG#"}, 7, None])
def test_a_key_that_is_no_text_is_not_taken_for_a_key_of_another_item(key: Any) -> None:
    odd = damaged(Keys={"pk": {"S": key}, "sk": ITEM["sk"]})
    assert handle(FakeTable(), odd) == ["7"]


@pytest.mark.parametrize(
    "change",
    [
        {"rev": {"N": "1" + "0" * 38}},
        {"rev": {"N": "-1"}},
        {"rev": {"N": "\u0661"}},
        {"rev": {"N": 1}},
        {"message": {"S": "\ud800"}},
        {"user_uuid": {"S": "\udfff"}},
    ],
)
def test_what_dynamodb_could_not_store_again_is_malformed_and_stops_no_other_of_its_group(change: Item) -> None:
    poison = record({**message(2).to_item(), **change}, 7)
    table = FakeTable()
    assert handle(table, record(message(1).to_item()), poison, record(message(3).to_item(), 3)) == ["7"]
    assert table.updated[GROUP] == [message(1), message(3)]
