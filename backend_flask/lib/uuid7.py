"""Ids that carry their time: UUID version 7 (RFC 9562, section 5.7), strictly increasing within a process."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable

_TAIL_BITS = 74  # rand_a (12) and rand_b (62), used together as one counter
_TAIL_LIMIT = 1 << _TAIL_BITS


def wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class Uuid7:
    """Makes ids in lower case. Each is greater than the one before it, whatever the clock does.

    Within one millisecond, and while the clock stands or steps back, the random tail is counted up by a
    random step (RFC 9562, section 6.2, method 2); a tail that overflows borrows the next millisecond.
    """

    def __init__(
        self, clock_ms: Callable[[], int] = wall_clock_ms, random_bits: Callable[[int], int] = secrets.randbits
    ) -> None:
        self._clock_ms = clock_ms
        self._random_bits = random_bits
        self._lock = threading.Lock()
        self._ms = -1
        self._tail = 0

    def __call__(self) -> str:
        with self._lock:
            now = self._clock_ms()
            if now > self._ms:
                self._ms, self._tail = now, self._fresh_tail()
            else:
                self._tail += 1 + self._random_bits(32)
                if self._tail >= _TAIL_LIMIT:
                    self._ms, self._tail = self._ms + 1, self._fresh_tail()
            return _compose(self._ms, self._tail)

    def _fresh_tail(self) -> int:
        # The highest bit stays free, so that a busy millisecond has room to count.
        return self._random_bits(_TAIL_BITS - 1)


def _compose(ms: int, tail: int) -> str:
    rand_a, rand_b = tail >> 62, tail & ((1 << 62) - 1)
    return str(uuid.UUID(int=ms << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b))
