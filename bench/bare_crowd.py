"""Processes with threads that ask DynamoDB by a bare boto3 client, and Postgres, as fast as they can."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import psutil
from botocore.config import Config
from psycopg_pool import ConnectionPool

from backend_flask.lib.uuid7 import Uuid7
from bench.bare import Asked, client_of
from bench.crowd import Wave, wave_of
from tests.arena import Arena


@dataclass(frozen=True)
class Work:
    """What is asked in one turn: with an own uuid for each message, and another sender, as nobody may send too much."""

    asked: Asked
    new_id: str = ""
    sender: str = ""

    def turn(self, client: Any, pool: ConnectionPool, make_id: Callable[[], str]) -> None:
        if self.asked.queries:
            with pool.connection() as connection:
                for query in self.asked.queries:
                    query.renewed({self.sender: make_id()}).by(connection)()
        names = {self.new_id: make_id()} if self.new_id else {}
        for call in self.asked.calls:
            call.renewed(names).by(client)()


class BareCrowd:
    def __init__(self, pipes: list[Any], pids: list[int]) -> None:
        self._pipes = pipes
        self._pids = pids

    def processes(self) -> list[psutil.Process]:
        return [psutil.Process(pid) for pid in self._pids]

    def drive(self, name: str, threads: int, seconds: float) -> Wave:
        """`threads` altogether do the work of this name, over and over. Raises RuntimeError if a call fails."""
        busy = [(pipe, len(range(number, threads, len(self._pipes)))) for number, pipe in enumerate(self._pipes)]
        busy = [(pipe, own) for pipe, own in busy if own]
        for pipe, own in busy:
            pipe.send((name, own, seconds))
        told = [pipe.recv() for pipe, _ in busy]
        if any(isinstance(each, str) for each in told):
            raise RuntimeError(f"a bare call failed: {told}")
        taken = list(chain(*told))
        # The last turn of each thread came to its end too late.
        return wave_of(seconds, len(taken) - threads, taken)


@contextmanager
def bare_crowd(arena: Arena, processes: int, works: dict[str, Work]) -> Iterator[BareCrowd]:
    context = multiprocessing.get_context("spawn")
    pipes, started = [], []
    for _ in range(processes):
        ours, theirs = context.Pipe()
        started.append(context.Process(target=_serve, args=[arena, works, theirs], daemon=True))
        pipes.append(ours)
    for process in started:
        process.start()
    try:
        yield BareCrowd(pipes, [process.pid for process in started if process.pid])
    finally:
        for pipe in pipes:
            pipe.send(None)
        for process in started:
            process.join()


def _serve(arena: Arena, works: dict[str, Work], pipe: Any) -> None:
    # Ctrl-C reaches the whole process group; the other end of the pipe says when it is over.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Pools that are too small would make the threads wait for each other.
    client, make_id = client_of(arena, config=Config(max_pool_connections=128)), Uuid7()
    with ConnectionPool(arena.database_url, kwargs={"autocommit": True}, min_size=1, max_size=5) as pool:
        while asked := pipe.recv():
            name, threads, seconds = asked
            pipe.send(_wave(partial(works[name].turn, client, pool, make_id), threads, seconds))


def _wave(turn: Callable[[], None], threads: int, seconds: float) -> list[float] | str:
    """How long each turn took, or what went wrong."""
    taken: list[float] = []
    trouble: list[str] = []
    ends_at = time.perf_counter() + seconds

    def work() -> None:
        try:
            while time.perf_counter() < ends_at:
                begun = time.perf_counter()
                turn()
                taken.append(time.perf_counter() - begun)
        except Exception as error:  # noqa: BLE001  # whatever it is, the other process is to hear of it
            trouble.append(repr(error))

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return trouble[0] if trouble else taken
