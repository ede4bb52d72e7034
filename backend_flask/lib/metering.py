"""Counts what is asked of DynamoDB, calls and capacity units as the engine reports them, and of Postgres.

Either all that one boto3 client does (`meter`), or what is done for one request, by whichever client and thread
(`start`, `watch`, `count_query`, `count_wait`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

_READS = {"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"}
_REPORTING = _READS | {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}

# Is told the operation, its units, and how often the SDK has tried again.
OnCall = Callable[[str, float, int], None]


@dataclass
class Meter:
    """`calls` are operation names in order; units are those of the table and its indexes together."""

    calls: list[str] = field(default_factory=list)
    read_units: float = 0
    write_units: float = 0
    retries: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def add(self, operation: str, units: float, retries: int) -> None:
        with self._lock:
            self.calls.append(operation)
            self.retries += retries
            if operation in _READS:
                self.read_units += units
            else:
                self.write_units += units

    def reset(self) -> None:
        self.calls.clear()
        self.read_units = self.write_units = self.retries = 0

    def __str__(self) -> str:
        return f"calls: {len(self.calls)}, read units: {self.read_units:g}, write units: {self.write_units:g}"


@dataclass
class RequestMeter(Meter):
    """`queries` are asked of Postgres, after `waited` seconds in all for a connection."""

    queries: int = 0
    waited: float = 0


_of_request: ContextVar[RequestMeter | None] = ContextVar("request_meter", default=None)


def meter(client: Any) -> Meter:
    """Starts to count what this client does from now on. A call that fails counts without units."""
    counted = Meter()
    _report(client, counted.add)
    return counted


def start() -> RequestMeter:
    """From now on, all that is done in this context, and in copies of it, counts into this one."""
    counted = RequestMeter()
    _of_request.set(counted)
    return counted


def stop() -> None:
    _of_request.set(None)


def watch(client: Any) -> None:
    """From now on, what this client does counts for the request that it is done for."""

    def add(operation: str, units: float, retries: int) -> None:
        counted = _of_request.get()
        if counted is not None:
            counted.add(operation, units, retries)

    _report(client, add)


def count_query(_: str) -> None:
    counted = _of_request.get()
    if counted is not None:
        counted.queries += 1


def count_wait(seconds: float) -> None:
    counted = _of_request.get()
    if counted is not None:
        counted.waited += seconds


def _report(client: Any, add: OnCall) -> None:
    """A call without any answer, such as one that came too late, is not reported."""

    def ask(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name in _REPORTING:
            params.setdefault("ReturnConsumedCapacity", "TOTAL")

    def count(model: Any, parsed: dict[str, Any], **_: Any) -> None:
        consumed = parsed.get("ConsumedCapacity") or []
        units = sum(part["CapacityUnits"] for part in (consumed if isinstance(consumed, list) else [consumed]))
        add(model.name, units, parsed["ResponseMetadata"].get("RetryAttempts", 0))

    # After those who look at what the caller has asked for.
    client.meta.events.register_last("provide-client-params.dynamodb", ask)
    client.meta.events.register("after-call.dynamodb", count)
