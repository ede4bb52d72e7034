"""A little of `bin/bench lag`, and that it would see what it is there to see."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bench.lag import IDLE, LATE, LOAD, Lags, _figures, run
from bench.trial import Trial
from tests.api import Person
from tests.arena import Arena
from tests.proofs import traffic
from tests.proofs.trial import Refuted
from tests.proofs.visitor import Visitor


def test_lags_are_measured_with_and_without_traffic(arena: Arena) -> None:
    steps: list[int] = []
    expected: list[int] = []
    # Other tests want the machine too.
    answer = run(Trial(arena, 0.02, expected.append, steps.append), think=(1.0, 4.0))
    assert [figure.name for figure in answer.figures] == [
        *(f"{name}, {cut}" for name in (IDLE, LATE, LOAD) for cut in ("p50", "p99")),
        *(f"{LOAD} over {IDLE}, {cut}" for cut in ("p50", "p99")),
    ]
    assert min(figure.value for figure in answer.figures) > 0
    (curve,) = answer.curves
    assert {name: points[-1][1] for name, points in curve.lines.items()} == {IDLE: 100, LATE: 100, LOAD: 100}
    assert [sum(steps)] == expected


def test_a_trigger_that_lags_under_load_is_seen() -> None:
    quick, slow = Lags([[0.1, 0.1], [0.1, 0.2]]), Lags([[0.3, 0.3], [0.4, 0.9, 0.3]], requests=100)
    found = {figure.name: figure for figure in _figures({IDLE: quick, LATE: quick, LOAD: slow}, 50)}
    assert found[f"{LOAD}, p50"].value == pytest.approx(350)
    assert found[f"{LOAD}, p50"].beside == "50 requests/s of others"
    assert found[f"{LOAD}, p99"].value == pytest.approx(900)
    ratio = found[f"{LOAD} over {IDLE}, p50"]
    assert [ratio.lowest, ratio.highest] == pytest.approx([0.4 / 0.15, 3])
    assert found[f"{LOAD} over {IDLE}, p99"].value == pytest.approx(4.5)


class Deaf(Visitor):
    """Whose list never shows a message."""

    def say(self, text: str, to: Person) -> str:  # noqa: ARG002
        return "a message"

    def shows(self) -> str:
        return "the message before it"


def test_a_message_that_is_never_shown_ends_the_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "DRAIN_SECONDS", 0.05)
    nobody = cast(Any, None)
    deaf = Deaf(nobody, [], nobody, nobody, nobody)
    with pytest.raises(Refuted, match=r"does not show a message 0.05 s after it was answered"):
        traffic.lag(deaf, deaf)
