"""Declarations above a view: what they read is what the view gets."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from backend_flask.errors import BadRequest, Conflict, Invalid, NotFound
from backend_flask.routes.declared import declared, needs_no_neighbour, optional, refuses, takes, takes_json
from backend_flask.routes.parameters import flag, one_of
from backend_flask.services.rules import Text

ORDER = one_of("order", {"asc": 1, "desc": 2}, default="desc", says="", argument="direction")
COUNTS = flag("counts", "", default=True)
NAME, BIO = Text("name", 3), Text("bio", 3)


@takes(ORDER, COUNTS)
def listing(uuid: str, **asked: Any) -> tuple[str, dict[str, Any]]:
    return uuid, asked


@takes_json(name=NAME, bio=optional(BIO))
@takes(COUNTS)
@refuses(NotFound("nobody"), Conflict("taken"))
@refuses(Invalid("own"))
@needs_no_neighbour
def writing(**asked: Any) -> dict[str, Any]:
    """Writes."""
    return asked


@pytest.fixture
def app() -> Flask:
    return Flask("declared", static_folder=None)


def test_a_view_gets_what_the_query_says_or_the_default(app: Flask) -> None:
    with app.test_request_context("/?order=asc&other=1"):
        assert listing("x") == ("x", {"direction": 1, "counts": True})
    with app.test_request_context("/?counts=0"):
        assert listing("x") == ("x", {"direction": 2, "counts": False})


def test_the_first_parameter_that_is_wrong_is_named(app: Flask) -> None:
    with app.test_request_context("/?counts=x&order=x"), pytest.raises(Invalid) as refused:
        listing("x")
    assert refused.value.codes == ["order_invalid"]


def test_a_view_gets_the_fields_as_they_were_sent_and_no_others(app: Flask) -> None:
    with app.test_request_context(method="POST", json={"name": ["far too long"], "email": "x"}):
        assert writing() == {"name": ["far too long"], "bio": None, "counts": True}


def test_what_stands_above_is_read_first(app: Flask) -> None:
    broken = app.test_request_context("/?counts=x", method="POST", data="[", content_type="application/json")
    with broken, pytest.raises(BadRequest):
        writing()


def test_declarations_add_up_and_the_view_stays_what_it_was() -> None:
    told = declared(writing)
    assert told.parameters == (COUNTS,)
    assert told.fields == {"name": NAME, "bio": BIO}
    assert told.needed == {"name"}
    assert [error.status for error in told.errors] == [404, 409, 422]
    assert (told.needs_neighbours, declared(listing).needs_neighbours) == (False, True)
    assert (writing.__name__, writing.__doc__) == ("writing", "Writes.")
    assert declared(test_what_stands_above_is_read_first).fields is None
