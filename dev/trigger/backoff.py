"""Growing waits."""

from __future__ import annotations


class Backoff:
    """Seconds to wait: `first`, then `factor` times more each time, up to `longest`."""

    def __init__(self, first: float, factor: float, longest: float) -> None:
        self._first = first
        self._factor = factor
        self._longest = longest
        self._next = first

    def next(self) -> float:
        now = self._next
        self._next = min(self._longest, now * self._factor)
        return now

    def reset(self) -> None:
        self._next = self._first
