"""The time by which the current request must be answered, for everything that waits on a neighbour.

A promise like "503 within 5 seconds" cannot be kept by each neighbour's own timeout: they add up.
Where no deadline is set (scripts, the stream function) nothing is cut short.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


class DeadlineExceeded(Exception):
    """There is no time left to ask a neighbour; nothing was sent to it."""


def start(seconds: float) -> None:
    """From now on, everything in this context must end within so many seconds."""
    _ends_at.set(time.monotonic() + seconds)


def extend(seconds: float) -> None:
    """Moves the deadline, if there is one: what nobody here has to answer for takes none of the time."""
    ends_at = _ends_at.get()
    if ends_at is not None:
        _ends_at.set(ends_at + seconds)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is done inside must end within so many seconds, if the deadline does not come sooner anyway."""
    soon, ends_at = time.monotonic() + seconds, _ends_at.get()
    token = _ends_at.set(soon if ends_at is None else min(soon, ends_at))
    try:
        yield
    finally:
        _ends_at.reset(token)


def clear() -> None:
    _ends_at.set(None)


def remaining() -> float | None:
    """Seconds left, possibly negative, or None where nothing is cut short."""
    ends_at = _ends_at.get()
    return None if ends_at is None else ends_at - time.monotonic()
