"""What a measurement says: figures with their goals, and curves."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goal:
    """A limit that a figure is to keep to."""

    limit: float
    at_most: bool = True

    def is_met_by(self, value: float) -> bool:
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.limit:g}"


def at_most(limit: float) -> Goal:
    return Goal(limit)


def at_least(limit: float) -> Goal:
    return Goal(limit, at_most=False)


@dataclass(frozen=True)
class Figure:
    """`lowest` and `highest` are those of the rounds of one run. `beside` is what else a reader wants to know of it."""

    name: str
    value: float
    unit: str
    lowest: float | None = None
    highest: float | None = None
    goal: Goal | None = None
    beside: str = ""

    @property
    def is_missed(self) -> bool:
        return self.goal is not None and not self.goal.is_met_by(self.value)


@dataclass(frozen=True)
class Curve:
    """A drawing of one or more lines; `name` is that of the file."""

    name: str
    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]
    log_x: bool = False


@dataclass
class Answer:
    figures: list[Figure] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    # Longer texts to be kept beside the table, by the name of their file.
    texts: dict[str, str] = field(default_factory=dict)


def of_rounds(name: str, values: Sequence[float], unit: str, goal: Goal | None = None, beside: str = "") -> Figure:
    """The median of the rounds, and how far apart they were."""
    return Figure(name, statistics.median(values), unit, min(values), max(values), goal, beside)


def quantile(values: Iterable[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
