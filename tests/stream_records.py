"""Records of the table's stream as Lambda hands them over, and a table that only remembers what it is given."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from backend_flask.lib.ddb_items import Group, Item, Member, Message
from lambdas.cruddur_messaging_stream.handler import apply

ANDREW = Member("11111111-1111-4111-8111-111111111111", "Andrew Brown", "andrewbrown")
BAYKO = Member("22222222-2222-4222-8222-222222222222", "Andrew Bayko", "bayko")
GROUP = "33333333-3333-4333-8333-333333333333"
OTHER_GROUP = "44444444-4444-4444-8444-444444444444"
SECRET = "the text of a message"

Record = dict[str, Any]


class FakeTable:
    """Records what it is asked to do; the groups in `trouble` raise."""

    def __init__(self, **trouble: Exception) -> None:
        self.trouble = trouble
        self.updated: dict[str, list[Message]] = defaultdict(list)
        self.calls: list[str] = []
        self.refreshed: list[str] = []

    def update_message_groups(self, messages: Iterable[Message]) -> None:
        given = list(messages)
        (group_uuid,) = {message.message_group_uuid for message in given}
        self.calls.append(group_uuid)
        if group_uuid in self.trouble:
            raise self.trouble[group_uuid]
        self.updated[group_uuid] += given

    def refresh_message_group(self, group_uuid: str) -> None:
        self.refreshed.append(group_uuid)
        if group_uuid in self.trouble:
            raise self.trouble[group_uuid]


def message(number: int, group_uuid: str = GROUP) -> Message:
    message_uuid = str(uuid.UUID(int=(1_795_262_400_000 + number) << 80 | 0x7 << 76 | 0b10 << 62))
    return Message(group_uuid, message_uuid, ANDREW.uuid, ANDREW.display_name, ANDREW.handle, SECRET)


def group_item(group_uuid: str = GROUP) -> Item:
    first = message(0, group_uuid)
    return Group(group_uuid, frozenset({ANDREW.uuid, BAYKO.uuid}), ANDREW.uuid, first.created_at, "a title").to_item()


def record(item: Item, number: object = 1, name: str = "INSERT") -> Record:
    """As the Lambda Developer Guide shows one in "Using AWS Lambda with Amazon DynamoDB"."""
    return {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "us-east-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_262_400,
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            **({} if name == "REMOVE" else {"NewImage": item}),
            "SequenceNumber": str(number),
            "SizeBytes": 26,
            "StreamViewType": "NEW_IMAGE",
        },
        "eventSourceARN": "arn:aws:dynamodb:us-east-1:123456789012:table/cruddur/stream/2026-11-21T00:00:00.000",
    }


def failures(response: dict[str, list[dict[str, str]]]) -> list[str]:
    assert response.keys() == {"batchItemFailures"}
    assert all(failure.keys() == {"itemIdentifier"} for failure in response["batchItemFailures"])
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def handle(table: FakeTable, *records: Any) -> list[str]:
    return failures(apply({"Records": list(records)}, table))  # type: ignore[arg-type]


def damaged(**changes: Any) -> Record:
    """A record of a message, of which parts are replaced, or left out where the change is None."""
    whole = record(message(7, OTHER_GROUP).to_item(), 7)
    for name, value in changes.items():
        holder = whole if name in whole else whole["dynamodb"]
        if value is None:
            del holder[name]
        else:
            holder[name] = value
    return whole
