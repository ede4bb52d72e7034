"""Takes failed records through the function again, each on its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dev.trigger.failed import FailedRecord, FailedRecords, Key
from dev.trigger.invoke import Invoke


def redrive(failures: FailedRecords, records: Iterable[FailedRecord], invoke: Invoke) -> int:
    """Tries each record once; those that succeed leave the file. Returns how many failed again.

    What was tried is written down even if this is cut short by an exception or an interrupt.
    """
    results: dict[Key, FailedRecord | None] = {}
    try:
        for failed in records:
            results[failed.key] = _try(failed, invoke)
    finally:
        if results:
            failures.settle(results)
    return sum(result is not None for result in results.values())


def _try(failed: FailedRecord, invoke: Invoke) -> FailedRecord | None:
    verdict = invoke([failed.record])
    if verdict.first_failed is None:
        return None
    return replace(failed, attempts=failed.attempts + 1, error=verdict.error)
