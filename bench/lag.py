"""How long after a message was answered does the other member's list show it?

API and trigger are processes of their own; who sends and who looks asks over HTTP, again and again until it is there.
The traffic is that of `bin/prove load`, out of this same process.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

from bench.figures import Answer, Curve, Figure, of_rounds, quantile
from bench.trial import Trial
from tests.proofs.traffic import THINK_SECONDS, USERS, Load, lag, make_groups, visitors_of
from tests.proofs.visitor import Known, Visitor
from tests.servers import api_server, trigger

ROUNDS = 5
# In all rounds together.
IDLE_PROBES, LATE_PROBES, LOAD_SECONDS = 100, 25, 60
# Of traffic, for a message to be seen through it.
LEAST_SECONDS = 3.0
# Shorter than the shortest pause of the trigger, and longer than it takes until its pauses are at their longest.
SHORT_PAUSE_SECONDS, LONG_PAUSE_SECONDS = (0.0, 0.2), (1.5, 2.0)
IDLE, LATE, LOAD = "nobody else", "after a silence", "under load"


@dataclass
class Lags:
    """Seconds, one list a round. `requests` are those of the traffic meanwhile."""

    rounds: list[list[float]] = field(default_factory=list)
    requests: int = 0

    @property
    def all(self) -> list[float]:
        return list(chain(*self.rounds))

    def medians(self) -> list[float]:
        return [statistics.median(one) for one in self.rounds]


def run(trial: Trial, think: tuple[float, float] = THINK_SECONDS) -> Answer:
    """`think` is how many seconds somebody of the traffic does nothing, at least and at most."""
    rounds = trial.some(ROUNDS, least=1)
    measured = {name: Lags() for name in (IDLE, LATE, LOAD)}
    trial.expect(rounds * len(measured))
    with trial.arena.api() as api, trigger(trial.arena), api_server(trial.arena) as server:
        known, luck = Known(), random.Random(1)  # noqa: S311
        visitors, probes = (visitors_of(api, server, known, luck, number) for number in (USERS, 2))
        make_groups(api, known, visitors)
        seconds = max(LEAST_SECONDS, LOAD_SECONDS * trial.effort / rounds)
        ways: dict[str, Callable[[Lags], None]] = {
            IDLE: lambda lags: _alone(lags, probes, trial.some(IDLE_PROBES // ROUNDS), SHORT_PAUSE_SECONDS),
            LATE: lambda lags: _alone(lags, probes, trial.some(LATE_PROBES // ROUNDS, least=1), LONG_PAUSE_SECONDS),
            LOAD: lambda lags: _in_traffic(lags, probes, visitors, Load(seconds, lambda _requests: None, think)),
        }
        for _ in range(rounds):
            for name, measure in ways.items():
                # The first one only waits until the stream is drained of what was before.
                lag(*probes)
                measure(measured[name])
                trial.advance(1)
    return Answer(_figures(measured, measured[LOAD].requests / (rounds * seconds)), [_curve(measured)])


def _alone(lags: Lags, probes: list[Visitor], times: int, pause: tuple[float, float]) -> None:
    """The pauses differ, so as not to fall in step with the trigger's."""
    found = []
    for _ in range(times):
        time.sleep(random.uniform(*pause))  # noqa: S311
        found.append(lag(*probes))
    lags.rounds.append(found)


def _in_traffic(lags: Lags, probes: list[Visitor], visitors: list[Visitor], load: Load) -> None:
    before = sum(visitor.requests for visitor in visitors)
    work: list[Callable[[], None]] = [lambda: load.probe(*probes)]
    load.run(work + [lambda one=visitor: load.visit(one) for visitor in visitors])  # type: ignore[misc]
    lags.rounds.append(load.lags)
    lags.requests += sum(visitor.requests for visitor in visitors) - before


def _figures(measured: dict[str, Lags], requests_a_second: float) -> list[Figure]:
    figures = []
    for name, lags in measured.items():
        milliseconds = [1000 * seconds for seconds in lags.medians()]
        beside = f"{requests_a_second:.0f} requests/s of others" if name == LOAD else ""
        figures += [
            of_rounds(f"{name}, p50", milliseconds, "ms", beside=beside),
            Figure(f"{name}, p99", 1000 * quantile(lags.all, 0.99), "ms", beside=f"of {len(lags.all)} messages"),
        ]
    pairs = zip(measured[LOAD].medians(), measured[IDLE].medians(), strict=True)
    most = quantile(measured[LOAD].all, 0.99) / quantile(measured[IDLE].all, 0.99)
    return [
        *figures,
        of_rounds(f"{LOAD} over {IDLE}, p50", [loaded / idle for loaded, idle in pairs], "x"),
        Figure(f"{LOAD} over {IDLE}, p99", most, "x"),
    ]


def _curve(measured: dict[str, Lags]) -> Curve:
    lines: dict[str, list[tuple[float, float]]] = {}
    for name, lags in measured.items():
        found = sorted(lags.all)
        lines[name] = [(1000 * seconds, 100 * (number + 1) / len(found)) for number, seconds in enumerate(found)]
    title = "Messages that the other member's list shows"
    return Curve("lag", title, "ms after the answer to the send", "% of the messages", lines)
