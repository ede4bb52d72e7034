"""What bench/units.py writes down is what the engine counts, to the unit.

ExtendDB and dynoxide count alike, but for the entries of the index in a transaction: dynoxide counts them once, as
DynamoDB does, and ExtendDB not at all.
"""

from collections.abc import Iterator

import pytest

from bench.cost import BATCHES, KINDS, Counting, new_group, requests, run, sends
from bench.trial import Trial
from bench.units import NEW_DIRECT_GROUP, REQUESTS, SEND, Units, message, spread
from tests.arena import Arena


@pytest.fixture
def counting(arena: Arena) -> Iterator[Counting]:
    with arena.api() as api:
        yield Counting(api)


def test_each_request_takes_the_units_that_are_written_down(counting: Counting) -> None:
    assert requests(counting) == REQUESTS


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("members", KINDS)
def test_a_batch_costs_one_update_a_member_however_many_messages_it_holds(
    counting: Counting, members: int, batch: int
) -> None:
    sent, spread_out, updates = sends(counting, members, batch)
    assert (sent, spread_out, updates) == (SEND * batch, spread(members), members)


def test_a_message_in_a_direct_group_costs_seven_writes_and_two_reads(counting: Counting) -> None:
    sent, spread_out, _ = sends(counting, 2, 1)
    assert sent + spread_out == message(2) == Units(read=2, write=7)


def test_a_new_group_costs_two_looks_and_each_item_twice(counting: Counting, ddb_engine: str) -> None:
    counted = new_group(counting)
    of_the_index = Units(write=2)
    assert counted in (NEW_DIRECT_GROUP, NEW_DIRECT_GROUP + of_the_index * -1)
    if ddb_engine == "dynoxide":
        assert counted == NEW_DIRECT_GROUP


def test_the_whole_measurement_meets_its_goals_and_falls_with_the_batch(arena: Arena) -> None:
    answer = run(Trial(arena, effort=0.02))
    assert len([figure for figure in answer.figures if figure.goal]) == 2 + len(KINDS)
    assert [figure.name for figure in answer.figures if figure.is_missed] == []
    (curve,) = answer.curves
    assert curve.lines["50 members"] == [(1, 150), (10, 15)]
