"""Whole items out of the table and into it, for backups: nothing here asks what an item says.

For scripts only: it scans.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import ClientError

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import GROUP_SK, TTL_ATTRIBUTE, Item

# BatchWriteItem takes no more (Amazon DynamoDB API Reference, BatchWriteItem).
BATCH = 25
_ATTEMPTS = 10
_WAIT_SECONDS = 0.05
_THROTTLED = {"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"}


def pages(table: MessageTable, after: Item | None) -> Iterator[tuple[list[Item], Item | None]]:
    """The items behind the key `after`, or all, page by page, each with the key to go on `after`; None at the end."""
    while True:
        start = {"ExclusiveStartKey": after} if after else {}
        page = table.client.scan(TableName=table.name, ConsistentRead=True, **start)
        after = page.get("LastEvaluatedKey")
        yield page["Items"], after
        if after is None:
            return


def is_empty(table: MessageTable) -> bool:
    return not table.client.scan(TableName=table.name, ConsistentRead=True, Limit=1)["Items"]


def key_of(item: Item) -> tuple[str, str]:
    return item["pk"]["S"], item["sk"]["S"]


def group_of_group_item(item: Item) -> str | None:
    """The message group whose own item this is."""
    pk, sk = key_of(item)
    return pk.removeprefix("MSG#") if pk.startswith("MSG#") and sk == GROUP_SK else None


def group_of_row(item: Item) -> str | None:
    """The message group of which this is somebody's row."""
    pk, sk = key_of(item)
    return sk if pk.startswith("GRP#") else None


def is_expired(item: Item, now: float) -> bool:
    """Whether DynamoDB may delete the item at any moment. `now` is in seconds since the epoch."""
    try:
        return float(item[TTL_ATTRIBUTE]["N"]) < now
    except (KeyError, ValueError):
        return False


def put(table: MessageTable, items: Sequence[Item], sleep: Callable[[float], None]) -> None:
    """Puts up to BATCH items with different keys, whatever lies there; what is throttled is tried again."""
    left: list[Any] = [{"PutRequest": {"Item": item}} for item in items]
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            answer = table.client.batch_write_item(RequestItems={table.name: left})
        except ClientError as error:
            if attempt == _ATTEMPTS or error.response["Error"]["Code"] not in _THROTTLED:
                raise
        else:
            left = answer["UnprocessedItems"].get(table.name, [])
        if not left:
            return
        sleep(random.uniform(0, _WAIT_SECONDS * 2**attempt))  # noqa: S311
    raise TimeoutError(f"DynamoDB still throttles after {_ATTEMPTS} attempts. Start again later")


def put_if_absent(table: MessageTable, item: Item) -> bool:
    """Whether the item was put; what lies there is never overwritten."""
    try:
        table.client.put_item(TableName=table.name, Item=item, ConditionExpression="attribute_not_exists(pk)")
    except table.client.exceptions.ConditionalCheckFailedException:
        return False
    return True
