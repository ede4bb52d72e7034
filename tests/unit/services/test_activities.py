"""The rules of activities that need no database."""

from __future__ import annotations

from typing import Any, cast

import pytest

from backend_flask.errors import Invalid, NotFound
from backend_flask.lib.db import Database
from backend_flask.services import activities
from backend_flask.services.users import User

NO_DATABASE = cast(Database, None)
ME = User("0", "me", "Me")


def no_id() -> str:
    raise AssertionError("an id was made for what is refused")


@pytest.mark.parametrize(
    ("message", "ttl", "codes"),
    [
        (None, None, ["message_blank", "ttl_blank"]),
        ("  ", "1-day", ["message_blank"]),
        ("a" * 281, "1-day", ["message_exceed_max_chars"]),
        ("a", "", ["ttl_blank"]),
        ("a", "2-days", ["ttl_blank"]),
        ("a", ["1-day"], ["ttl_blank"]),
        ("a\x00", "1-day", ["message_invalid"]),
        ("\ud83d", "1-day", ["message_invalid"]),
        ({"a": 1}, "1-day", ["message_invalid"]),
    ],
)
def test_a_post_that_breaks_rules_names_them_all(message: Any, ttl: Any, codes: list[str]) -> None:
    with pytest.raises(Invalid) as broken:
        activities.create(NO_DATABASE, no_id, ME, message, ttl)
    assert broken.value.codes == codes


@pytest.mark.parametrize(
    ("message", "code"),
    [("", "message_blank"), ("a" * 1025, "message_exceed_max_chars_1024"), ("\x00", "message_invalid")],
)
def test_a_reply_that_breaks_a_rule_names_it(message: str, code: str) -> None:
    with pytest.raises(Invalid) as broken:
        activities.reply(NO_DATABASE, no_id, ME, "anything", message)
    assert broken.value.codes == [code]


@pytest.mark.parametrize("term", [None, "", " "])
def test_a_search_needs_a_term(term: Any) -> None:
    with pytest.raises(Invalid) as broken:
        activities.search(NO_DATABASE, term, 20, None)
    assert broken.value.codes == ["search_term_blank"]


@pytest.mark.parametrize("uuid", ["", "1", "\x00", "\ud800", "g" * 36, "0" * 32])
def test_what_is_no_uuid_is_not_found(uuid: str) -> None:
    with pytest.raises(NotFound):
        activities.show(NO_DATABASE, uuid)
    with pytest.raises(NotFound):
        activities.reply(NO_DATABASE, no_id, ME, uuid, "hello")


def test_a_person_who_cannot_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        activities.by_handle(NO_DATABASE, "\x00", 20, None)
