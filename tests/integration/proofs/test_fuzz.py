"""A little of `bin/prove fuzz`, and that it would see what it is there to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase

from backend_flask import app
from backend_flask.lib.ddb import MessageGroupNotFound, MessageTable, Page
from backend_flask.lib.ddb_items import Message
from backend_flask.services import rules
from tests.arena import Arena
from tests.proofs import fuzz
from tests.proofs.trial import Refuted, Trial


def test_no_request_is_answered_in_a_way_that_is_not_allowed(arena: Arena) -> None:
    figures: dict[str, Any] = fuzz.run(arena, Trial(seed=1, most_rounds=2))
    assert figures["requests"] >= 2 * fuzz.REQUESTS_A_ROUND
    assert figures["answered 200"] > figures["requests"] / 3
    assert figures["pairs of route and status"] >= 40


def takes_any_text_for_a_uuid(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) else None


def reads_and_marks(table: MessageTable, user_uuid: str, group_uuid: str, *more: Any) -> Any:
    page = LIST(table, user_uuid, group_uuid, *more)
    if page.items:
        table.mark_read(user_uuid, group_uuid, page.items[0].message_uuid)
    return page


def reads_for_anybody(table: MessageTable, user_uuid: str, group_uuid: str, limit: int, before: str | None) -> Any:
    try:
        return LIST(table, user_uuid, group_uuid, limit, before)
    except MessageGroupNotFound:
        return Page([Message.from_item(item) for item in table._newest(group_uuid, limit + 2)[1:]], more=False)


LIST = MessageTable.list_messages


@pytest.mark.parametrize(
    ("where", "name", "wrong"),
    [
        (rules, "as_uuid", takes_any_text_for_a_uuid),
        (MessageTable, "list_messages", reads_and_marks),
        (MessageTable, "list_messages", reads_for_anybody),
        (app, "_harden", lambda *_: None),
    ],
)
def test_a_broken_api_is_found_out(
    arena: Arena, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, wrong: Callable[..., Any]
) -> None:
    monkeypatch.setattr(where, name, wrong)
    monkeypatch.setattr(fuzz, "PHASES", (Phase.generate,))
    with pytest.raises(Refuted):
        fuzz.run(arena, Trial(seed=1, most_rounds=30))
