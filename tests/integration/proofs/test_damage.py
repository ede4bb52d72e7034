"""A little of `bin/prove damage`, and that it would see what it is there to see."""

from __future__ import annotations

from typing import Any

import pytest

from backend_flask.lib import ddb_verify, ddb_wanted
from backend_flask.lib.ddb_items import Item
from tests.arena import Arena
from tests.proofs import damage
from tests.proofs.harm import KINDS
from tests.proofs.trial import Refuted, Trial

FIRST_SEED = 800


def test_every_row_is_repaired_whatever_was_done_to_it(arena: Arena) -> None:
    figures = damage.run(arena, Trial(seed=FIRST_SEED, most_rounds=10))
    assert figures["rounds"] == 10
    assert figures["kinds of damage"] == len(set(KINDS)) + 1
    assert figures["writes of second runs"] == 0


def keeps_all_that_is_there(*arguments: Any) -> Item:
    owner, rows = arguments[2], arguments[4]
    wanted: Item = (rows[owner.uuid] or {}) | WANTED(*arguments)
    return wanted


def takes_any_marker(text: str) -> bool:
    return bool(text)


def deletes_no_row(table: Any, difference: Any) -> bool:
    return difference.wanted is None or REPAIR(table, difference)


WANTED, REPAIR = ddb_wanted.wanted_row, ddb_verify.repair


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (ddb_verify, "wanted_row", keeps_all_that_is_there),
        (ddb_wanted, "is_uuid", takes_any_marker),
        (damage, "repair", deletes_no_row),
    ],
)
def test_a_broken_repair_is_found_out(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, wrong: Any
) -> None:
    monkeypatch.setattr(where, name, wrong)
    with pytest.raises(Refuted):
        damage.run(arena, Trial(seed=FIRST_SEED + 100, most_rounds=20))
