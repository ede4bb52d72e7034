"""Which Cognito id belongs to which row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cli import cognito_ids
from cli.user_pool import PoolUser


def user(sub: str, email: str, *, verified: bool = True, day: int = 1) -> PoolUser:
    return PoolUser(sub, sub, email, verified, "", "", "CONFIRMED", True, datetime(2026, 1, day, tzinfo=UTC))


def row(handle: str, email: str | None, sub: str | None = None) -> dict[str, Any]:
    return {"uuid": handle, "handle": handle, "email": email, "cognito_user_id": sub}


def changes(made: cognito_ids.Plan) -> dict[str, str | None]:
    return {changed["handle"]: sub for changed, sub in made.changes}


def test_a_seeded_row_gets_the_id_of_its_verified_email_in_any_case() -> None:
    made = cognito_ids.plan([user("s1", "Londo@x.example")], [row("londo", "londo@X.example")])
    assert changes(made) == {"londo": "s1"}
    assert not made.rows_without_user
    assert not made.users_without_row


def test_an_unverified_email_claims_nothing() -> None:
    made = cognito_ids.plan([user("s1", "londo@x.example", verified=False)], [row("londo", "londo@x.example")])
    assert not made.changes
    assert [found.sub for found in made.users_without_row] == ["s1"]
    assert [found["handle"] for found in made.rows_without_user] == ["londo"]


def test_what_is_right_stays() -> None:
    made = cognito_ids.plan([user("s1", "other@x.example")], [row("londo", "londo@x.example", "s1")])
    assert not made.changes
    assert [found["handle"] for found in made.matched] == ["londo"]


def test_an_id_that_belongs_to_nobody_any_more_is_replaced() -> None:
    made = cognito_ids.plan([user("new", "londo@x.example")], [row("londo", "londo@x.example", "gone")])
    assert changes(made) == {"londo": "new"}
    assert [found["handle"] for found in made.overwrites] == ["londo"]


def test_a_stale_id_is_taken_off_only_where_an_email_can_claim_the_row_again() -> None:
    made = cognito_ids.plan([], [row("londo", "londo@x.example", "gone"), row("gkar", None, "gone too")])
    assert changes(made) == {"londo": None}
    assert [found["handle"] for found in made.rows_without_user] == ["londo", "gkar"]


def test_a_row_whose_owner_is_in_the_pool_is_never_taken_from_them() -> None:
    pool = [user("s1", "old@x.example"), user("s2", "londo@x.example", day=2)]
    made = cognito_ids.plan(pool, [row("londo", "londo@x.example", "s1")])
    assert not made.changes
    assert len(made.conflicts) == 1


def test_of_two_users_with_one_email_the_first_gets_the_row_and_a_person_hears_of_it() -> None:
    pool = [user("s2", "londo@x.example", day=2), user("s1", "londo@x.example", day=1)]
    made = cognito_ids.plan(pool, [row("londo", "londo@x.example")])
    assert changes(made) == {"londo": "s1"}
    assert len(made.conflicts) == 1
