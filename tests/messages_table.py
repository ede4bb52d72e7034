"""What the tests of the messages table share: people, faults on the wire, and patience with the index."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Member, Message, row_key

T = TypeVar("T")
_numbers = itertools.count(1)


def a_person() -> Member:
    number = next(_numbers)
    return Member(str(uuid.uuid4()), f"Person {number}", f"person{number}")


def row_of(table: MessageTable, user_uuid: str, group_uuid: str) -> Item | None:
    found: Item | None = table.client.get_item(
        TableName=table.name, Key=row_key(user_uuid, group_uuid), ConsistentRead=True
    ).get("Item")
    return found


def stored(table: MessageTable, group_uuid: str) -> list[Message]:
    """Every message of a message group, oldest first, read past the table's own methods."""
    pages = table.client.get_paginator("query").paginate(
        TableName=table.name,
        KeyConditionExpression="pk = :pk AND sk < :group",
        ExpressionAttributeValues={":pk": {"S": f"MSG#{group_uuid}"}, ":group": {"S": "~"}},
        ConsistentRead=True,
    )
    return [Message.from_item(item) for page in pages for item in page["Items"]]


def items_of(table: MessageTable, group_uuid: str) -> list[Item]:
    """All that lies in a message group's partition, as it lies there."""
    found: list[Item] = table.client.query(
        TableName=table.name,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"MSG#{group_uuid}"}},
        ConsistentRead=True,
    )["Items"]
    return found


def eventually(look: Callable[[], T], wanted: Callable[[T], bool], seconds: float = 5) -> T:
    """What `look` sees once it is as wanted, or at the end of the patience: the index follows its table."""
    give_up = time.monotonic() + seconds
    while not wanted(seen := look()) and time.monotonic() < give_up:
        time.sleep(0.005)
    return seen


def lose_answers(client: Any, operation: str, times: int = 1) -> list[int]:
    """The engine does what is asked and the answer is lost on the way; `times` counts. Gives the lost statuses."""
    session = URLLib3Session()
    lost: list[int] = []

    def lose(request: Any, **_: Any) -> None:
        if len(lost) < times:
            lost.append(session.send(request).status_code)
            raise ReadTimeoutError(endpoint_url=request.url)

    client.meta.events.register(f"before-send.dynamodb.{operation}", lose)
    return lost


def refuse(
    client: Any, operation: str, error: dict[str, Any], times: int = 10**6, of: Callable[[Any], bool] = lambda _: True
) -> list[str]:
    """The first calls, of those whose body is one `of` interest, are answered with an error and not done."""
    refused: list[str] = []

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if len(refused) >= times or not of(json.loads(request.body)):
            return None
        refused.append(operation)
        return AWSResponse(request.url, 400, HTTPHeaders(), Body(json.dumps(error).encode()))

    client.meta.events.register(f"before-send.dynamodb.{operation}", answer)
    return refused


def error(code: str, **more: Any) -> dict[str, Any]:
    return {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "a fault of the test", **more}


class Body:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Any:
        yield self._body
