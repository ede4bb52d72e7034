"""Lambda's form of stream records (AWS Lambda Developer Guide, "Using AWS Lambda with Amazon DynamoDB").

An event holds what JSON holds and nothing else: binary values are base64, times are numbers of seconds.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

Record = dict[str, Any]


def lambda_record(record: Record, stream_arn: str) -> Record:
    """A record as Lambda hands it to a function, from a record as GetRecords returns it."""
    made: Record = _plain(record)
    if "userIdentity" in made:
        # The API says PrincipalId and Type, Lambda says principalId and type.
        made["userIdentity"] = {name[0].lower() + name[1:]: value for name, value in made["userIdentity"].items()}
    made["eventSourceARN"] = stream_arn
    return made


def event_of(records: Sequence[Record]) -> dict[str, Any]:
    """The event of one invocation: a copy, so that nothing a function does to it is seen by the next one."""
    event: dict[str, Any] = json.loads(json.dumps({"Records": list(records)}))
    return event


def sequence_number(record: Record) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


class Context:
    """The part of Lambda's context object that functions use ("AWS Lambda context object in Python")."""

    def __init__(self, function_name: str, timeout: float) -> None:
        self.function_name = function_name
        self.aws_request_id = str(uuid.uuid4())
        self._ends_at = time.monotonic() + timeout

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self._ends_at - time.monotonic()) * 1000))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, datetime):
        seconds = value.timestamp()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(inner) for inner in value]
    return value
