"""A little of `bin/prove big`, and that it would see what it is there to see."""

from __future__ import annotations

from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable
from tests.arena import Arena
from tests.proofs import big
from tests.proofs.big import Pair, Sizes
from tests.proofs.histories import Look
from tests.proofs.trial import Refuted, Trial

A_LITTLE = Sizes(members=50, groups=60, messages=400)


def test_what_is_big_asks_no_more_of_the_table(arena: Arena) -> None:
    figures = big.run(arena, Trial(seed=1, most_rounds=1), A_LITTLE)
    assert figures["reads"] == 2 * big.ASKS_A_ROUND * 9


def reads_everything(table: MessageTable, group_uuid: str, limit: int) -> Any:
    return NEWEST(table, group_uuid, 1000)[:limit]


NEWEST = MessageTable._newest


def test_a_page_that_reads_the_whole_group_is_found_out(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MessageTable, "_newest", reads_everything)
    with pytest.raises(Refuted, match="600 messages, newest page: big costs"):
        big.run(arena, Trial(seed=1, most_rounds=1), Sizes(members=3, groups=1, messages=600))


class Taking(Look):
    """Answers after this time."""

    def take(self) -> float:
        return float(self.paths[0])


@pytest.mark.parametrize(("seconds", "too_slow"), [("1.1", False), ("1.3", True)])
def test_what_takes_longer_is_found_out(seconds: str, too_slow: bool) -> None:
    nobody: Any = None
    ratios = big._ratios(
        Trial(seed=1, seconds=0), [Pair("big", "slow", Taking(nobody, (seconds,)), Taking(nobody, ("1",)))]
    )
    assert big._too_slow(ratios) == too_slow
    assert [len(found) for found in ratios.values()] == [1 + 2 * big.ROUNDS_TO_TELL if too_slow else big.ROUNDS_TO_TELL]
