"""The proofs, and how much of the time each gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from tests.arena import Arena
from tests.proofs.trial import Figures, Trial


@dataclass(frozen=True)
class Proof:
    """`name` is also that of the module, whose `run(arena, trial)` raises if the claim does not hold.

    So many `players` play it on each of its engines, side by side, each with a seed of its own. `unit` is what a trial
    counts. `again` are the words that have one round played again.
    """

    name: str
    claim: str
    unit: str
    share: float
    engines: tuple[str, ...] = ("extenddb",)
    players: int = 1
    again: str = "--rounds 1"

    @property
    def run(self) -> Callable[[Arena, Trial], Figures]:
        found: Callable[[Arena, Trial], Figures] = import_module(f"tests.proofs.{self.name}").run
        return found


PROOFS = (
    Proof(
        "model",
        "every answer is as a plain model reckons it, and the rows are right after any delivery of the stream",
        "schedules",
        0.42,
        engines=("extenddb", "dynoxide"),
        players=2,
    ),
    Proof("faults", "whatever a neighbour does, one send key ends as one message", "stories", 0.04),
    Proof("kill", "every 200 is read after kill -9 of the API in the middle of many sends", "kills", 0.04),
    Proof("fuzz", "no request is answered 5xx, or in a way that the API page does not allow", "requests", 0.04),
    Proof("stream_fuzz", "no stream record keeps a good one from being applied", "batches", 0.02),
    Proof("damage", "bin/ddb/verify --repair mends every row, whatever was done to it", "rows", 0.035),
    Proof("big", "a group or a list costs the same to read however long it is", "reads", 0.07, again="--minutes 2"),
    Proof(
        "load",
        "under steady traffic there is no error, no missing row, and memory stays flat",
        "requests",
        0.335,
        again="--minutes 10",
    ),
)
