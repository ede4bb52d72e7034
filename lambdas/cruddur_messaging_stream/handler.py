"""The stream function: access pattern E on AWS Lambda, and on a laptop by `dev/trigger`.

In: an event of the table's stream (AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB").
Out: `{"batchItemFailures": [{"itemIdentifier": <sequence number>}, ...]}` for the records that could not be applied.
Good records are applied whatever the others are. Messages, new and changed, and changes of message groups are applied;
everything else is left alone, the function's own updates among it.
"""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Message, changed_group_uuid, is_message_key

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

Record = dict[str, Any]
_EVENT_NAMES = ("INSERT", "MODIFY", "REMOVE")


def handler(event: dict[str, Any], context: object) -> dict[str, list[dict[str, str]]]:  # noqa: ARG001
    """The entry point: `lambdas.cruddur_messaging_stream.handler.handler`."""
    return apply(event, _table())


def apply(event: dict[str, Any], table: MessageTable) -> dict[str, list[dict[str, str]]]:
    """Raises KeyError or TypeError if the event has no list of records, and nothing else, whatever is in them."""
    records = event["Records"]
    if not isinstance(records, list):
        raise TypeError("the records are no list")
    groups: dict[str, _ToApply] = defaultdict(_ToApply)
    failed: list[str] = []
    for record in records:
        try:
            _sort(record, groups)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with a record must not stop the others
            failed.append(_sequence_number(record))
            _log("record_malformed", record=failed[-1], error=type(error).__name__)
    for group_uuid, to_apply in groups.items():
        try:
            if to_apply.messages:
                table.update_message_groups(to_apply.messages)
            if to_apply.has_changed:
                table.refresh_message_group(group_uuid)
        except Exception as error:  # noqa: BLE001  # one group's trouble must not stop the other groups
            failed += to_apply.numbers
            _log("message_group_failed", message_group_uuid=group_uuid, error=type(error).__name__)
    _log("batch", records=len(records), message_groups=len(groups), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


@dataclass
class _ToApply:
    """What a batch says of one message group, and the numbers of the records that say it."""

    messages: list[Message] = field(default_factory=list)
    has_changed: bool = False
    numbers: list[str] = field(default_factory=list)


def _sort(record: Record, groups: dict[str, _ToApply]) -> None:
    """Puts a record to its message group, if it tells of a message or of a change of the group."""
    event = record["eventName"]
    if event not in _EVENT_NAMES:
        raise ValueError("an event name that is not known")
    if event == "REMOVE":
        return
    keys = record["dynamodb"]["Keys"]
    if is_message_key(keys):
        message = Message.from_item(record["dynamodb"]["NewImage"])
        to_apply = groups[message.message_group_uuid]
        to_apply.messages.append(message)
    elif event == "MODIFY" and (group_uuid := changed_group_uuid(keys)) is not None:
        to_apply = groups[group_uuid]
        to_apply.has_changed = True
    else:
        return
    to_apply.numbers.append(_sequence_number(record))


def _sequence_number(record: Record) -> str:
    """Empty where a record has none that could be one: Lambda then retries the whole batch, which is all that can be
    done, and the log does not show what stands in its place.

    Sources: AWS Lambda Developer Guide, "Configuring partial batch response with DynamoDB and Lambda"; DynamoDB
    Streams API Reference, StreamRecord.
    """
    try:
        number = record["dynamodb"]["SequenceNumber"]
    except (KeyError, TypeError):
        return ""
    is_one = isinstance(number, str) and number.isascii() and number.isdigit() and len(number) <= 40
    return number if is_one else ""


@cache
def _table() -> MessageTable:
    client = boto3.client(
        "dynamodb",
        config=Config(connect_timeout=1, read_timeout=2, retries={"mode": "standard", "total_max_attempts": 3}),
    )
    return MessageTable(client, os.environ["DDB_MESSAGE_TABLE"], make_id=_no_ids)


def _no_ids() -> str:
    raise NotImplementedError("the stream function creates no messages")


def _log(event: str, **fields: object) -> None:
    """One JSON object a line, by Lambda's JSON log format and by `dev/trigger`: the event is the message."""
    log.info(event, extra=fields)
