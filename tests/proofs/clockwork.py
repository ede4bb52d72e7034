"""Time that passes only when it is told to, and ids that carry it."""

from __future__ import annotations

import time

from backend_flask.lib.uuid7 import Uuid7

# A whole part of a second that a float holds exactly.
TICK_MS = 250
LIVED_THROUGH = {"a minute": 60, "an hour": 3_660, "two days": 172_900, "nine days": 777_700, "a month": 2_600_000}


class Clock:
    """Starts now and runs ahead: what expires by it has not expired for the engine, which would take it away."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.ms = int(time.time()) * 1000
        self._make_id = Uuid7(lambda: self.ms)

    def __call__(self) -> float:
        return self.ms / 1000

    def make_id(self) -> str:
        return self._make_id()

    def tick(self) -> None:
        self.ms += TICK_MS

    def live_through(self, seconds: int) -> None:
        self.ms += seconds * 1000
