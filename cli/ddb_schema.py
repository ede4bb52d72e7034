"""How a table that is there compares with the one that the code defines."""

from __future__ import annotations

import time
from typing import Any

from backend_flask.lib.ddb import PATIENCE, MessageTable, definition
from backend_flask.lib.ddb_items import TTL_ATTRIBUTE

BACKUP_ATTEMPTS = 12
BACKUP_WAIT_SECONDS = 5


def describe(table: MessageTable) -> dict[str, Any] | None:
    """DescribeTable's answer, or None if there is no such table."""
    try:
        described: dict[str, Any] = table.client.describe_table(TableName=table.name)["Table"]
    except table.client.exceptions.ResourceNotFoundException:
        return None
    return described


def differences(table: MessageTable, described: dict[str, Any]) -> list[str]:
    """One line for each thing that is not as defined; nothing if the table is right."""
    wanted, found = _essence(definition(table.name)), _essence(described)
    lines = [f"{name}: defined {wanted[name]}, found {found[name]}" for name in wanted if wanted[name] != found[name]]
    ttl = _time_to_live(table)
    if ttl.get("AttributeName") != TTL_ATTRIBUTE or not str(ttl.get("TimeToLiveStatus")).startswith("ENABL"):
        lines.append(f"time to live: defined on {TTL_ATTRIBUTE}, found {ttl.get('TimeToLiveStatus', 'none')}")
    return lines


def complete(table: MessageTable, *, protect: bool) -> None:
    """Adds what a creation that was cut short has left out. `protect` adds what only AWS has."""
    if _time_to_live(table).get("TimeToLiveStatus") == "DISABLED":
        table.expire_items()
    if protect:
        table.client.update_table(TableName=table.name, DeletionProtectionEnabled=True)
        table.client.get_waiter("table_exists").wait(TableName=table.name, WaiterConfig=PATIENCE)
        _keep_backups(table)


def _time_to_live(table: MessageTable) -> dict[str, Any]:
    ttl: dict[str, Any] = table.client.describe_time_to_live(TableName=table.name)["TimeToLiveDescription"]
    return ttl


def _keep_backups(table: MessageTable) -> None:
    """AWS refuses for some seconds after a table was made (DynamoDB API Reference, UpdateContinuousBackups)."""
    for attempt in range(1, BACKUP_ATTEMPTS + 1):
        try:
            table.client.update_continuous_backups(
                TableName=table.name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
            )
        except table.client.exceptions.ContinuousBackupsUnavailableException:
            if attempt == BACKUP_ATTEMPTS:
                raise
            time.sleep(BACKUP_WAIT_SECONDS)
        else:
            return


def summary(described: dict[str, Any]) -> dict[str, str]:
    """A description for a person."""
    return {
        "table": described["TableName"],
        "status": described["TableStatus"],
        **_essence(described),
        "stream arn": str(described.get("LatestStreamArn")),
        "items": f"{described.get('ItemCount', 0)}, {described.get('TableSizeBytes', 0)} bytes, as last counted",
        "protected": "from deletion" if described.get("DeletionProtectionEnabled") else "no",
    }


def _essence(table: dict[str, Any]) -> dict[str, str]:
    """What of a definition or of a description decides how the table behaves, in words that can be compared."""
    billing = table.get("BillingMode") or table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    stream = table.get("StreamSpecification") or {}
    indexes = table.get("GlobalSecondaryIndexes") or []
    return {
        "keys": _keys(table),
        "attributes": ", ".join(
            sorted(f"{each['AttributeName']} {each['AttributeType']}" for each in table["AttributeDefinitions"])
        ),
        "billing": billing,
        "stream": str(stream.get("StreamViewType") if stream.get("StreamEnabled") else None),
        "indexes": "; ".join(
            sorted(f"{each['IndexName']} ({_keys(each)}, {each['Projection']['ProjectionType']})" for each in indexes)
        ),
        "local indexes": str(len(table.get("LocalSecondaryIndexes") or [])),
    }


def _keys(schema: dict[str, Any]) -> str:
    return ", ".join(f"{key['AttributeName']} {key['KeyType']}" for key in schema["KeySchema"])
