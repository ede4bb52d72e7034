"""Many requests at once through the production server, against as many processes that ask DynamoDB and Postgres the
same with nothing around it, and against a route that does nothing."""

from __future__ import annotations

import itertools
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from os import cpu_count

import psutil

from bench.bare_crowd import BareCrowd, Work, bare_crowd
from bench.crowd import Wave, drive
from bench.figures import Answer, Curve, Figure, at_least, at_most, of_rounds, quantile
from bench.nothing import APP
from bench.town import HEALTH_CHECK, Endpoint, Town
from bench.trial import Trial
from tests.servers import api_server

CONCURRENCIES = (1, 8, 32, 128)
ROUNDS = 4
SECONDS = 2.0
# Long enough for an answer, on a machine that does a lot besides.
LEAST_SECONDS = 0.3
# Each core has two: while one waits for the engine, the other works.
PROCESSES = 2 * (cpu_count() or 1)
# More than this machine can answer in the time of a wave.
MOST_A_SECOND = 1_500
LEAST_OF_BARE, JUDGED_AT = 0.85, 32
MOST_OF_FAIR_SHARE, CROWDED_AT = 4, 128
SIDES = ("the API", "bare boto3", "a route that does nothing")

Drive = Callable[[int, float], Wave]
# Of each number of requests at once, those of each side.
Waves = dict[int, dict[str, list[Wave]]]


def run(trial: Trial, processes: int = PROCESSES, crowds: Sequence[int] = CONCURRENCIES) -> Answer:
    """`crowds` are how many requests are under way at once."""
    answer = Answer()
    settings = {"RATE_LIMITS": "on", "LOG_LEVEL": "info"}
    with (
        trial.arena.api(RATE_LIMITS="on") as api,
        api_server(trial.arena, workers=processes, **settings) as server,
        api_server(trial.arena, workers=processes, app=APP) as nothing,
    ):
        town = Town(api)
        endpoints = {each.name: each for each in town.endpoints() if each.name in {"A first page", "C"}}
        works = {name: _work(each) for name, each in endpoints.items()}
        trial.expect(len(endpoints) * len(crowds) * trial.some(ROUNDS, least=1))
        with bare_crowd(trial.arena, processes, works) as bare:
            for name, endpoint in endpoints.items():
                sides = _sides(endpoint, server.port, nothing.port, bare)
                waves = _played(trial, sides, crowds)
                answer.figures.append(_cpu(trial, name, sides, server.processes(), bare.processes()))
                answer.figures += _figures(name, waves)
                answer.curves.append(_curve(name, waves))
    return answer


def _work(endpoint: Endpoint) -> Work:
    request = endpoint.requests(1)[0]
    return Work(request.asked, request.new_id, request.sender)


def _sides(endpoint: Endpoint, port: int, nothing_port: int, bare: BareCrowd) -> dict[str, Drive]:
    def ours(connections: int, seconds: float) -> Wave:
        return drive(port, _raws(endpoint, seconds), connections, seconds)

    def theirs(connections: int, seconds: float) -> Wave:
        return bare.drive(endpoint.name, connections, seconds)

    def nothing(connections: int, seconds: float) -> Wave:
        return drive(nothing_port, itertools.repeat(HEALTH_CHECK), connections, seconds)

    return dict(zip(SIDES, (ours, theirs, nothing), strict=True))


def _raws(endpoint: Endpoint, seconds: float) -> Iterator[bytes]:
    return (request.raw for request in endpoint.requests(round(MOST_A_SECOND * (seconds + 1))))


def _played(trial: Trial, sides: dict[str, Drive], crowds: Sequence[int]) -> Waves:
    seconds = max(LEAST_SECONDS, SECONDS * trial.effort)
    for drive_side in sides.values():
        # Connections that are opened stay open.
        drive_side(max(crowds), seconds)
    waves: Waves = {many: defaultdict(list) for many in crowds}
    for many in crowds:
        for _ in range(trial.some(ROUNDS, least=1)):
            for side, drive_side in sides.items():
                waves[many][side].append(drive_side(many, seconds))
            trial.advance(1)
    return waves


def _figures(name: str, waves: Waves) -> list[Figure]:
    figures = []
    for many, sides in waves.items():
        ours, theirs, nothing = (sides[side] for side in SIDES)
        figures.append(
            of_rounds(
                f"{name}, {many} at once, requests/s",
                [one.per_second / other.per_second for one, other in zip(ours, theirs, strict=True)],
                "x bare boto3",
                at_least(LEAST_OF_BARE) if many == JUDGED_AT else None,
                f"{_middle(ours)} against {_middle(theirs)}; a route that does nothing {_middle(nothing)}",
            )
        )
        figures += [_p50(name, many, ours, theirs), _p99(name, many, ours)]
    return figures


def _cpu(
    trial: Trial, name: str, sides: dict[str, Drive], ours: list[psutil.Process], theirs: list[psutil.Process]
) -> Figure:
    """Of the processes that ask the neighbours, whatever those and the callers take."""
    seconds = max(LEAST_SECONDS, SECONDS * trial.effort)
    each = []
    for _ in range(trial.some(ROUNDS, least=1)):
        pair = []
        for side, processes in zip(SIDES, (ours, theirs), strict=False):
            before = _cpu_seconds(processes)
            wave = sides[side](JUDGED_AT, seconds)
            pair.append(1000 * (_cpu_seconds(processes) - before) / max(1, len(wave.taken)))
        each.append(pair)
    mine, bare = (statistics.median(pair[side] for pair in each) for side in (0, 1))
    ratios = [pair[0] / pair[1] for pair in each if pair[1]]
    return of_rounds(
        f"{name}, {JUDGED_AT} at once, CPU time",
        ratios or [1],
        "x bare boto3",
        beside=f"{mine:.2f} against {bare:.2f} ms",
    )


def _cpu_seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def _p50(name: str, many: int, ours: list[Wave], theirs: list[Wave]) -> Figure:
    pairs = [(quantile(one.taken, 0.5), quantile(other.taken, 0.5)) for one, other in zip(ours, theirs, strict=True)]
    return of_rounds(f"{name}, {many} at once, p50", [one / other for one, other in pairs], "x bare boto3")


def _p99(name: str, many: int, ours: list[Wave]) -> Figure:
    """Over what each would take if all were served alike: so many at once, divided by those answered in a second."""
    goal = at_most(MOST_OF_FAIR_SHARE) if many == CROWDED_AT else None
    shares = [quantile(wave.taken, 0.99) / (many / wave.per_second) for wave in ours]
    beside = f"{1000 * quantile((taken for wave in ours for taken in wave.taken), 0.99):.0f} ms"
    return of_rounds(f"{name}, {many} at once, p99", shares, "x the fair share", goal, beside)


def _middle(waves: list[Wave]) -> str:
    return f"{quantile((wave.per_second for wave in waves), 0.5):,.0f}"


def _curve(name: str, waves: Waves) -> Curve:
    lines = {
        side: [(float(many), quantile((wave.per_second for wave in sides[side]), 0.5)) for many, sides in waves.items()]
        for side in SIDES[:2]
    }
    file = f"throughput-{name.split(maxsplit=1)[0].lower()}"
    return Curve(file, f"{name}: requests a second", "at once", "requests/s", lines, log_x=True)
