"""A DynamoDB that exists only as botocore's `before-send` hook: nothing leaves the process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSResponse

from backend_flask.lib import deadline


class Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> Iterator[bytes]:
        yield self.body


class Dynamo:
    """Answers every call in the same way, so late that `seconds_left` remain; counts the calls."""

    def __init__(self, status: int = 200, body: dict[str, Any] | None = None, raw: bytes | None = None) -> None:
        self.status = status
        self.body = json.dumps(body or {}).encode() if raw is None else raw
        self.raises: Exception | None = None
        self.seconds_left: float | None = None
        self.calls = 0

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        self.calls += 1
        if self.seconds_left is not None:
            deadline.start(self.seconds_left)
        if self.raises:
            raise self.raises
        headers: Any = {"Content-Type": "application/x-amz-json-1.0"}
        return AWSResponse(request.url, self.status, headers, Raw(self.body))


def refusal(name: str, **fields: object) -> Dynamo:
    return Dynamo(400, {"__type": f"com.amazonaws.dynamodb.v20120810#{name}", "message": "no"} | fields)
