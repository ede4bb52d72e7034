"""Sign-in against a real Postgres: who gets which row."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from psycopg import sql

from backend_flask.errors import Conflict, Invalid, NotFound, NotSignedIn, Unavailable
from backend_flask.lib.db import Database
from backend_flask.services import users
from backend_flask.services.users import User

AddUser = Callable[..., User]


class Cognito:
    """Answers GetUser with these attributes, or fails."""

    def __init__(self, error: Exception | None = None, **attributes: str) -> None:
        self.error = error
        self.attributes = attributes
        self.calls = 0

    def get_user(self, **_: Any) -> dict[str, Any]:
        self.calls += 1
        if self.error:
            raise self.error
        return {"UserAttributes": [{"Name": name, "Value": value} for name, value in self.attributes.items()]}


def sign_in(db: Database, sub: str, **attributes: str) -> User:
    return users.from_claims(db, Cognito(None, **attributes), {"sub": sub}, "token")


def emails(db: Database) -> dict[str, str | None]:
    return {row["handle"]: row["email"] for row in db.all("users/all")}


def test_a_known_person_costs_one_query_and_no_call_of_cognito(database_url: str) -> None:
    asked: list[str] = []
    with Database(database_url, on_query=asked.append) as db:
        first = sign_in(db, "s1", preferred_username="londo")
        asked.clear()
        cognito = Cognito()
        assert users.from_claims(db, cognito, {"sub": "s1"}, "token") == first
    assert asked == ["users/uuid_from_cognito_user_id"]
    assert cognito.calls == 0


def test_a_new_person_gets_a_row_from_what_cognito_knows(db: Database) -> None:
    made = sign_in(
        db, "s1", preferred_username="londo", name="Londo Mollari", email="l@x.example", email_verified="true"
    )
    assert (made.handle, made.display_name) == ("londo", "Londo Mollari")
    assert emails(db) == {"londo": "l@x.example"}
    assert sign_in(db, "s1") == made


def test_a_seeded_row_is_claimed_by_its_verified_email_in_any_case(db: Database, add_user: AddUser) -> None:
    seeded = add_user("londo", email="londo@x.example")
    assert sign_in(db, "s1", preferred_username="other", email="Londo@X.example", email_verified="true") == seeded


@pytest.mark.parametrize("verified", [{}, {"email_verified": "false"}])
def test_an_unverified_email_claims_nothing_and_is_not_kept(
    db: Database, add_user: AddUser, verified: dict[str, str]
) -> None:
    seeded = add_user("londo", email="londo@x.example")
    made = sign_in(db, "s1", preferred_username="vir", email="londo@x.example", **verified)
    assert made.uuid != seeded.uuid
    assert emails(db) == {"londo": "londo@x.example", "vir": None}


@pytest.mark.parametrize("handle", ["londo", "LONDO"])
def test_a_handle_alone_never_claims_a_row(db: Database, add_user: AddUser, handle: str) -> None:
    seeded = add_user("londo", email="londo@x.example")
    impostor = sign_in(db, "s1", preferred_username=handle, email="i@x.example", email_verified="true")
    assert impostor.uuid != seeded.uuid
    assert impostor.handle.lower().startswith("londo-")
    assert users.short(db, "londo") == seeded


def test_an_email_that_only_looks_the_same_in_lower_case_claims_nothing(db: Database, add_user: AddUser) -> None:
    seeded = add_user("kosh", email="kosh@x.example")
    kelvin_sign = "\u212a"
    made = sign_in(db, "s1", preferred_username="k", email=f"{kelvin_sign}osh@x.example", email_verified="true")
    assert made.uuid != seeded.uuid


def test_an_email_of_another_account_is_a_conflict_and_changes_nothing(db: Database, add_user: AddUser) -> None:
    add_user("londo", email="londo@x.example", sub="s1")
    with pytest.raises(Conflict) as conflict:
        sign_in(db, "s2", preferred_username="londo", email="londo@x.example", email_verified="true")
    assert conflict.value.code == "account_conflict"
    assert len(emails(db)) == 1


@pytest.mark.parametrize(
    ("wanted", "name", "handle"),
    [
        ("londo", "L", "londo"),
        ("lon do!", "L", "londo"),
        ("", "G'Kar of Narn", "gkarofnarn"),
        ("", "Zoë", "zoe"),
        ("\x00\ud800", "", "user"),
        ("德蘭", "德蘭", "user"),
        ("a" * 200, "", "a" * 30),
    ],
)
def test_a_handle_is_made_from_what_there_is(db: Database, wanted: str, name: str, handle: str) -> None:
    assert sign_in(db, "s1", preferred_username=wanted, name=name).handle == handle


@pytest.mark.parametrize(
    ("name", "display_name"),
    [("", "londo"), ("  ", "londo"), ("a\x00b\ud800c", "abc"), ("é" * 200, "é" * 50), (" Zoë ", "Zoë")],
)
def test_a_display_name_can_always_be_stored(db: Database, name: str, display_name: str) -> None:
    assert sign_in(db, "s1", preferred_username="londo", name=name).display_name == display_name


def test_a_long_handle_that_is_taken_becomes_another_of_the_same_length(db: Database, add_user: AddUser) -> None:
    add_user("a" * 30)
    first, second = sign_in(db, "s1", preferred_username="a" * 30), sign_in(db, "s2", preferred_username="a" * 30)
    assert len({first.handle, second.handle, "a" * 30}) == 3
    assert users.is_handle(first.handle)


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "GetUser")


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (refusal("NotAuthorizedException"), NotSignedIn),
        (refusal("TooManyRequestsException"), Unavailable),
        (EndpointConnectionError(endpoint_url="http://nowhere"), Unavailable),
    ],
)
def test_cognito_failing_leaves_no_row(db: Database, error: Exception, answer: type[Exception]) -> None:
    with pytest.raises(answer):
        users.from_claims(db, Cognito(error), {"sub": "s1"}, "token")
    assert emails(db) == {}


def race(ask: Callable[[int], User], runners: int = 8) -> list[User]:
    """What each of several threads gets that start together."""
    barrier = threading.Barrier(runners)
    got: list[User] = []

    def run(number: int) -> None:
        barrier.wait()
        got.append(ask(number))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(runners)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize("seeded", [True, False])
def test_many_first_requests_of_one_person_make_one_row(
    db: Database,
    add_user: AddUser,
    seeded: bool,
    attempt: int,  # noqa: ARG001
) -> None:
    if seeded:
        add_user("londo", email="l@x.example")
    attributes = {"preferred_username": "londo", "email": "l@x.example", "email_verified": "true"}
    got = race(lambda _: sign_in(db, "s1", **attributes))
    assert len(got) == 8
    assert len(set(got)) == 1
    assert len(emails(db)) == 1


def test_many_people_who_want_one_handle_at_once_each_get_a_row(db: Database) -> None:
    got = race(lambda number: sign_in(db, f"s{number}", preferred_username="londo"))
    assert len({user.uuid for user in got}) == len({user.handle for user in got}) == 8
    assert sum(user.handle == "londo" for user in got) == 1


def test_two_people_with_one_verified_email_at_once_never_share_a_row(db: Database, add_user: AddUser) -> None:
    add_user("londo", email="l@x.example")
    attributes = {"email": "l@x.example", "email_verified": "true"}
    refused: list[Conflict] = []

    def ask(number: int) -> User | None:
        try:
            return sign_in(db, f"s{number}", **attributes)
        except Conflict as conflict:
            refused.append(conflict)
            return None

    got = race(ask)  # type: ignore[arg-type]
    assert len([user for user in got if user]) == 1
    assert len(refused) == 7


def test_short_finds_a_handle_in_any_case_and_shows_no_email(db: Database, add_user: AddUser) -> None:
    made = add_user("Londo", email="l@x.example")
    assert users.short(db, "lONDO") == made
    with pytest.raises(NotFound):
        users.short(db, "gkar")


def test_the_two_people_of_a_direct_message_are_called_what_their_rows_say(db: Database, add_user: AddUser) -> None:
    londo, gkar = add_user("londo"), add_user("gkar")
    renamed = users.update_profile(db, londo, "Emperor", None)
    assert users.sender_and_receiver(db, londo, "GKAR") == (renamed, gkar)


@pytest.mark.parametrize(
    ("handle", "code"),
    [
        ("LONDO", "user_reciever_handle_own"),
        ("vir", "user_reciever_handle_unknown"),
        ("\x00", "user_reciever_handle_unknown"),
    ],
)
def test_a_receiver_who_cannot_be_is_invalid(db: Database, add_user: AddUser, handle: str, code: str) -> None:
    with pytest.raises(Invalid) as broken:
        users.sender_and_receiver(db, add_user("londo"), handle)
    assert broken.value.codes == [code]


def test_a_profile_keeps_its_bio_unless_a_new_one_is_given(db: Database, add_user: AddUser) -> None:
    londo = add_user("londo")
    for bio, kept in [("Ambassador", "Ambassador"), (None, "Ambassador"), ("", "")]:
        assert users.update_profile(db, londo, " Londo Mollari ", bio).display_name == "Londo Mollari"
        profile = db.one("users/profile", handle="londo")
        assert profile
        assert profile["bio"] == kept


def test_a_profile_whose_row_is_gone_is_not_found(db: Database) -> None:
    with pytest.raises(NotFound):
        users.update_profile(db, User("00000000-0000-7000-8000-000000000000", "x", "X"), "X", None)


LIMITS = [
    ("handle", "a" * users.HANDLE_MAX_CHARACTERS, "a" * (users.HANDLE_MAX_CHARACTERS + 1)),
    ("handle", "a.b-c_d", "a b"),
    ("handle", "0", "-"),
    ("display_name", "é" * users.DISPLAY_NAME_MAX_CHARACTERS, "é" * (users.DISPLAY_NAME_MAX_CHARACTERS + 1)),
    ("bio", "é" * users.BIO_MAX_CHARACTERS, "é" * (users.BIO_MAX_CHARACTERS + 1)),
    ("email", "a" * users.EMAIL_MAX_CHARACTERS, "a" * (users.EMAIL_MAX_CHARACTERS + 1)),
]


@pytest.mark.parametrize(("column", "fits", "breaks"), LIMITS)
def test_the_schema_holds_the_same_limits_as_the_rules(
    database_url: str, add_user: AddUser, column: str, fits: str, breaks: str
) -> None:
    add_user("londo")
    change = sql.SQL("UPDATE users SET {} = %s").format(sql.Identifier(column))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(change, [fits])
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(change, [breaks])
