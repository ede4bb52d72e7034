"""How hard a proof tries: for how long, how many rounds, and with which luck."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, settings


class Refuted(AssertionError):
    """A guarantee does not hold. The text says which, and what was seen instead."""


@dataclass
class Trial:
    """Rounds go on until one of the limits is reached, but one is always played.

    A round takes all its luck from the seed that it is given, so that a trial of one round with the `last_seed` of a
    trial that failed plays the same round again.
    """

    seed: int
    seconds: float = float("inf")
    most_rounds: int | None = None
    advance: Callable[[int], object] = lambda _done: None
    last_seed: int = 0
    begun: float = field(default_factory=time.monotonic)

    def rounds(self) -> Iterator[int]:
        """The seed of each round."""
        played = 0
        while played == 0 or (self.elapsed < self.seconds and played != self.most_rounds):
            self.last_seed = self.seed + played
            yield self.last_seed
            played += 1

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.begun


Figures = dict[str, Any]


def made_up(most: int, phases: Sequence[Phase], **more: Any) -> settings:
    """For hypothesis: so many cases, which depend on nothing but their seed, however long each takes."""
    return settings(
        max_examples=most,
        phases=phases,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
        **more,
    )
