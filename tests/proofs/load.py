"""Steady traffic of many people who write, list, page back and mark read, against the API and the trigger as processes.

There is no error, no row is ever missing, memory stays flat, and once the stream is drained every row is right.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import psutil

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_verify import differences, scan
from cli.people import members_by_uuid
from tests.api import Api
from tests.arena import Arena, table
from tests.messages_table import stored
from tests.proofs.traffic import DRAIN_SECONDS, THINK_SECONDS, USERS, Load, make_groups, visitors_of
from tests.proofs.trial import Figures, Refuted, Trial
from tests.proofs.visitor import MARK, Known, Visitor
from tests.secrets import Secrets
from tests.servers import Server, api_server, trigger

SAMPLE_PAUSE_SECONDS = 0.5
MOST_GROWTH = 0.10


@dataclass
class Memory:
    """How much a server and its workers hold, in bytes, from first to last."""

    server: Server
    samples: list[int] = field(default_factory=list)

    def watch(self, over: threading.Event) -> None:
        processes = self.server.processes()
        while not over.wait(SAMPLE_PAUSE_SECONDS):
            self.samples.append(_held_by(processes))

    @property
    def growth(self) -> float:
        """From the beginning to the end of what is left after the first third, in which caches and pools fill up.

        The medians of two quarters lie three quarters of that time apart.
        """
        warm = self.samples[len(self.samples) // 3 :]
        quarter = max(1, len(warm) // 4)
        return (statistics.median(warm[-quarter:]) / statistics.median(warm[:quarter]) - 1) / 0.75


def _held_by(processes: list[psutil.Process]) -> int:
    """Raises Refuted if one has ended: it would have taken its memory with it."""
    try:
        return sum(process.memory_info().rss for process in processes)
    except psutil.NoSuchProcess as gone:
        raise Refuted(f"process {gone.pid} has ended") from gone


def run(
    arena: Arena, trial: Trial, think: tuple[float, float] = THINK_SECONDS, most_growth: float = MOST_GROWTH
) -> Figures:
    """One round, however long. `think` is how many seconds somebody does nothing, at least and at most."""
    luck = random.Random(next(trial.rounds()))  # noqa: S311
    known, load, secrets = Known(), Load(trial.seconds, trial.advance, think), Secrets()
    with table(arena.dynamodb_endpoint) as made:
        own = replace(arena, table_name=made.name, folder=arena.folder / "load")
        with own.api() as api, trigger(own) as reader, api_server(own) as server:
            visitors, probes = (visitors_of(api, server, known, luck, number) for number in (USERS, 2))
            make_groups(api, known, visitors)
            memories = [Memory(server), Memory(reader)]
            work: list[Callable[[], None]] = [lambda: load.probe(*probes)]
            work += [lambda one=one: load.visit(one) for one in visitors]  # type: ignore[misc]
            work += [lambda one=one: one.watch(load.over) for one in memories]  # type: ignore[misc]
            load.run(work)
            _is_right_in_the_end(api, made, known)
        for visitor in visitors:
            secrets.remember_token("a token", visitor.person.token)
        secrets.remember("a message", MARK)
        if found := secrets.found_in(own.folder / "logs"):
            raise Refuted(f"secrets are logged: {found}")
    for memory, name in zip(memories, ("API", "trigger"), strict=True):
        if memory.growth > most_growth:
            raise Refuted(f"the memory of the {name} grows by {memory.growth:.1%}: {memory.samples}")
    return _figures(load, memories, [*visitors, *probes], known)


def _figures(load: Load, memories: list[Memory], visitors: list[Visitor], known: Known) -> Figures:
    requests = sum(visitor.requests for visitor in visitors)
    cuts = statistics.quantiles(load.lags, n=100)
    return {
        "requests": requests,
        "requests a second": round(requests / load.seconds),
        "messages": sum(len(known.of(group)) for group in known.groups),
        "ms until the other's list shows a message (p50)": round(1000 * cuts[49]),
        "ms (p99)": round(1000 * cuts[98]),
        "% more memory of the API at the end": round(100 * memories[0].growth, 1),
        "% of the trigger": round(100 * memories[1].growth, 1),
    }


def _is_right_in_the_end(api: Api, made: MessageTable, known: Known) -> None:
    """Each message is stored once, as it was answered, and the stream brings every row up to them."""
    for group in known.groups:
        found = {message.message_uuid: message.message for message in stored(made, group)}
        if found != known.of(group):
            raise Refuted(f"{group} holds {found} instead of {known.of(group)}")
    give_up = time.monotonic() + DRAIN_SECONDS
    while wrong := list(differences(made, lambda uuids: members_by_uuid(api.stores.db, uuids), scan(made))):
        if time.monotonic() > give_up:
            raise Refuted(f"{len(wrong)} rows are not as their messages say, such as: {wrong[0]}")
        time.sleep(0.1)
