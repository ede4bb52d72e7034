"""A little of `bin/prove faults`, and that it would see what it is there to see."""

from __future__ import annotations

from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable
from lambdas.cruddur_messaging_stream import handler
from tests.arena import Arena
from tests.proofs import faults
from tests.proofs.trial import Refuted, Trial


def test_whatever_fails_one_key_ends_as_one_message(arena: Arena) -> None:
    figures = faults.run(arena, Trial(seed=1, most_rounds=15))
    assert figures["stories"] == 15
    assert figures["sends"] == 15 * faults.SENDS
    assert figures["changes"] > 15
    assert figures["faults"] != 0


def test_a_seed_has_always_the_same_story(arena: Arena) -> None:
    one, other = (faults.run(arena, Trial(seed=7, most_rounds=1)) for _ in range(2))
    assert one == other


def takes_no_notice_of_keys(table: MessageTable, sender: Any, group: str, text: str, _key: str | None) -> Any:
    return DRAFT(table, sender, group, text, None)


def forgets_rows(*_: Any, **__: Any) -> bool:
    return False


def takes_any_version(table: MessageTable, place: Any, update: str, values: Any, _rev: Any, is_done: Any) -> Any:
    return REVISE(table, place, update, values, None, is_done)


def says_all_is_well(event: Any, table: MessageTable) -> dict[str, list[dict[str, str]]]:
    APPLY(event, table)
    return {"batchItemFailures": []}


DRAFT, REVISE, APPLY = MessageTable._draft, MessageTable._revise, handler.apply


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (MessageTable, "_draft", takes_no_notice_of_keys),
        (MessageTable, "_revise", takes_any_version),
        (MessageTable, "raise_row", forgets_rows),
        (handler, "apply", says_all_is_well),
    ],
)
def test_what_is_broken_is_found_out(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, wrong: Any
) -> None:
    monkeypatch.setattr(where, name, wrong)
    monkeypatch.setattr(faults, "RATES", (0.5,))
    monkeypatch.setattr("tests.proofs.judge.INDEX_PATIENCE_SECONDS", 0.1)
    # The last of these shows in one story of seven only.
    with pytest.raises(Refuted):
        faults.run(arena, Trial(seed=1, most_rounds=60))
