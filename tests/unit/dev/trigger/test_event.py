import json
from datetime import UTC, datetime
from typing import Any

import pytest

from dev.trigger.event import Context, event_of, lambda_record

ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/cruddur-messages/stream/2026-11-21T00:00:00.000"

# As boto3 returns it from GetRecords.
READ: dict[str, Any] = {
    "eventID": "c4ca4238a0b923820dcc509a6f75849b",
    "eventName": "INSERT",
    "eventVersion": "1.1",
    "eventSource": "aws:dynamodb",
    "awsRegion": "us-east-1",
    "dynamodb": {
        "ApproximateCreationDateTime": datetime(2026, 11, 21, 10, 0, 0, tzinfo=UTC),
        "Keys": {"pk": {"S": "MSG#g"}, "sk": {"S": "m"}},
        "NewImage": {
            "pk": {"S": "MSG#g"},
            "sk": {"S": "m"},
            "rev": {"N": "0"},
            "raw": {"B": b"\x00\xff"},
            "raws": {"BS": [b"a", b"b"]},
            "deep": {"L": [{"M": {"inner": {"B": b"hello"}}}]},
            "names": {"SS": ["x", "y"]},
            "nothing": {"NULL": True},
        },
        "SequenceNumber": "4421584500000000017450439091",
        "SizeBytes": 26,
        "StreamViewType": "NEW_IMAGE",
    },
}

# Written by hand after the sample event in the AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB".
HANDED_OVER: dict[str, Any] = {
    "eventID": "c4ca4238a0b923820dcc509a6f75849b",
    "eventName": "INSERT",
    "eventVersion": "1.1",
    "eventSource": "aws:dynamodb",
    "awsRegion": "us-east-1",
    "dynamodb": {
        "ApproximateCreationDateTime": 1795255200,
        "Keys": {"pk": {"S": "MSG#g"}, "sk": {"S": "m"}},
        "NewImage": {
            "pk": {"S": "MSG#g"},
            "sk": {"S": "m"},
            "rev": {"N": "0"},
            "raw": {"B": "AP8="},
            "raws": {"BS": ["YQ==", "Yg=="]},
            "deep": {"L": [{"M": {"inner": {"B": "aGVsbG8="}}}]},
            "names": {"SS": ["x", "y"]},
            "nothing": {"NULL": True},
        },
        "SequenceNumber": "4421584500000000017450439091",
        "SizeBytes": 26,
        "StreamViewType": "NEW_IMAGE",
    },
    "eventSourceARN": ARN,
}


def test_a_record_has_exactly_the_form_that_lambda_gives_it() -> None:
    assert lambda_record(READ, ARN) == HANDED_OVER


def test_a_whole_second_is_a_whole_number_and_milliseconds_are_kept() -> None:
    assert isinstance(lambda_record(READ, ARN)["dynamodb"]["ApproximateCreationDateTime"], int)
    created = datetime(2026, 11, 21, 10, 0, 0, 250_000, tzinfo=UTC)
    record = {**READ, "dynamodb": {**READ["dynamodb"], "ApproximateCreationDateTime": created}}
    assert lambda_record(record, ARN)["dynamodb"]["ApproximateCreationDateTime"] == 1795255200.25


def test_a_delete_by_time_to_live_carries_who_did_it() -> None:
    read = {**READ, "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}}
    assert lambda_record(read, ARN)["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def test_other_records_name_nobody() -> None:
    assert "userIdentity" not in lambda_record(READ, ARN)


def test_an_event_holds_json_and_is_a_copy() -> None:
    record = lambda_record(READ, ARN)
    event = event_of([record])
    assert json.loads(json.dumps(event)) == {"Records": [HANDED_OVER]}
    event["Records"][0]["dynamodb"].clear()
    assert record == HANDED_OVER


@pytest.mark.parametrize(("timeout", "low", "high"), [(30.0, 29_000, 30_000), (0.0, 0, 0)])
def test_the_context_counts_the_remaining_time_down_to_zero(timeout: float, low: int, high: int) -> None:
    context = Context("function", timeout)
    assert low <= context.get_remaining_time_in_millis() <= high
    assert context.function_name == "function"
    assert context.aws_request_id != Context("function", timeout).aws_request_id
