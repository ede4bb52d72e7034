"""Leaves a neighbour alone for a while after it has failed, for what can do without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Open after a failure. While it is open, one caller in each `pause` (seconds) may try whether all is well again.

    Usable by many threads or greenlets at once.
    """

    def __init__(self, pause: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause = pause
        self._clock = clock
        self._lock = threading.Lock()
        self._try_at: float | None = None
        self._is_trying = False

    def lets_through(self) -> bool:
        """Whether this caller may ask the neighbour; it then says how that went."""
        with self._lock:
            if self._try_at is None:
                return True
            now = self._clock()
            if now < self._try_at:
                return False
            self._try_at = now + self._pause
            self._is_trying = True
            return True

    def failed(self) -> bool:
        """Whether this failure is worth a word: it has opened it, or is that of the one who tried again."""
        with self._lock:
            is_news = self._try_at is None or self._is_trying
            self._is_trying = False
            self._try_at = self._clock() + self._pause
            return is_news

    def worked(self) -> bool:
        """Whether this success is the one that closed it."""
        with self._lock:
            was_open = self._try_at is not None
            self._try_at = None
            self._is_trying = False
            return was_open
