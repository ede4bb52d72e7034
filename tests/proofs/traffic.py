"""Many people who use the API at once, and one pair among them that looks how long a message takes to be shown."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field

from tests.api import Api
from tests.proofs.trial import Refuted
from tests.proofs.visitor import MARK, Known, Visitor
from tests.servers import Caller, Server

USERS = 50
FRIENDS = 4
GROUPS, GROUP_MEMBERS = 2, 12
# 50 people who think for so long keep two cores busy, and no busier than that.
THINK_SECONDS = (0.1, 0.7)
PROBE_PAUSE_SECONDS = 0.1
DRAIN_SECONDS = 30.0


@dataclass
class Load:
    """What happens at once, until the time is over or the first thing goes wrong."""

    seconds: float
    advance: Callable[[int], object]
    think: tuple[float, float] = THINK_SECONDS
    lags: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, work: list[Callable[[], None]]) -> None:
        """Raises what the first of them raised."""
        ends_at = time.monotonic() + self.seconds
        with ThreadPoolExecutor(len(work)) as threads:
            under_way = [threads.submit(self._watched, one) for one in work]
            try:
                self.over.wait(ends_at - time.monotonic())
            finally:
                self.over.set()
            for done in under_way:
                done.result()

    def _watched(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException:
            self.over.set()
            raise

    def visit(self, visitor: Visitor) -> None:
        with closing(visitor.caller):
            while not self.over.wait(visitor.luck.uniform(*self.think)):
                before = visitor.requests
                visitor.act()
                self.advance(visitor.requests - before)

    def probe(self, sender: Visitor, reader: Visitor) -> None:
        """Measures the lag over and over."""
        with closing(sender.caller), closing(reader.caller):
            while not self.over.wait(PROBE_PAUSE_SECONDS):
                self.lags.append(lag(sender, reader))


def lag(sender: Visitor, reader: Visitor) -> float:
    """How many seconds after the answer to a send the other's list shows it. Raises Refuted if it never does."""
    sent = sender.say(MARK, to=reader.person)
    answered = time.monotonic()
    while reader.shows() != sent:
        if time.monotonic() > answered + DRAIN_SECONDS:
            raise Refuted(f"a list does not show a message {DRAIN_SECONDS} s after it was answered")
    return time.monotonic() - answered


def visitors_of(api: Api, server: Server, known: Known, luck: random.Random, number: int) -> list[Visitor]:
    """So many people, each with friends among the others."""
    people = [api.person("load") for _ in range(number)]
    return [
        Visitor(
            person,
            luck.sample([other for other in people if other is not person], min(FRIENDS, number - 1)),
            Caller(server.port, person.token),
            random.Random(luck.random()),  # noqa: S311
            known,
        )
        for person in people
    ]


def make_groups(api: Api, known: Known, visitors: list[Visitor]) -> None:
    """Message groups of GROUP_MEMBERS each, among USERS visitors."""
    for number in range(GROUPS):
        creator, *others = [visitor.person.member for visitor in visitors[number :: USERS // GROUP_MEMBERS]]
        made = api.table.create_message_group(creator, others, f"Group {number}", MARK)
        known.add(made.message_group_uuid, made.message_uuid, MARK)
