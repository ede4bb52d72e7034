"""A little of `bin/prove model`, and that it would see what it is there to see."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase

from backend_flask.lib import ddb
from backend_flask.lib.ddb import MessageTable
from tests.arena import Arena
from tests.arena import arena as arena_of
from tests.proofs import model
from tests.proofs.trial import Refuted, Trial


def test_every_answer_is_as_reckoned_however_the_stream_is_delivered(arena: Arena) -> None:
    figures = model.run(arena, Trial(seed=1, most_rounds=200 // model.SCHEDULES_A_ROUND), steps=8)
    assert figures["schedules"] >= 200


@pytest.mark.skipif("DDB_ENGINE" in os.environ, reason="the test above has that engine")
def test_a_second_engine_changes_nothing(tmp_path: Path) -> None:
    with arena_of(tmp_path, "dynoxide") as other:
        model.run(other, Trial(seed=2, most_rounds=2), steps=8)


def goes_back(table: MessageTable, key: Any, update: str, condition: str, values: Any, **more: Any) -> Any:
    return UPDATE_IF(table, key, update, "attribute_exists(pk)" if ":rev" in values else condition, values, **more)


def takes_no_notice_of_keys(table: MessageTable, sender: Any, group: str, text: str, _key: str | None) -> Any:
    return DRAFT(table, sender, group, text, None)


def counts_one_too_many(table: MessageTable, user_uuid: str, row: Any) -> int:
    return COUNT(table, user_uuid, row) + 1


UPDATE_IF, DRAFT, COUNT = MessageTable._update_if, MessageTable._draft, MessageTable._count_unread


@pytest.mark.parametrize(
    ("method", "wrong"),
    [
        ("_update_if", goes_back),
        ("_draft", takes_no_notice_of_keys),
        ("_count_unread", counts_one_too_many),
    ],
)
def test_a_broken_table_is_found_out(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, method: str, wrong: Callable[..., Any]
) -> None:
    monkeypatch.setattr(ddb.MessageTable, method, wrong)
    monkeypatch.setattr("tests.proofs.judge.INDEX_PATIENCE_SECONDS", 0.1)
    with pytest.raises(Refuted):
        model.run(arena, Trial(seed=1, most_rounds=3), phases=(Phase.generate,))
