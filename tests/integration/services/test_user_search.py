"""Whom the "to:" field offers, against a real Postgres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from backend_flask.lib.db import Database, sql
from backend_flask.services import users
from backend_flask.services.users import User

ME = User("00000000-0000-7000-8000-000000000000", "me", "Me")
INDEXES = {"users_by_handle", "users_by_name", "users_by_word"}


@pytest.fixture
def add(db: Database, add_user: Callable[..., User]) -> Callable[[str, str], User]:
    return lambda handle, name: users.update_profile(db, add_user(handle, f"{handle}@x.example"), name, None)


def found(db: Database, term: str, limit: int = 20, user: User = ME) -> list[str]:
    return [person.handle for person in users.search(db, user, term, limit)]


def test_a_handle_comes_before_handles_that_begin_so_then_names_then_words(
    db: Database, add: Callable[[str, str], User]
) -> None:
    for handle, name in [
        ("gkar", "Anna Lon"), ("vir", "Lonely Vir"), ("lonnie", "B"), ("lon", "Z"), ("zack", "Lon"), ("delenn", "D Lo"),
    ]:  # fmt: skip
        add(handle, name)
    assert found(db, "lon") == ["lon", "lonnie", "zack", "vir", "gkar"]


def test_names_and_handles_are_found_in_any_case_and_with_an_at_sign(
    db: Database, add: Callable[[str, str], User]
) -> None:
    add("Londo", "Centauri Ambassador")
    for term in ("LONDO", "londo", "@lon", " lon ", "CENTauri", "ambass", "centauri amb"):
        assert found(db, term) == ["Londo"], term
    assert found(db, "auri") == []


def test_who_is_found_in_every_way_is_told_once(db: Database, add: Callable[[str, str], User]) -> None:
    add("londo", "Londo Londo")
    assert found(db, "londo") == ["londo"]


def test_oneself_is_not_found(db: Database, add: Callable[[str, str], User]) -> None:
    me, other = add("londo", "Londo"), add("londo2", "Londo")
    assert found(db, "londo", user=me) == [other.handle]


def test_a_limit_keeps_the_first(db: Database, add: Callable[[str, str], User]) -> None:
    for number in range(4):
        add(f"a{number}", "X")
        add(f"b{number}", f"A{number}")
        add(f"c{number}", f"X A{number}")
    everybody = [f"{handle}{number}" for handle in "abc" for number in range(4)]
    for limit in (1, 4, 5, 8, 9, 12, 20):
        assert found(db, "a", limit) == everybody[:limit]


@pytest.mark.parametrize(
    "term", ["%", "_", "\\", "'", "\\'", "%%", "*", ":*", "&", "!", "' | 'a", "\U0001f642", "\u5fb7"]
)
def test_what_means_something_to_postgres_is_a_plain_character(
    db: Database, add: Callable[[str, str], User], term: str
) -> None:
    add("plain", "Plain xb")
    add("odd", f"{term} rest")
    assert found(db, term) == ["odd"]


def test_a_name_with_a_hyphen_is_found_by_its_parts(db: Database, add: Callable[[str, str], User]) -> None:
    add("anna", "Dr Anna-Maria O'Hara")
    for term in ("anna-m", "maria", "o'h", "hara"):
        assert found(db, term) == ["anna"], term


def test_a_new_name_is_found_and_the_old_one_is_not(db: Database, add: Callable[[str, str], User]) -> None:
    londo = add("londo", "Mollari")
    users.update_profile(db, londo, "Emperor", None)
    assert (found(db, "moll"), found(db, "emp")) == ([], ["londo"])


@pytest.fixture
def crowd(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """Ten thousand people."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO users (handle, display_name)"
            " SELECT 'h' || left(md5(n::text), 20), 'N' || left(md5((n * 7)::text), 9) || ' S' || md5((n * 11)::text)"
            " FROM generate_series(1, 10000) n"
        )
        connection.execute("ANALYZE users")
        yield connection


def used(plan: dict[str, Any]) -> set[str]:
    """The indexes by which a plan reads, and the tables that it reads from end to end."""
    own = [plan["Index Name"]] if "Index Name" in plan else []
    own += [plan["Relation Name"]] if plan["Node Type"] == "Seq Scan" else []
    return {*own, *(each for below in plan.get("Plans", []) for each in used(below))}


@pytest.mark.parametrize("term", ["h", "ha", "N12", "sabc", "nobody"])
def test_ten_thousand_people_are_searched_by_index(crowd: psycopg.Connection[Any], term: str) -> None:
    question = b"EXPLAIN (FORMAT JSON) " + sql("users/search")
    answer = crowd.execute(question, {"term": term, "user_uuid": ME.uuid, "limit": 20}).fetchone()
    assert answer
    assert used(answer[0][0]["Plan"]) == INDEXES


def test_a_plan_that_is_kept_for_any_term_searches_by_index_too(crowd: psycopg.Connection[Any]) -> None:
    """Postgres may make one after some executions, when it does not look at the term any more."""
    question = b"EXPLAIN (GENERIC_PLAN, FORMAT JSON) " + sql("users/search")
    for number, name in enumerate(("term", "user_uuid", "limit"), 1):
        question = question.replace(f"%({name})s".encode(), f"${number}".encode())
    answer = crowd.execute(question).fetchone()
    assert answer
    assert used(answer[0][0]["Plan"]) == INDEXES


def test_words_are_looked_for_only_if_handles_and_names_are_not_enough(crowd: psycopg.Connection[Any]) -> None:
    question = b"EXPLAIN (ANALYZE, FORMAT JSON) " + sql("users/search")

    def words_asked(term: str) -> bool:
        answer = crowd.execute(question, {"term": term, "user_uuid": ME.uuid, "limit": 20}).fetchone()
        assert answer
        return _loops(answer[0][0]["Plan"], "users_by_word") > 0

    assert words_asked("s")
    assert not words_asked("h")


def _loops(plan: dict[str, Any], index: str) -> int:
    own = plan["Actual Loops"] if plan.get("Index Name") == index else 0
    return int(own) + sum(_loops(each, index) for each in plan.get("Plans", []))
