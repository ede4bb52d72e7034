"""Times as people type them, and as the table orders them."""

from __future__ import annotations

import argparse
import uuid
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC).timestamp()


def instant(text: str) -> datetime:
    """An argument type: a date or a time in ISO 8601, in UTC if it names no offset."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no ISO 8601 time, such as 2026-11-21T18:30") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not 0 <= found.timestamp() < _END:
        raise argparse.ArgumentTypeError(f"{text!r} is not between the years 1970 and 9999")
    return found.astimezone(UTC)


def first_uuid_at(when: datetime) -> str:
    """A cursor before which all messages are older than `when`."""
    return str(uuid.UUID(int=(when - _EPOCH) // timedelta(milliseconds=1) << 80))


def text(when: datetime) -> str:
    """In the form of `created_at`, so that the two compare as text."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"
