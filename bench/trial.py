"""What a measurement is given: engines that nothing else uses, and how much effort it may make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.arena import Arena


@dataclass(frozen=True)
class Trial:
    """`effort` is 1 for a whole measurement; less of it only shows that the measurement still works.

    `advance` is told how many more steps of `expect` are done.
    """

    arena: Arena
    effort: float = 1.0
    expect: Callable[[int], object] = lambda _steps: None
    advance: Callable[[int], object] = lambda _steps: None

    def some(self, many: int, least: int = 2) -> int:
        """How many times to do what a whole measurement does `many` times."""
        return max(least, round(many * self.effort))
