"""The rules of users that need no database."""

from __future__ import annotations

from typing import Any, cast

import pytest

from backend_flask.errors import Invalid, NotFound
from backend_flask.lib.db import Database
from backend_flask.services import users
from backend_flask.services.users import User

NO_DATABASE = cast(Database, None)
ME = User("0", "me", "Me")


@pytest.mark.parametrize("handle", ["a", "londo", "G.Kar_2-x", "7", "a" * 30])
def test_a_handle(handle: str) -> None:
    assert users.is_handle(handle)


IMPOSSIBLE = [
    "",
    "a" * 31,
    "-a",
    ".a",
    "_a",
    "a b",
    "a\n",
    "é",
    "a\x00",
    "\ud800",
    "@a",
    "a/b",
    "a" * 100_000,
    None,
    7,
    ["a"],
]


@pytest.mark.parametrize("handle", IMPOSSIBLE)
def test_no_handle(handle: Any) -> None:
    assert not users.is_handle(handle)


@pytest.mark.parametrize("handle", IMPOSSIBLE)
def test_an_impossible_handle_is_not_found_without_asking_the_database(handle: Any) -> None:
    with pytest.raises(NotFound):
        users.short(NO_DATABASE, handle)


@pytest.mark.parametrize(
    ("display_name", "bio", "codes"),
    [
        (None, None, ["display_name_blank"]),
        (" \n", "", ["display_name_blank"]),
        (7, "", ["display_name_invalid"]),
        ("a\x00", "b\ud800", ["display_name_invalid", "bio_invalid"]),
        ("a" * 51, "b" * 501, ["display_name_exceed_max_chars_50", "bio_exceed_max_chars_500"]),
        ("a", ["b"], ["bio_invalid"]),
    ],
)
def test_a_profile_that_breaks_rules_names_them_all(display_name: Any, bio: Any, codes: list[str]) -> None:
    with pytest.raises(Invalid) as broken:
        users.update_profile(NO_DATABASE, ME, display_name, bio)
    assert broken.value.codes == codes
