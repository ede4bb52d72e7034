import json
import logging
from typing import Any

import pytest

from backend_flask.lib.ddb import DamagedMessageGroup
from backend_flask.lib.ddb_items import Change, MessageGroup, send_key_key
from backend_flask.logs import JsonFormatter
from lambdas.cruddur_messaging_stream.handler import apply
from tests.stream_records import (
    ANDREW,
    BAYKO,
    GROUP,
    OTHER_GROUP,
    SECRET,
    FakeTable,
    damaged,
    group_item,
    handle,
    message,
    record,
)


def test_an_empty_batch_is_a_success() -> None:
    table = FakeTable()
    assert apply({"Records": []}, table) == {"batchItemFailures": []}  # type: ignore[arg-type]
    assert table.calls == []


def test_a_batch_of_one_group_is_handed_over_in_one_piece() -> None:
    table = FakeTable()
    sent = [message(number) for number in range(10)]
    assert handle(table, *(record(each.to_item(), number) for number, each in enumerate(sent))) == []
    assert table.calls == [GROUP]
    assert table.updated[GROUP] == sent


def test_each_group_of_a_batch_is_handed_over_once() -> None:
    table = FakeTable()
    sent = [message(number, GROUP if number % 2 else OTHER_GROUP) for number in range(6)]
    assert handle(table, *(record(each.to_item(), number) for number, each in enumerate(sent))) == []
    assert sorted(table.calls) == [GROUP, OTHER_GROUP]


def test_an_edited_message_is_handed_over_too() -> None:
    table = FakeTable()
    assert handle(table, record(message(1).to_item(), name="MODIFY")) == []
    assert table.calls == [GROUP]


def test_everything_that_is_no_message_is_left_alone() -> None:
    row = MessageGroup.of(message(1), BAYKO, [ANDREW, BAYKO], None).to_item(BAYKO.uuid)
    change = Change("edit", GROUP, message(1).message_uuid, 1).to_item(BAYKO.uuid, 1, 2)
    send_key = {**send_key_key(ANDREW.uuid, "MSG#a key"), "body_hash": {"S": "x"}}
    table = FakeTable()
    own = [
        record(row),
        record(row, name="MODIFY"),
        record(group_item()),
        record(group_item(), name="REMOVE"),
        record(change),
        record(change, name="REMOVE"),
        record(send_key),
        record(send_key, name="MODIFY"),
        record(row, name="REMOVE"),
        record(send_key, name="REMOVE"),
        record(message(1).to_item(), name="REMOVE"),
    ]
    assert handle(table, *own) == []
    assert (table.calls, table.refreshed) == ([], [])


def test_a_message_group_that_has_changed_is_brought_up_once_after_its_messages() -> None:
    table = FakeTable()
    order: list[str] = table.calls
    table.refreshed = order
    changed = [record(group_item(), number, "MODIFY") for number in (1, 2)]
    assert handle(table, *changed, record(message(1, OTHER_GROUP).to_item(), 3)) == []
    assert order == [GROUP, OTHER_GROUP]
    order.clear()
    assert handle(table, changed[0], record(message(1).to_item(), 2)) == []
    assert (order, table.updated[GROUP]) == ([GROUP, GROUP], [message(1)])


def test_of_a_message_group_that_has_changed_the_new_image_is_not_looked_at() -> None:
    """It may be old already: the group is read again."""
    table = FakeTable()
    assert handle(table, record({**group_item(), "member_uuids": {"N": "5"}}, name="MODIFY")) == []
    assert table.refreshed == [GROUP]


@pytest.mark.parametrize("keys", [{"pk": {"S": f"MSG#{GROUP}"}}, {"pk": {"N": "5"}, "sk": {"S": "~GROUP"}}, [], None])
def test_a_change_of_a_message_group_that_cannot_be_told_is_named(keys: Any) -> None:
    bad = record(group_item(OTHER_GROUP), 7, "MODIFY")
    bad["dynamodb"]["Keys"] = keys
    table = FakeTable()
    assert handle(table, bad, record(group_item(), 1, "MODIFY")) == ["7"]
    assert table.refreshed == [GROUP]


def test_a_message_group_that_cannot_be_brought_up_names_all_its_records() -> None:
    table = FakeTable(**{GROUP: DamagedMessageGroup(GROUP)})
    records = [record(group_item(), 1, "MODIFY"), record(group_item(), 2, "MODIFY")]
    assert handle(table, *records, record(group_item(OTHER_GROUP), 3, "MODIFY")) == ["1", "2"]
    assert table.refreshed == [GROUP, OTHER_GROUP]


@pytest.mark.parametrize("name", ["Keys", "SequenceNumber"])
def test_what_was_removed_is_left_alone_whatever_else_it_says(name: str) -> None:
    odd = record(message(1).to_item(), name="REMOVE")
    del odd["dynamodb"][name]
    assert handle(FakeTable(), odd, {"eventName": "REMOVE"}) == []


def test_a_send_key_removed_by_time_to_live_is_left_alone() -> None:
    expired = record(send_key_key(ANDREW.uuid, "a key"), name="REMOVE")
    expired["userIdentity"] = {"principalId": "dynamodb.amazonaws.com", "type": "Service"}
    table = FakeTable()
    assert handle(table, expired) == []
    assert table.calls == []


ITEM = message(7, OTHER_GROUP).to_item()
MALFORMED = {
    "no NewImage": damaged(NewImage=None),
    "NewImage is a list": damaged(NewImage=[]),
    "NewImage is a text": damaged(NewImage="MSG"),
    "NewImage is empty": damaged(NewImage={}),
    "no keys": damaged(Keys=None),
    "keys are empty": damaged(Keys={}),
    "keys are a list": damaged(Keys=[1]),
    "keys without types": damaged(Keys={"pk": "MSG#1", "sk": "1"}),
    "no event name": damaged(eventName=None),
    "an event name that is not known": damaged(eventName="TRUNCATE"),
    "an event name that is a list": damaged(eventName=["INSERT"]),
    "a message without a sender": damaged(NewImage={name: ITEM[name] for name in ITEM if name != "user_uuid"}),
    "a message without a text": damaged(NewImage={name: ITEM[name] for name in ITEM if name != "message"}),
    "a message that is a number": damaged(NewImage=ITEM | {"message": {"N": "5"}}),
    "a message that is a bare number": damaged(NewImage=ITEM | {"message": {"S": 5}}),
    "a revision that is a text": damaged(NewImage=ITEM | {"rev": {"N": "many"}}),
    "an uuid that is none": damaged(NewImage=ITEM | {"sk": {"S": "nothing"}}),
    "an uuid that is spelled otherwise": damaged(NewImage=ITEM | {"sk": {"S": ITEM["sk"]["S"].replace("-", "")}}),
    "an instant that no calendar has": damaged(NewImage=ITEM | {"sk": {"S": "ffffffff-ffff-7fff-bfff-ffffffffffff"}}),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_record_fails_alone_and_the_good_ones_are_applied(name: str) -> None:
    table = FakeTable()
    good = [message(1), message(2, OTHER_GROUP), message(9)]
    records = [record(each.to_item(), number) for number, each in enumerate(good)]
    records.insert(1, MALFORMED[name])
    assert handle(table, *records) == ["7"]
    assert [each for group in table.updated.values() for each in group] == [good[0], good[2], good[1]]


@pytest.mark.parametrize("bad", [None, 5, "text", [], ["INSERT"], {}, {"dynamodb": None}, damaged(SequenceNumber=None)])
def test_a_record_that_cannot_be_named_fails_the_batch_after_the_good_ones_are_applied(bad: Any) -> None:
    # An empty identifier fails the whole batch, which Lambda then bisects: Lambda Developer Guide, "Configuring
    # partial batch response with DynamoDB and Lambda".
    malformed = bad if not isinstance(bad, dict) or "eventName" not in bad else {**bad, "eventName": "TRUNCATE"}
    table = FakeTable()
    failed = handle(table, record(message(1).to_item()), malformed, record(message(2).to_item(), 2))
    assert failed == [""]
    assert [each.message_uuid for each in table.updated[GROUP]] == [message(1).message_uuid, message(2).message_uuid]


def test_a_good_record_without_a_sequence_number_is_applied() -> None:
    table = FakeTable()
    unnamed = record(message(1).to_item())
    del unnamed["dynamodb"]["SequenceNumber"]
    assert handle(table, unnamed) == []
    assert table.updated[GROUP] == [message(1)]


@pytest.mark.parametrize("error", [DamagedMessageGroup(GROUP), RuntimeError("throttled"), TimeoutError()], ids=repr)
def test_a_group_in_trouble_fails_alone(error: Exception) -> None:
    table = FakeTable(**{GROUP: error})
    records = [record(message(n, GROUP if n % 2 else OTHER_GROUP).to_item(), n) for n in range(6)]
    assert handle(table, *records) == ["1", "3", "5"]
    assert len(table.updated[OTHER_GROUP]) == 3


def test_malformed_records_and_a_group_in_trouble_are_all_reported() -> None:
    table = FakeTable(**{GROUP: TimeoutError()})
    assert sorted(handle(table, record(message(1).to_item(), 1), MALFORMED["no keys"])) == ["1", "7"]


def test_a_record_of_another_table_fails_alone() -> None:
    # The sample event of "Using AWS Lambda with Amazon DynamoDB" is of another table: other keys, another view type.
    sample = {
        "eventID": "1",
        "eventVersion": "1.0",
        "dynamodb": {
            "Keys": {"Id": {"N": "101"}},
            "NewImage": {"Message": {"S": "New item!"}, "Id": {"N": "101"}},
            "StreamViewType": "NEW_AND_OLD_IMAGES",
            "SequenceNumber": "111",
            "SizeBytes": 26,
        },
        "awsRegion": "us-west-2",
        "eventName": "INSERT",
        "eventSourceARN": "arn:aws:dynamodb:us-east-2:123456789012:table/my-table/stream/2023-06-10T19:26:16.525",
        "eventSource": "aws:dynamodb",
    }
    table = FakeTable()
    assert handle(table, sample, record(message(1).to_item())) == ["111"]
    assert table.updated[GROUP] == [message(1)]


def test_logs_hold_no_text_of_a_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    table = FakeTable(**{OTHER_GROUP: ValueError(SECRET)})
    handle(table, record(message(1).to_item()), record(message(2, OTHER_GROUP).to_item(), 2), *MALFORMED.values())
    lines = [json.loads(JsonFormatter().format(each)) for each in caplog.records]
    assert SECRET not in str(lines)
    assert ANDREW.display_name not in str(lines)
    assert {line["event"] for line in lines} == {"record_malformed", "message_group_failed", "batch"}
    assert {name: lines[-1][name] for name in ("event", "records", "message_groups", "failed")} == {
        "event": "batch",
        "records": 2 + len(MALFORMED),
        "message_groups": 2,
        "failed": 1 + len(MALFORMED),
    }


def test_an_event_that_is_none_is_not_taken_for_a_success() -> None:
    with pytest.raises((KeyError, TypeError)):
        apply({}, FakeTable())  # type: ignore[arg-type]
