"""How the trigger is doing, seen from another process: from its files and from the stream itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.trigger import lock
from dev.trigger.checkpoint import Checkpoint
from dev.trigger.failed import FailedRecords
from dev.trigger.stream import Stream


@dataclass(frozen=True)
class Status:
    """`polled_at` is in seconds since the epoch, None if no trigger has run here. `lag_seconds` is the age of the
    oldest record that is not done, 0 if all are."""

    is_running: bool
    polled_at: float | None
    lag_seconds: float
    failed: int


def read(state_dir: Path, table: str, dynamodb: Any, streams: Any) -> Status:
    """Takes the clients that `dev.trigger.clients.clients` makes. Changes nothing.

    Raises:
        StreamLost: there is no such table, or it has no stream.
        DamagedFile: the file of failed records cannot be read.
    """
    return Status(
        is_running=lock.is_held(state_dir),
        polled_at=lock.polled_at(state_dir),
        lag_seconds=lag(state_dir, table, dynamodb, streams),
        failed=len(FailedRecords(state_dir).all()),
    )


def lag(state_dir: Path, table: str, dynamodb: Any, streams: Any, clock: Callable[[], float] = time.time) -> float:
    """The age in seconds of the oldest record behind the checkpoint, 0 if there is none. Raises StreamLost."""
    stream = Stream(dynamodb, streams, table, Checkpoint(state_dir))
    stream.refresh()
    waiting = [record for shard in stream.readable() for record in stream.read(shard, limit=1)]
    created = [float(record["dynamodb"]["ApproximateCreationDateTime"]) for record in waiting]
    return max(0.0, clock() - min(created)) if created else 0.0
