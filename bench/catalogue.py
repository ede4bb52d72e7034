"""The questions, one script each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from bench.figures import Answer
from bench.trial import Trial


@dataclass(frozen=True)
class Question:
    """`name` is also that of the module, whose `run(trial)` answers it. `minutes` is about how long that takes."""

    name: str
    asks: str
    minutes: float

    @property
    def run(self) -> Callable[[Trial], Answer]:
        found: Callable[[Trial], Answer] = import_module(f"bench.{self.name}").run
        return found


QUESTIONS = (
    Question("overhead", "how much longer does a request take than the bare boto3 calls that it makes?", 2),
    Question("throughput", "how many requests a second, next to bare boto3 and to a route that does nothing?", 4),
    Question("servers", "which worker class, and how many processes and threads?", 2),
    Question("sdk", "what does each setting of the boto3 client bring?", 1),
    Question("profiles", "where does the time of a request go?", 1.5),
    Question("start", "how long until the first answer, and how much is imported for it?", 1),
    Question("cost", "how many capacity units does a message take, and what does a million cost?", 1),
    Question("growth", "does a long history or a long list make reading slower or dearer?", 8),
    Question("lag", "how long after a message was answered does the other member's list show it?", 2),
    Question("live", "what do 500 idle listeners cost, do they slow others down, and how long does an event take?", 3),
)
