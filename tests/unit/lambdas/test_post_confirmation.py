"""The post-confirmation function answers Cognito whatever happens. What it writes: tests/integration/lambdas."""

from __future__ import annotations

import copy
import logging
from typing import Any

import psycopg
import pytest

from backend_flask.errors import Conflict
from backend_flask.lib import deadline
from lambdas.cruddur_post_confirmation import handler
from lambdas.cruddur_post_confirmation.handler import apply
from tests.sign_ups import sign_up

COGNITO_WAITS = 5.0


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


class Writer:
    """Remembers whom it was given; raises these errors first."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.given: list[tuple[str, list[dict[str, str]]]] = []

    def __call__(self, sub: str, pairs: list[dict[str, str]]) -> None:
        self.given.append((sub, pairs))
        if self.errors:
            raise self.errors.pop(0)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(handler, "PAUSE", 0.001)
    caplog.set_level(logging.INFO)


def test_cognito_gets_its_event_back_as_it_was() -> None:
    event = sign_up()
    before = copy.deepcopy(event)
    assert apply(event, Writer()) == before


def test_the_row_is_made_of_what_cognito_says(caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer()
    event = sign_up("londo", sub="s1")
    apply(event, writer)
    [(sub, pairs)] = writer.given
    assert sub == "s1"
    assert {pair["Name"]: pair["Value"] for pair in pairs} == event["request"]["userAttributes"]
    assert lines(caplog) == ["sign_up_written"]


def test_a_forgotten_password_writes_nothing() -> None:
    writer = Writer()
    event = sign_up(source="ConfirmForgotPassword")
    assert apply(event, writer) is event
    assert writer.given == []


def test_a_postgres_that_fails_over_is_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    writer = Writer(psycopg.OperationalError("the database system is shutting down"))
    apply(sign_up(), writer)
    assert len(writer.given) == 2
    assert lines(caplog) == ["sign_up_written"]


@pytest.mark.parametrize("error", [Conflict("account_conflict", "taken"), ValueError("whatever"), KeyError("sub")])
def test_what_will_not_change_is_left_to_the_first_sign_in_at_once(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    event, writer = sign_up(), Writer(error, error)
    assert apply(event, writer) is event
    assert len(writer.given) == 1
    assert lines(caplog) == ["sign_up_not_written"]


def test_a_dead_postgres_is_given_up_before_cognito_gives_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        deadline.extend(-0.5)

    monkeypatch.setattr("lambdas.cruddur_post_confirmation.handler.time.sleep", sleep)
    apply(sign_up(), Writer(*[psycopg.OperationalError("gone")] * 99))
    assert lines(caplog) == ["sign_up_not_written"]
    assert 1 <= len(slept) <= 4


@pytest.mark.parametrize(
    "event", [{}, {"triggerSource": None}, {"triggerSource": handler.SIGN_UP}, sign_up() | {"request": {}}]
)
def test_an_event_that_is_none_is_given_back_too(event: Any) -> None:
    assert apply(event, Writer()) is event


def test_nothing_of_a_person_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    apply(sign_up("londo", sub="s1"), Writer(psycopg.DataError("londo@cruddur.example is wrong")))
    everything = " ".join(str(vars(record)) for record in caplog.records)
    assert "londo" not in everything
    assert "s1" not in everything


def test_all_that_it_does_fits_into_what_cognito_waits() -> None:
    assert handler.SECONDS <= COGNITO_WAITS - 1
