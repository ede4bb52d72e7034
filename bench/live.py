"""What many idle listeners cost, whether they slow others down, and how long an event takes.

Of two servers one has the listeners and the other has none; both are asked in turn.
"""

from __future__ import annotations

import itertools
import json
import random
import statistics
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from bench.audience import Audience
from bench.caller import Caller, request_of
from bench.crowd import drive
from bench.figures import Answer, Figure, Goal, at_most, of_rounds, quantile
from bench.publish import shown
from bench.rounds import Pair
from bench.throughput import LEAST_SECONDS
from bench.town import TEXT
from bench.trial import Trial
from tests.api import Api, Person
from tests.servers import Server, api_server

LISTENERS = 500
MOST_MIB = 300
MOST_MS = 500
# Of what the same takes without listeners. The CPU's time is what others on the machine disturb least.
LIMIT = at_most(1.05)
ROUNDS, SECONDS, ASKS, CONNECTIONS = 7, 3.0, 100, 32
# Longer than the time between two looks of a stream.
IDLE_SECONDS = 75.0
PROBES, LOADED_PROBES = 300, 300
MEMBERS, GROUP_PROBES = 50, 40
MESSAGES = 60
LOAD_CONNECTIONS = 8
PAUSE_SECONDS = (0.01, 0.05)


@dataclass(frozen=True)
class Stage:
    """Somebody who reads, and a server with an audience beside one without."""

    api: Api
    reader: Person
    group: str
    quiet: Server
    server: Server

    @classmethod
    def of(cls, api: Api, quiet: Server, server: Server) -> Stage:
        reader, friend = api.person("reader"), api.person("friend")
        group = api.table.create_direct_message(friend.member, reader.member, TEXT).message_group_uuid
        for _ in range(MESSAGES):
            api.table.create_message(friend.member, group, TEXT)
        return cls(api, reader, group, quiet, server)

    @property
    def reading(self) -> bytes:
        return request_of("GET", f"/api/messages/{self.group}", self.reader.token)


def run(trial: Trial, listeners: int = LISTENERS, members: int = MEMBERS) -> Answer:
    rounds = trial.some(ROUNDS, least=1)
    trial.expect(rounds + 4)
    with trial.arena.api(hints=True) as api, api_server(trial.arena) as quiet, api_server(trial.arena) as server:
        stage = Stage.of(api, quiet, server)
        people = [api.person("listener") for _ in range(max(listeners, members))]
        for each in (quiet, server):
            drive(each.port, itertools.repeat(stage.reading), CONNECTIONS, LEAST_SECONDS)
        before = _held(server)
        with Audience(server.port, [person.token for person in people[:listeners]]) as audience:
            held = _held(server) - before
            figures = [Figure(f"memory of {listeners} idle listeners", held / 2**20, "MiB", goal=at_most(MOST_MIB))]
            idle = _idle(trial, server)
            figures.append(Figure(f"CPU of {listeners} idle listeners, with their looks", 100 * idle, "% of a core"))
            figures += _beside(trial, stage, rounds, listeners, idle)
            figures += _delivery(trial, stage, audience, people, members)
            assert len(audience) == listeners, "some streams have ended"
    return Answer(figures)


def _held(server: Server) -> int:
    """What the processes hold for themselves alone."""
    return sum(process.memory_full_info().uss for process in server.processes())


def _idle(trial: Trial, server: Server) -> float:
    """The share of a core."""
    seconds = max(LEAST_SECONDS, IDLE_SECONDS * trial.effort)
    before = _cpu(server)
    time.sleep(seconds)
    trial.advance(1)
    return (_cpu(server) - before) / seconds


def _cpu(server: Server) -> float:
    return sum(process.cpu_times().user + process.cpu_times().system for process in server.processes())


def _beside(trial: Trial, stage: Stage, rounds: int, listeners: int, idle: float) -> list[Figure]:
    """A first page with an audience, over one without. What the audience takes by itself is a figure of its own."""
    seconds = max(LEAST_SECONDS, SECONDS * trial.effort)
    # Requests a second, and CPU time for each.
    many: list[list[float]] = [[], []]
    costs: list[list[float]] = [[], []]
    pair = Pair()
    for number in range(rounds):
        servers = [stage.quiet, stage.server]
        # In turn, so that neither always comes second.
        for server in servers if number % 2 else servers[::-1]:
            before, begun = _cpu(server), time.monotonic()
            wave = drive(server.port, itertools.repeat(stage.reading), CONNECTIONS, seconds)
            used = _cpu(server) - before - (time.monotonic() - begun) * (idle if server is stage.server else 0)
            many[servers.index(server)].append(wave.per_second)
            # The system counts in hundredths of a second, and may have counted none.
            costs[servers.index(server)].append(1000 * max(used, 0.01) / len(wave.taken))
        with closing(Caller(stage.quiet.port)) as alone, closing(Caller(stage.server.port)) as beside:
            steps = (partial(beside.ask, stage.reading), partial(alone.ask, stage.reading))
            pair.play([steps] * trial.some(ASKS))
        trial.advance(1)
    name = f"A first page beside {listeners} listeners"
    return [
        _over(f"{name}, {CONNECTIONS} at once, CPU time of each", costs, "ms", LIMIT),
        _over(f"{name}, {CONNECTIONS} at once, requests/s", many),
        pair.median(f"{name}, 1 at once", LIMIT),
    ]


def _over(name: str, sides: list[list[float]], unit: str = "", goal: Goal | None = None) -> Figure:
    """The second side over the first."""
    ratios = [beside / alone for alone, beside in zip(*sides, strict=True)]
    alone, beside = map(statistics.median, sides)
    return of_rounds(name, ratios, "x without", goal, f"{shown(beside)} against {shown(alone)} {unit}".strip())


def _delivery(trial: Trial, stage: Stage, audience: Audience, people: list[Person], members: int) -> list[Figure]:
    """From when the request with the message goes out until its event has come in."""
    sender = stage.api.person("sender")
    groups = [stage.api.table.create_direct_message(sender.member, to.member, TEXT).message_group_uuid for to in people]
    first = stage.api.table.create_message_group(
        sender.member, [person.member for person in people[: members - 1]], "Everybody", TEXT
    )
    many = min(members - 1, len(audience))
    audience.heard(first.message_uuid, many)

    def one() -> float:
        return _taken(stage, audience, sender, random.choice(groups[: len(audience)]), 1)  # noqa: S311

    alone = [one() for _ in range(trial.some(PROBES))]
    trial.advance(1)
    loaded = _under_load(stage, trial.some(LOADED_PROBES), one)
    trial.advance(1)
    whole = [_taken(stage, audience, sender, first.message_group_uuid, many) for _ in range(trial.some(GROUP_PROBES))]
    trial.advance(1)
    load = f"{LOAD_CONNECTIONS} connections that read all the time"
    return [
        *_times("an event, nobody else", alone),
        *_times("an event, under load", loaded, load),
        *_times(f"the last of {many} events of a message to a group", whole),
    ]


def _taken(stage: Stage, audience: Audience, sender: Person, group: str, many: int) -> float:
    time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311
    # Sent to any of the workers, and not always to the one that has the listener.
    with closing(Caller(stage.server.port)) as caller:
        body = {"message": TEXT, "message_group_uuid": group}
        begun = time.perf_counter()
        sent = json.loads(caller.ask(request_of("POST", "/api/messages", sender.token, body)))
    return max(audience.heard(sent["uuid"], many)) - begun


def _under_load(stage: Stage, times: int, one: Callable[[], float]) -> list[float]:
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            drive(stage.server.port, itertools.repeat(stage.reading), LOAD_CONNECTIONS, 0.5)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        return [one() for _ in range(times)]
    finally:
        is_over.set()
        thread.join()


def _times(name: str, seconds: list[float], beside: str = "") -> list[Figure]:
    return [
        Figure(f"{name}, p50", 1000 * statistics.median(seconds), "ms", beside=beside),
        Figure(
            f"{name}, p99", 1000 * quantile(seconds, 0.99), "ms", goal=at_most(MOST_MS), beside=f"of {len(seconds)}"
        ),
    ]
