"""The JSON of answers: what Flask would have written, to whoever reads it."""

import json

import pytest
from flask import Flask, jsonify
from hypothesis import given
from hypothesis import strategies as st

from backend_flask.fast_json import FastJson

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask(__name__)
    made.json = FastJson(made)
    return made


def written(app: Flask, value: object) -> bytes:
    with app.app_context():
        answer = jsonify(value)
    assert answer.content_type == "application/json"
    data: bytes = answer.data
    return data


@given(value=values)
def test_what_is_written_reads_as_what_was_given(app: Flask, value: object) -> None:
    assert json.loads(written(app, value)) == value


def test_names_stand_in_the_order_in_which_they_are_given(app: Flask) -> None:
    assert written(app, {"b": 1, "a": 2}) == b'{"b":1,"a":2}'


def test_other_alphabets_are_not_escaped(app: Flask) -> None:
    assert "Привет".encode() in written(app, {"message": "Привет"})
