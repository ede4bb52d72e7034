"""A little of `bin/bench growth`, and that it would see what it is there to see."""

from __future__ import annotations

from typing import Any, cast

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.metering import meter
from bench.figures import Figure
from bench.growth import OF_A_GROUP, OF_A_LIST, Growth, Side, run
from bench.rounds import Pair
from bench.trial import Trial
from tests.arena import Arena
from tests.proofs.histories import Look, histories

QUESTIONS = [*OF_A_GROUP.values(), *OF_A_LIST.values()]


def units_of(figures: list[Figure]) -> dict[str, Figure]:
    return {figure.name.removesuffix(", read units"): figure for figure in figures if "read units" in figure.name}


def test_what_is_long_is_measured_against_what_is_short_and_takes_the_same_units(arena: Arena) -> None:
    steps: list[int] = []
    expected: list[int] = []
    answer = run(Trial(arena, 0.02, expected.append, steps.append))
    names = [figure.name for figure in answer.figures]
    assert names[-2:] == ["writing it", "data of the engine"]
    assert "A first page, 100 to 1,000 messages, p50" in names
    assert "B older page, 10 to 100 groups, p50" in names
    assert min(figure.value for figure in answer.figures) > 0
    units = units_of(answer.figures)
    assert list(units) == QUESTIONS
    assert [name for name, figure in units.items() if figure.is_missed] == []
    assert [[x for x, _ in curve.lines[name]] for curve, name in zip(answer.curves, QUESTIONS[::3], strict=True)] == [
        [100, 1_000],
        [10, 100],
    ]
    assert [sum(steps)] == expected


def reads_everything(table: MessageTable, group_uuid: str, limit: int) -> Any:
    return NEWEST(table, group_uuid, 1000)[:limit]


NEWEST = MessageTable._newest


def test_a_page_that_reads_the_whole_history_misses_its_goal(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MessageTable, "_newest", reads_everything)
    with histories(arena, advance=lambda _: None) as written:
        looks = {size: written.group(2, size) for size in (100, 300)}
        counted = meter(written.api.table.client)
        missed = []
        for asked in OF_A_GROUP:
            growth = Growth(asked, "messages", [Side(size, looks[size][asked], nothing) for size in looks])
            growth.count(counted)
            missed += [asked] * growth.cost().is_missed
    assert missed == ["newest page"]


def test_a_history_that_is_suddenly_cheaper_misses_its_goal_too() -> None:
    growth = grown({100: 1.0})
    growth.units = {10: 3.0, 100: 2.0}
    assert growth.cost().is_missed


@pytest.mark.parametrize(("ratios", "missed"), [({100: 1.0, 1000: 1.05}, False), ({100: 1.3, 1000: 1.0}, True)])
def test_the_slowest_size_decides(ratios: dict[int, float], missed: bool) -> None:
    latency = grown(ratios).latency()
    assert latency.is_missed == missed
    assert latency.value == pytest.approx(max(ratios.values()))
    assert latency.beside.endswith("bare boto3 2.00 x")


def nothing() -> None:
    pass


def grown(ratios: dict[int, float]) -> Growth:
    """Measured already: against 10 messages, so many times slower."""
    sides = [Side(size, cast(Look, None), nothing) for size in (10, *ratios)]
    pairs = {size: Pair([[0.01 * ratio]] * 3, [[0.01]] * 3) for size, ratio in ratios.items()}
    bare = {size: Pair([[0.02]], [[0.01]]) for size in ratios}
    return Growth("A first page", "messages", sides, pairs, bare, dict.fromkeys((10, *ratios), 3.0))
