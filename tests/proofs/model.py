"""People who use the API in any order, a stream that an adversary delivers, and a reckoning that predicts all answers.

A schedule is what a few people do in turn or at once, with deliveries in between, while hours and days go by. At its
end the stream is drained, and everything is looked at once more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

from hypothesis import Phase, seed
from hypothesis.stateful import run_state_machine_as_test

from backend_flask.clients import client_of
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_changes import Changes
from backend_flask.lib.ddb_members import Membership
from backend_flask.services import messaging
from backend_flask.settings import load
from backend_flask.stores import EXTENSION
from tests.api import Api
from tests.arena import Arena
from tests.proofs.adversary import Adversary, StreamReader
from tests.proofs.clockwork import Clock
from tests.proofs.story_groups import Groups
from tests.proofs.story_messages import Messages
from tests.proofs.story_people import People
from tests.proofs.story_stream import Stream
from tests.proofs.trial import Figures, Trial, made_up

SCHEDULES_A_ROUND = 20
STEPS = 12
PHASES = (Phase.generate, Phase.shrink)


class Schedule(Messages, People, Stream, Groups):
    """All rules there are. Where rules need each other, the first that has one gives it."""


@contextmanager
def stage(arena: Arena) -> Iterator[type[Schedule]]:
    """Schedules on these engines."""
    in_force, clock = load(arena.environment()), Clock()
    # Who asks for what is not there would wait.
    with arena.api() as api, mock.patch.object(messaging, "NOT_FOUND_SECONDS", 0.001):
        _set_clock(api, clock)
        # A table of the function's own, which dies in the middle of its calls.
        table = MessageTable(client_of(in_force, "dynamodb"), arena.table_name, clock.make_id, clock)
        reader = StreamReader(table, client_of(in_force, "dynamodbstreams"))

        class Staged(Schedule):
            pass

        Staged.api, Staged.clock = api, clock
        Staged.adversary, Staged.changes = Adversary(table, reader), Changes(api.table, clock)
        yield Staged


def _set_clock(api: Api, clock: Clock) -> None:
    held = api.stores
    table = MessageTable(held.table.client, held.table.name, clock.make_id, clock)
    api.app.extensions[EXTENSION] = replace(
        held, table=table, membership=Membership(table, clock.make_id), make_id=clock.make_id
    )


def run(arena: Arena, trial: Trial, steps: int = STEPS) -> Figures:
    """Each round is SCHEDULES_A_ROUND schedules. Of those that fail, the shortest is looked for and printed."""
    play = made_up(SCHEDULES_A_ROUND, PHASES, stateful_step_count=steps)
    played = 0
    with stage(arena) as schedule:
        for number in trial.rounds():
            schedule.played = 0
            run_state_machine_as_test(seed(number)(schedule), settings=play)
            played += schedule.played
            trial.advance(schedule.played)
    return {"schedules": played}
