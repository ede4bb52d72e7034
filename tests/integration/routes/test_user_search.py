"""GET /api/users/search, for the field that says who a message goes to."""

from __future__ import annotations

import pytest

from backend_flask.services import users
from tests.api import Api, Person, code_of


def found(person: Person, query: str) -> list[str]:
    answer = person.get(f"/api/users/search?{query}")
    assert answer.status_code == 200, answer.text
    return [each["handle"] for each in answer.get_json()]


def test_an_answer_says_who_it_is_and_nothing_else(api: Api, londo: Person) -> None:
    row = api.stores.db.one(
        "users/create", handle="zathras1", display_name="Zathras", email="z@x.example", cognito_user_id="zathras-sub"
    )
    assert row
    answer = londo.get("/api/users/search?term=zathra")
    assert answer.get_json() == [{"uuid": row["uuid"], "handle": "zathras1", "display_name": "Zathras"}]


def test_everybody_else_is_found_and_oneself_is_not(londo: Person, gkar: Person) -> None:
    assert found(gkar, f"term=@{londo.user.handle}")[0] == londo.user.handle
    assert londo.user.handle not in found(londo, f"term={londo.user.handle}")


def test_as_many_as_are_wanted(api: Api, londo: Person) -> None:
    people = [api.person("draal").user.handle for _ in range(3)]
    assert found(londo, "term=draal&limit=2") == sorted(people)[:2]
    assert found(londo, "term=draal") == sorted(people)


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("", ["search_term_blank"]),
        ("term=", ["search_term_blank"]),
        ("term=%20%20", ["search_term_blank"]),
        ("term=%E2%80%8B", ["search_term_blank", "search_term_invalid"]),
        ("term=%00", ["search_term_invalid"]),
        ("term=a%0Ab", ["search_term_invalid"]),
        ("term=" + "a" * 51, ["search_term_exceed_max_chars_50"]),
        ("term=a&limit=0", ["limit_invalid"]),
        ("term=a&limit=101", ["limit_invalid"]),
        ("term=a&limit=x", ["limit_invalid"]),
    ],
)
def test_what_cannot_be_searched_for_is_named(londo: Person, query: str, codes: list[str]) -> None:
    answer = londo.get(f"/api/users/search?{query}")
    assert (answer.status_code, code_of(answer)) == (422, codes)


def test_the_longest_term_is_searched_for(londo: Person) -> None:
    assert found(londo, "term=" + "%F0%9F%99%82" * users.PREFIX_MAX_CHARACTERS) == []


def test_a_new_name_is_found_at_once(londo: Person, gkar: Person) -> None:
    londo.request("PUT", "/api/profile/update", json={"display_name": "Emperor Mollari"})
    assert found(gkar, "term=emperor%20moll") == [londo.user.handle]
