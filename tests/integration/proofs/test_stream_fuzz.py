"""A little of `bin/prove stream_fuzz`, and that it would see what it is there to see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import Phase

from backend_flask.lib.ddb import MessageTable
from lambdas.cruddur_messaging_stream import handler
from tests.arena import Arena
from tests.proofs import stream_fuzz
from tests.proofs.trial import Refuted, Trial


def test_good_records_are_applied_whatever_the_others_are(arena: Arena) -> None:
    figures: dict[str, Any] = stream_fuzz.run(arena, Trial(seed=1, most_rounds=2))
    assert figures["batches"] >= 2 * stream_fuzz.BATCHES_A_ROUND
    assert figures["good"] > 40
    assert figures["named"] > 40


def passes_bad_ones_over(record: Any, groups: Any) -> None:
    with suppress(Exception):
        SORT(record, groups)


def names_whatever_is_there(record: Any) -> str:
    try:
        return str(record["dynamodb"]["SequenceNumber"])
    except (KeyError, TypeError):
        return ""


def applies_the_oldest_only(table: MessageTable, messages: Any) -> None:
    UPDATE(table, [min(messages, key=lambda message: message.version)])


SORT, UPDATE = handler._sort, MessageTable.update_message_groups


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (handler, "_sort", passes_bad_ones_over),
        (handler, "_sequence_number", names_whatever_is_there),
        (MessageTable, "update_message_groups", applies_the_oldest_only),
    ],
)
def test_a_broken_function_is_found_out(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, wrong: Callable[..., Any]
) -> None:
    monkeypatch.setattr(where, name, wrong)
    monkeypatch.setattr(stream_fuzz, "PHASES", (Phase.generate,))
    with pytest.raises(Refuted):
        stream_fuzz.run(arena, Trial(seed=2, most_rounds=10))
