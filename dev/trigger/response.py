"""What a function's answer says about a batch.

Source: AWS Lambda Developer Guide, "Configuring partial batch response with DynamoDB and Lambda".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dev.trigger.event import Record, sequence_number


@dataclass(frozen=True)
class Verdict:
    """The batch is done before the record at `first_failed`, or whole if that is None.

    `error` is a class name or a word, never a text: texts may hold messages.
    """

    first_failed: int | None
    error: str = ""


DONE = Verdict(None)
INVALID = Verdict(0, "InvalidResponse")


def verdict(response: Any, records: Sequence[Record]) -> Verdict:
    """The lowest failed record counts, and everything behind it is tried again.

    No answer and an empty one mean success. An answer that names a record which is not in the batch, or that
    is not of the form, fails the whole batch.
    """
    if response is None:
        return DONE
    if not isinstance(response, dict):
        return INVALID
    failures = response.get("batchItemFailures")
    if failures is None or failures == []:
        return DONE
    if not isinstance(failures, list):
        return INVALID
    places = {sequence_number(record): place for place, record in enumerate(records)}
    try:
        return Verdict(min(places[failure["itemIdentifier"]] for failure in failures), "BatchItemFailure")
    except (KeyError, TypeError):
        return INVALID
