"""The post-confirmation function on a real Postgres, as the role that it has on AWS."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend_flask.lib.db import Database
from backend_flask.services import users
from cli.release import release
from lambdas.cruddur_post_confirmation import handler as function
from lambdas.cruddur_post_confirmation.handler import handler
from tests.line import Line
from tests.sign_ups import sign_up


@pytest.fixture
def as_the_function(database_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address with the role that the function has."""
    release(database_url)
    address = make_conninfo(database_url, user="cruddur_api")
    monkeypatch.setenv("CONNECTION_URL", address)
    monkeypatch.delenv("DB_SIGN_IN", raising=False)
    function._password.cache_clear()
    return address


class NoCognito:
    def get_user(self, **_: Any) -> dict[str, Any]:
        raise AssertionError("who has a row is not asked for")


def rows(url: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT handle, display_name, email, cognito_user_id FROM users").fetchall()


def test_a_sign_up_leaves_the_row_that_the_first_sign_in_finds(as_the_function: str, db: Database) -> None:
    handler(sign_up("londo", sub="s1"), None)
    assert rows(as_the_function) == [("londo", "Londo", "londo@cruddur.example", "s1")]
    assert users.from_claims(db, NoCognito(), {"sub": "s1"}, "token").handle == "londo"


def test_cognito_may_call_as_often_as_it_likes(as_the_function: str) -> None:
    for _ in range(3):
        handler(sign_up("londo", sub="s1"), None)
    assert len(rows(as_the_function)) == 1


def test_a_sign_up_and_a_first_sign_in_at_once_make_one_row(as_the_function: str, db: Database) -> None:
    class Cognito:
        def get_user(self, **_: Any) -> dict[str, Any]:
            attributes = sign_up("londo", sub="s1")["request"]["userAttributes"]
            return {"UserAttributes": [{"Name": name, "Value": value} for name, value in attributes.items()]}

    threads = [threading.Thread(target=handler, args=(sign_up("londo", sub="s1"), None)) for _ in range(3)]
    threads += [
        threading.Thread(target=users.from_claims, args=(db, Cognito(), {"sub": "s1"}, "token")) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows(as_the_function) == [("londo", "Londo", "londo@cruddur.example", "s1")]


def test_a_handle_that_is_taken_becomes_a_variant(as_the_function: str) -> None:
    handler(sign_up("londo", sub="s1"), None)
    handler(sign_up("londo", sub="s2", email="another@cruddur.example"), None)
    (_, first), (_, second) = sorted((row[3], row[0]) for row in rows(as_the_function))
    assert first == "londo"
    assert second.startswith("londo-")


def test_an_email_that_is_not_proved_is_not_kept(as_the_function: str) -> None:
    handler(sign_up("londo", sub="s1", email_verified="false"), None)
    assert rows(as_the_function) == [("londo", "Londo", None, "s1")]


def test_a_database_that_does_not_answer_costs_the_person_seconds_and_no_error(
    as_the_function: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    parts = conninfo_to_dict(as_the_function)
    line = Line((str(parts["host"]), int(str(parts["port"]))))
    line.frozen = True
    monkeypatch.setenv("CONNECTION_URL", make_conninfo(as_the_function, port=line.port))
    monkeypatch.setattr(function, "SECONDS", 2.5)
    caplog.set_level(logging.INFO)
    event, begun = sign_up(), time.monotonic()
    try:
        assert handler(event, None) is event
    finally:
        line.frozen = False
        line.close()
    assert time.monotonic() - begun < 3.5
    assert [record.getMessage() for record in caplog.records] == ["sign_up_not_written"]
    assert rows(as_the_function) == []


def test_on_aws_it_signs_in_with_its_role(as_the_function: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This Postgres takes any password, so what is looked at is the one that it is given."""
    monkeypatch.setenv("DB_SIGN_IN", "iam")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    given: list[Any] = []
    connect = psycopg.Connection.connect.__func__  # type: ignore[attr-defined]

    def listening(cls: Any, /, conninfo: str, **arguments: Any) -> Any:
        given.append(arguments["password"])
        return connect(cls, conninfo, **arguments)

    monkeypatch.setattr("backend_flask.lib.db.BoundedConnection.connect", classmethod(listening))
    handler(sign_up("londo"), None)
    assert len(rows(as_the_function)) == 1
    assert "Action=connect&DBUser=cruddur_api" in given[0]
    function._password.cache_clear()
