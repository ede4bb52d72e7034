"""Worker class, processes and threads: the same requests through gunicorn, set up in several ways."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from os import cpu_count

from bench.crowd import Wave, drive
from bench.figures import Answer, Figure, of_rounds, quantile
from bench.throughput import LEAST_SECONDS, MOST_A_SECOND, PROCESSES
from bench.town import Endpoint, Town
from bench.trial import Trial
from tests.servers import Server, api_server

CONNECTIONS = 32
ROUNDS = 3
SECONDS = 2.0
CORES = cpu_count() or 1


def _threads(workers: int, threads: int) -> tuple[int, tuple[str, ...]]:
    return workers, ("--worker-class", "gthread", "--threads", str(threads))


# How many workers, and what gunicorn is told besides.
Ways = dict[str, tuple[int, tuple[str, ...]]]

# The first is what the API is served with.
WAYS: Ways = {
    f"{PROCESSES} processes with greenlets": (PROCESSES, ()),
    f"{CORES} processes with greenlets": (CORES, ()),
    f"{PROCESSES} processes with {CONNECTIONS // PROCESSES} threads": _threads(PROCESSES, CONNECTIONS // PROCESSES),
    f"{PROCESSES} processes with {CONNECTIONS} threads": _threads(PROCESSES, CONNECTIONS),
    f"{CORES} processes with {CONNECTIONS // CORES} threads": _threads(CORES, CONNECTIONS // CORES),
}


def run(trial: Trial, ways: Ways | None = None) -> Answer:
    answer = Answer()
    with ExitStack() as running, trial.arena.api(RATE_LIMITS="on") as api:
        town = Town(api)
        endpoints = [each for each in town.endpoints() if each.name in {"A first page", "C"}]
        servers = {
            name: running.enter_context(api_server(trial.arena, workers=workers, options=options, RATE_LIMITS="on"))
            for name, (workers, options) in (ways or WAYS).items()
        }
        trial.expect(len(endpoints) * trial.some(ROUNDS, least=1))
        for endpoint in endpoints:
            answer.figures += _figures(endpoint.name, _played(trial, endpoint, servers))
        answer.figures += [_memory(name, server) for name, server in servers.items()]
    return answer


def _played(trial: Trial, endpoint: Endpoint, servers: dict[str, Server]) -> dict[str, list[Wave]]:
    seconds = max(LEAST_SECONDS, SECONDS * trial.effort)
    waves: dict[str, list[Wave]] = {name: [] for name in servers}
    for number in range(-1, trial.some(ROUNDS, least=1)):
        for name, server in servers.items():
            requests = (request.raw for request in endpoint.requests(round(MOST_A_SECOND * (seconds + 1))))
            wave = drive(server.port, requests, CONNECTIONS, seconds)
            # The first round only warms up.
            if number >= 0:
                waves[name].append(wave)
        trial.advance(number >= 0)
    return waves


def _figures(endpoint: str, waves: dict[str, list[Wave]]) -> list[Figure]:
    chosen = [wave.per_second for wave in next(iter(waves.values()))]
    figures = []
    for name, own in waves.items():
        ratios = [wave.per_second / first for wave, first in zip(own, chosen, strict=True)]
        p99 = statistics.median(quantile(wave.taken, 0.99) for wave in own)
        many = statistics.median(wave.per_second for wave in own)
        beside = f"{many:,.0f} requests/s, p99 {1000 * p99:.0f} ms"
        figures.append(of_rounds(f"{endpoint}, {name}", ratios, "x the requests/s of the first", beside=beside))
    return figures


def _memory(name: str, server: Server) -> Figure:
    """What the processes hold for themselves alone."""
    held = sum(process.memory_full_info().uss for process in server.processes())
    return Figure(f"memory, {name}", held / 2**20, "MiB")
