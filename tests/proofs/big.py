"""What is big costs the same to read as what is small: a group of very many messages, a group of as many members as
there may be, and a list of very many groups.

Calls and read units are the same, and the latency is within MOST_RATIO.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain

from backend_flask.lib.metering import Meter, meter
from tests.arena import Arena
from tests.proofs.histories import Histories, Look, histories
from tests.proofs.trial import Figures, Refuted, Trial

MOST_RATIO = 1.2
# Fewer rounds say nothing of latency.
ROUNDS_TO_TELL = 7
ASKS_A_ROUND = 15
FEW_MESSAGES, FEW_GROUPS = 150, 30
GROUPS_A_PAGE = 14


@dataclass(frozen=True)
class Sizes:
    members: int = 50
    groups: int = 2_000
    messages: int = 100_000


@dataclass(frozen=True)
class Pair:
    """`of` is what is big, `name` what is asked of it."""

    of: str
    name: str
    big: Look
    small: Look

    def ratio(self) -> float:
        """Of the medians, asked in turn, so that what else goes on is on both sides."""
        taken = [(self.big.take(), self.small.take()) for _ in range(ASKS_A_ROUND)]
        return statistics.median(big for big, _ in taken) / statistics.median(small for _, small in taken)


Ratios = dict[Pair, list[float]]


def run(arena: Arena, trial: Trial, sizes: Sizes | None = None) -> Figures:
    with histories(arena, advance=lambda _written: trial.advance(0)) as written:
        begun = time.monotonic()
        pairs = _pairs(written, sizes or Sizes())
        seeded_in = time.monotonic() - begun
        counted = meter(written.api.table.client)
        for pair in pairs:
            _cost_the_same(counted, pair)
        ratios = _ratios(trial, pairs)
    rounds = len(ratios[pairs[0]])
    slower = {pair: statistics.median(found) for pair, found in ratios.items()}
    if rounds >= ROUNDS_TO_TELL and _too_slow(ratios):
        raise Refuted(f"what is big takes longer than what is small: {[(p.of, p.name, n) for p, n in slower.items()]}")
    figures: Figures = {"reads": 2 * ASKS_A_ROUND * rounds * len(pairs), "s to write it all": round(seeded_in)}
    for of in dict.fromkeys(pair.of for pair in pairs):
        slowest = max(ratio for pair, ratio in slower.items() if pair.of == of)
        figures[f"times the latency of a small one at most: {of}"] = round(slowest, 2)
    return figures


def _ratios(trial: Trial, pairs: list[Pair]) -> Ratios:
    """Of each round. A long trial plays some more if its time was too short, or if noise may be the reason."""
    ratios: Ratios = defaultdict(list)
    more = 0 if trial.most_rounds else 2 * ROUNDS_TO_TELL
    for _ in chain(trial.rounds(), range(more)):
        if trial.elapsed > trial.seconds and len(ratios[pairs[0]]) >= ROUNDS_TO_TELL and not _too_slow(ratios):
            break
        for pair in pairs:
            ratios[pair].append(pair.ratio())
            trial.advance(2 * ASKS_A_ROUND)
    return ratios


def _too_slow(ratios: Ratios) -> bool:
    return max(map(statistics.median, ratios.values())) > MOST_RATIO


def _cost_the_same(counted: Meter, pair: Pair) -> None:
    costs = []
    for look in (pair.big, pair.small):
        look.take()
        counted.reset()
        look.take()
        costs.append((sorted(counted.calls), counted.read_units))
    if costs[0] != costs[1]:
        raise Refuted(f"{pair.of}, {pair.name}: big costs {costs[0]}, small {costs[1]}")


def _pairs(written: Histories, sizes: Sizes) -> list[Pair]:
    found = []
    for of, members, messages in [
        (f"{sizes.messages:,} messages", 2, sizes.messages),
        (f"{sizes.members} members", sizes.members, FEW_MESSAGES),
    ]:
        big, small = written.group(members, messages), written.group(2, FEW_MESSAGES)
        found += [Pair(of, name, big[name], small[name]) for name in big]
    busy, quiet = (written.list_of(groups, GROUPS_A_PAGE) for groups in (sizes.groups, FEW_GROUPS))
    return found + [Pair(f"{sizes.groups:,} groups", name, busy[name], quiet[name]) for name in busy]
