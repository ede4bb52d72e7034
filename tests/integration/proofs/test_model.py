"""A little of `bin/prove model`, and that it would see what it is there to see."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable
from tests.arena import Arena
from tests.arena import arena as arena_of
from tests.proofs import adversary, judge, model
from tests.proofs.model import Schedule
from tests.proofs.trial import Refuted, Trial


def test_every_answer_is_as_reckoned_however_the_stream_is_delivered(arena: Arena) -> None:
    figures = model.run(arena, Trial(seed=1, most_rounds=200 // model.SCHEDULES_A_ROUND), steps=6)
    assert figures["schedules"] >= 200


@pytest.mark.skipif("DDB_ENGINE" in os.environ, reason="the test above has that engine")
def test_a_second_engine_changes_nothing(tmp_path: Path) -> None:
    with arena_of(tmp_path, "dynoxide") as other:
        model.run(other, Trial(seed=2, most_rounds=1), steps=6)


@pytest.fixture
def schedule(arena: Arena) -> Iterator[Schedule]:
    with model.stage(arena) as staged:
        yield staged()


def goes_back(table: MessageTable, key: Any, update: str, condition: str, values: Any, **more: Any) -> Any:
    return UPDATE_IF(table, key, update, "attribute_exists(pk)" if ":rev" in values else condition, values, **more)


def takes_no_notice_of_keys(table: MessageTable, sender: Any, group: str, text: str, _key: str | None) -> Any:
    return DRAFT(table, sender, group, text, None)


def counts_one_too_many(table: MessageTable, user_uuid: str, row: Any) -> int:
    return COUNT(table, user_uuid, row) + 1


def forgets_the_oldest(table: MessageTable, *asked: Any) -> Any:
    page = LIST(table, *asked)
    return page if page.more else replace(page, items=page.items[:-1])


UPDATE_IF, DRAFT = MessageTable._update_if, MessageTable._draft
COUNT, LIST = MessageTable._count_unread, MessageTable.list_messages


@pytest.mark.parametrize(
    ("method", "wrong", "what_shows_it"),
    [
        ("_update_if", goes_back, lambda played: played.deliver_again(which=0, newer=1, most=2, die_after=None)),
        ("_draft", takes_no_notice_of_keys, lambda played: [played.send(0, 1, "uuid", "short", "k1") for _ in "12"]),
        ("_count_unread", counts_one_too_many, lambda played: played.list_groups(reader=0, limit=20)),
        ("list_messages", forgets_the_oldest, lambda played: played.read(reader=0, which=0, limit=2)),
    ],
)
def test_a_broken_table_is_found_out(
    schedule: Schedule,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    wrong: Callable[..., Any],
    what_shows_it: Callable[[Schedule], object],
) -> None:
    monkeypatch.setattr(judge, "INDEX_PATIENCE_SECONDS", 0.2)
    schedule.begin("direct", senders=[0, 0, 1])
    schedule.deliver(which=[0], most=5, newest_first=False, die_after=None)
    with monkeypatch.context() as sabotage:
        sabotage.setattr(MessageTable, method, wrong)
        with pytest.raises(Refuted):
            what_shows_it(schedule)


def test_a_message_that_never_comes_on_the_stream_is_found_out(
    schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule.begin("direct", senders=[0, 1])
    monkeypatch.setattr(adversary, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(adversary.StreamReader, "read", lambda _: [])
    with pytest.raises(Refuted, match="never brought"):
        schedule.teardown()
