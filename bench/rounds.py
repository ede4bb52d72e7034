"""Two ways of doing the same, timed in turn, so that whatever else the machine does falls on both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain

from bench.figures import Figure, Goal, of_rounds, quantile

Step = Callable[[], object]


@dataclass
class Pair:
    """Seconds, one list a round."""

    ours: list[list[float]] = field(default_factory=list)
    theirs: list[list[float]] = field(default_factory=list)

    def play(self, steps: Iterable[tuple[Step, Step]]) -> None:
        """One round."""
        ours, theirs = [], []
        with _no_pauses():
            for our_step, their_step in steps:
                ours.append(seconds_of(our_step))
                theirs.append(seconds_of(their_step))
        self.ours.append(ours)
        self.theirs.append(theirs)

    def ratios(self) -> list[float]:
        """Of the medians of each round."""
        return [
            statistics.median(one) / statistics.median(other) for one, other in zip(self.ours, self.theirs, strict=True)
        ]

    def median(self, name: str, goal: Goal | None = None) -> Figure:
        ours, theirs = (1000 * statistics.median(chain(*side)) for side in (self.ours, self.theirs))
        return of_rounds(f"{name}, p50", self.ratios(), "x", goal, f"{ours:.2f} against {theirs:.2f} ms")

    def p99(self, name: str) -> Figure:
        """Of all rounds together: a round is too short to have a hundredth."""
        ours, theirs = (1000 * quantile(chain(*side), 0.99) for side in (self.ours, self.theirs))
        return Figure(f"{name}, p99", ours / theirs, "x", beside=f"{ours:.2f} against {theirs:.2f} ms")


def seconds_of(step: Step) -> float:
    begun = time.perf_counter()
    step()
    return time.perf_counter() - begun


@contextmanager
def _no_pauses() -> Iterator[None]:
    """The garbage of this process is collected between rounds, not in somebody's turn."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
