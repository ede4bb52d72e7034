"""The queries of db/sql as files."""

from __future__ import annotations

import re

import pytest

from backend_flask.lib import db

QUERIES = sorted(f"{path.parent.name}/{path.stem}" for path in db.SQL_FOLDER.rglob("*.sql"))
SOURCES = [
    path.read_text()
    for folder in ("backend_flask", "cli", "bin")
    for path in (db.SQL_FOLDER.parents[1] / folder).rglob("*")
    if path.is_file() and path.suffix in {"", ".py"}
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_starts_with_what_it_answers_and_is_one_statement(query: str) -> None:
    text = db.sql(query).decode()
    comment, _, statement = text.partition("\n")
    assert re.fullmatch(r"-- [A-Z].*[?.]", comment)
    assert ";" not in statement


def test_every_query_is_used_and_every_used_query_exists() -> None:
    asked = re.compile(r"\"((?:users|activities|rate_limits|live)/[a-z_]+)\"")
    assert {name for text in SOURCES for name in asked.findall(text)} == set(QUERIES)


@pytest.mark.parametrize(
    "name", ["users/nobody", "../schema", "users", "users/short.sql", "/etc/passwd", "users/SHORT"]
)
def test_a_name_that_is_no_query_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no query"):
        db.sql(name)
