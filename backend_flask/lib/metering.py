"""Counts what a boto3 client asks of DynamoDB: calls and capacity units, as the engine reports them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

_READS = {"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"}
_REPORTING = _READS | {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}


@dataclass
class Meter:
    """`calls` are operation names in order; units are those of the table and its indexes together."""

    calls: list[str] = field(default_factory=list)
    read_units: float = 0
    write_units: float = 0

    def reset(self) -> None:
        self.calls.clear()
        self.read_units = self.write_units = 0

    def __str__(self) -> str:
        return f"calls: {len(self.calls)}, read units: {self.read_units:g}, write units: {self.write_units:g}"


def meter(client: Any) -> Meter:
    """Starts to count what this client does from now on. A call that fails counts without units."""
    counted = Meter()

    def ask(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name in _REPORTING:
            params.setdefault("ReturnConsumedCapacity", "TOTAL")

    lock = threading.Lock()

    def count(model: Any, parsed: dict[str, Any], **_: Any) -> None:
        counted.calls.append(model.name)
        consumed = parsed.get("ConsumedCapacity") or []
        units = sum(part["CapacityUnits"] for part in (consumed if isinstance(consumed, list) else [consumed]))
        with lock:
            if model.name in _READS:
                counted.read_units += units
            else:
                counted.write_units += units

    client.meta.events.register("provide-client-params.dynamodb", ask)
    client.meta.events.register("after-call.dynamodb", count)
    return counted
