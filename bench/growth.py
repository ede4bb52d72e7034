"""Does a long history or a long list make reading slower or dearer?

Asked of the API in this process, as a network would only add noise. The calls of each request are made by a bare client
too: where those grow, it is the engine that grows.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from backend_flask.lib.metering import Meter, meter
from bench.bare import client_of, one_after_the_other, taken_down
from bench.figures import Answer, Curve, Figure, at_most
from bench.rounds import Pair, Step
from bench.trial import Trial
from tests.proofs.histories import MESSAGES_A_GROUP, Histories, Look, histories

MESSAGES = (100, 1_000, 10_000, 100_000, 1_000_000)
GROUPS = (10, 100, 1_000, 10_000)
# Even in the middle of the shortest list there is a page, and one more.
GROUPS_A_PAGE = 4
ROUNDS = 10
ASKS = 15
MOST = 1.1
# That take as long to write as one ask takes to be answered.
MESSAGES_AN_ASK = 20
MB = 1_000_000
# What is asked for, by what is written: `histories` names it in its words.
OF_A_GROUP = {
    "newest page": "A first page",
    "older page": "A older page",
    "unread count": "B with the unread count",
}
OF_A_LIST = {
    "list without counts": "B first page",
    "older list without counts": "B older page",
    "list": "B with counts",
}


@dataclass(frozen=True)
class Side:
    """What somebody asks for who has so much of it: through the API, and by a bare client."""

    size: int
    look: Look
    bare: Step


@dataclass
class Growth:
    """The same question of each size; what is timed is each of the bigger ones in turn with the smallest."""

    name: str
    what: str
    sides: list[Side]
    ours: dict[int, Pair] = field(default_factory=dict)
    bare: dict[int, Pair] = field(default_factory=dict)
    units: dict[int, float] = field(default_factory=dict)

    def play(self, asks: int) -> None:
        small, *bigger = self.sides
        for big in bigger:
            self.ours.setdefault(big.size, Pair()).play([(big.look.ask, small.look.ask)] * asks)
            self.bare.setdefault(big.size, Pair()).play([(big.bare, small.bare)] * asks)

    def count(self, counted: Meter) -> None:
        for side in self.sides:
            counted.reset()
            side.look.ask()
            self.units[side.size] = counted.read_units

    def latency(self) -> Figure:
        """Of the size that is slowest against the smallest, whichever it is."""
        slowest, smallest = max(self.ours, key=lambda size: _ratio(self.ours[size])), self.sides[0].size
        most = self.sides[-1].size
        latency = self.ours[slowest].median(f"{self.name}, {smallest:,} to {most:,} {self.what}", at_most(MOST))
        bare = f"bare boto3 {_ratio(self.bare[slowest]):.2f} x"
        return replace(latency, beside=f"{slowest:,} over {smallest:,}: {latency.beside}; {bare}")

    def cost(self) -> Figure:
        """What is cheaper than the others is as strange as what is dearer."""
        least, *_, most = sorted(self.units.values())
        return Figure(f"{self.name}, read units", most / least, "x", goal=at_most(1), beside=f"{most:g} units")

    def line(self, pairs: dict[int, Pair]) -> list[tuple[float, float]]:
        return [(self.sides[0].size, 1.0), *((size, _ratio(pair)) for size, pair in pairs.items())]


def run(trial: Trial) -> Answer:
    messages, groups = (sizes[: max(2, round(len(sizes) * trial.effort))] for sizes in (MESSAGES, GROUPS))
    rounds, asks = trial.some(ROUNDS), trial.some(ASKS)
    asked = rounds * asks * (len(OF_A_GROUP) * len(messages) + len(OF_A_LIST) * len(groups))
    trial.expect(sum(messages) + MESSAGES_A_GROUP * sum(groups) + MESSAGES_AN_ASK * asked)
    before = _held(trial.arena.folder)
    with histories(trial.arena, trial.advance) as written, closing(client_of(trial.arena)) as bare:
        begun = time.monotonic()
        of_groups = [written.group(2, size) for size in messages]
        seconds = time.monotonic() - begun
        of_lists = [written.list_of(size, GROUPS_A_PAGE) for size in groups]
        grown = (_held(trial.arena.folder) - before) / MB
        found = [
            *_growths(written, bare, OF_A_GROUP, "messages", dict(zip(messages, of_groups, strict=True))),
            *_growths(written, bare, OF_A_LIST, "groups", dict(zip(groups, of_lists, strict=True))),
        ]
        for _ in range(rounds):
            for growth in found:
                growth.play(asks)
                trial.advance(MESSAGES_AN_ASK * asks * len(growth.sides))
        _count(written, found)
    how_many = f"{sum(messages):,} messages"
    figures = [figure for growth in found for figure in (growth.latency(), growth.cost())]
    figures += [
        Figure("writing it", sum(messages) / seconds, "messages/s", beside=f"{how_many} in {seconds:.0f} s"),
        Figure("data of the engine", grown, "MB", beside=f"{how_many} and {sum(groups):,} groups"),
    ]
    return Answer(figures, [_curve("messages", "the history", found), _curve("groups", "the list", found)])


def _count(written: Histories, found: list[Growth]) -> None:
    """Only after all was timed: to count takes time too, and it cannot be switched off again."""
    counted = meter(written.api.table.client)
    for growth in found:
        growth.count(counted)


def _growths(
    written: Histories, bare: Any, names: dict[str, str], what: str, looks: dict[int, dict[str, Look]]
) -> Iterator[Growth]:
    for key, name in names.items():
        sides = [Side(size, by_key[key], _bare(written, bare, by_key[key])) for size, by_key in looks.items()]
        yield Growth(name, what, sides)


def _bare(written: Histories, bare: Any, look: Look) -> Step:
    """The calls behind a look, by a bare client."""
    steps = []
    for path in look.paths:
        with taken_down(written.api.table.client) as asked:
            replace(look, paths=(path,)).take()
        steps.append(one_after_the_other([call.by(bare) for call in asked.calls]))

    def one_of_them() -> None:
        random.choice(steps)()  # noqa: S311

    return one_of_them


def _ratio(pair: Pair) -> float:
    return statistics.median(pair.ratios())


def _curve(what: str, of: str, growths: list[Growth]) -> Curve:
    lines = {}
    for growth in growths:
        if growth.what == what:
            lines[growth.name] = growth.line(growth.ours)
            lines[f"{growth.name}, bare boto3"] = growth.line(growth.bare)
    title = f"Time to read, by the length of {of}"
    return Curve(f"growth-{what}", title, what, "times that of the shortest", lines, log_x=True)


def _held(folder: Path) -> int:
    """Bytes, of all files but those that are gone when their turn comes."""
    held = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            held += path.stat().st_size if path.is_file() else 0
    return held
