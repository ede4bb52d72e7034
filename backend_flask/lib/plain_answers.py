"""Takes DynamoDB's answers for the JSON that they are.

The SDK walks each attribute of an answer by its service model, which takes a third of the CPU of a page of messages,
and arrives at what the JSON said in the first place. The one exception are binary values, which it decodes: an answer
in which there may be some is left to it, and so are errors and whatever is not JSON.

The hook is botocore's `before-parse`, one of its public events: what is put into `customized_response_dict` becomes
part of the answer.
"""

from __future__ import annotations

from typing import Any

import orjson

# What the access patterns call. Others, like DescribeTable with its times, have answers that need the SDK.
OPERATIONS = ("GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem")
# How binary values begin. In a text the quotation marks would have a backslash in front.
_BINARY = (b'"B"', b'"BS"')


def take_as_json(dynamodb: Any) -> None:
    """From now on, for this client's OPERATIONS."""
    for operation in OPERATIONS:
        dynamodb.meta.events.register(f"before-parse.dynamodb.{operation}", _take)


def _take(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    body = response_dict["body"]
    if response_dict["status_code"] != 200 or any(mark in body for mark in _BINARY):
        return
    try:
        answer = orjson.loads(body)
    except ValueError:
        return
    if isinstance(answer, dict):
        # To the SDK, what is null is not there.
        customized_response_dict.update((name, value) for name, value in answer.items() if value is not None)
        response_dict["body"] = b"{}"
