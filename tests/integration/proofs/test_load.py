"""A little of `bin/prove load`, and that it would see what it is there to see."""

from __future__ import annotations

import random
import time
from typing import Any, cast

import pytest

from tests.api import Person
from tests.arena import Arena
from tests.proofs import load
from tests.proofs.load import Memory
from tests.proofs.traffic import Load
from tests.proofs.trial import Refuted, Trial
from tests.proofs.visitor import Known, Visitor
from tests.servers import Answer, Caller, Server

NEW, MIDDLE, OLD = "c", "b", "a"


def test_twenty_seconds_of_traffic_bring_no_error_and_no_growth(arena: Arena) -> None:
    # Other tests want the machine too, and after 20 seconds not everything is warm.
    figures = load.run(arena, Trial(seed=1, seconds=20), think=(0.5, 2.5), most_growth=0.25)
    assert figures["requests"] > 300
    assert figures["messages"] > 50


class Replies(Caller):
    """Gives the same answer, whatever is asked."""

    def __init__(self, body: object, status: int = 200) -> None:
        self.given = Answer(status, body, None)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:  # noqa: ARG002
        return self.given

    def close(self) -> None:
        pass


def visitor(body: object, status: int = 200) -> Visitor:
    """Knows three messages of one group, which they have in their list."""
    known = Known()
    for uuid in (OLD, MIDDLE, NEW):
        known.add("group", uuid, f"text of {uuid}")
    nobody = cast(Person, None)
    return Visitor(nobody, [nobody], Replies(body, status), random.Random(1), known, groups={"group"})  # noqa: S311


def page(*uuids: str) -> list[dict[str, Any]]:
    return [{"uuid": uuid, "message": f"text of {uuid}"} for uuid in uuids]


def row(group: str, newest: str) -> dict[str, str]:
    return {"uuid": group, "last_message_uuid": newest}


def test_what_is_right_passes() -> None:
    visitor(page(NEW, MIDDLE, OLD)).look()
    visitor(page(NEW, MIDDLE, OLD)).page_to_the_end()
    visitor([row("other", NEW), row("group", MIDDLE)]).list_groups()


@pytest.mark.parametrize("uuids", [(NEW, OLD), (MIDDLE, NEW, OLD), (NEW, MIDDLE, MIDDLE, OLD), (NEW, MIDDLE), ()])
def test_a_gap_a_repeat_and_a_wrong_order_are_found_out(uuids: tuple[str, ...]) -> None:
    with pytest.raises(Refuted):
        visitor(page(*uuids)).page_to_the_end()


@pytest.mark.parametrize("rows", [[], [row("other", NEW)], [row("group", OLD), row("other", NEW)]])
def test_a_row_that_is_missing_or_out_of_order_is_found_out(rows: list[dict[str, str]]) -> None:
    with pytest.raises(Refuted):
        visitor(rows).list_groups()


def test_an_error_is_found_out() -> None:
    for act in (Visitor.list_groups, Visitor.look, Visitor.mark_read):
        with pytest.raises(Refuted):
            act(visitor({}, status=503))


def test_what_goes_wrong_ends_the_load_at_once() -> None:
    running, begun = Load(seconds=60, advance=lambda _: None), time.monotonic()
    with pytest.raises(Refuted):
        running.run([lambda: running.visit(visitor({}, status=500))])
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("held", "grows"), [([50] * 20 + [100] * 40, 0.0), (list(range(100, 160)), 0.33), ([100] * 59 + [900], 0.0)]
)
def test_growth_is_counted_once_everything_is_warm(held: list[int], grows: float) -> None:
    assert Memory(cast(Server, None), held).growth == pytest.approx(grows, abs=0.02)
