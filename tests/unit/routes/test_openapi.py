"""The OpenAPI document: valid, whole, and of one mind with what reads the requests and with docs/api.md."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from backend_flask import app as api
from backend_flask.auth import needs_sign_in
from backend_flask.errors import Invalid
from backend_flask.routes.declared import declared
from backend_flask.routes.openapi import document
from backend_flask.routes.parameters import PATH, Parameter, as_sent
from tests.api_page import codes_by_status

Json = dict[str, Any]


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("described", static_folder=None)
    for blueprint in api.ROUTES:
        made.register_blueprint(blueprint)
    return made


@pytest.fixture(scope="module")
def made(app: Flask) -> Json:
    return document(app)


@pytest.fixture(scope="module")
def operations(made: Json) -> dict[str, Json]:
    return {f"{method.upper()} {path}": each for path, of in made["paths"].items() for method, each in of.items()}


def test_the_document_is_valid_openapi_3_1(made: Json) -> None:
    assert made["openapi"].startswith("3.1.")
    validate(made)


def test_it_describes_every_route_and_no_other(app: Flask, operations: dict[str, Json]) -> None:
    routes = {
        f"{method} {str(rule).translate(str.maketrans('<>', '{}'))}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert operations.keys() == routes


def test_every_operation_has_a_name_of_its_own_and_a_line_about_it(operations: dict[str, Json]) -> None:
    names = [each["operationId"] for each in operations.values()]
    assert len(set(names)) == len(names)
    for each in operations.values():
        assert each["summary"].endswith(".")


def test_who_must_sign_in_is_told(app: Flask, operations: dict[str, Json]) -> None:
    must = {app.view_functions[rule.endpoint].__name__: needs_sign_in(app.view_functions[rule.endpoint])
            for rule in app.url_map.iter_rules()}  # fmt: skip
    for each in operations.values():
        assert (each["security"] == [{"accessToken": []}]) == must[each["operationId"]]
        assert ("401" in each["responses"]) == must[each["operationId"]]
    assert operations["GET /api/activities/notifications"]["security"] == [{}, {"accessToken": []}]


def test_it_holds_every_code_of_the_api_page_and_no_other(operations: dict[str, Json]) -> None:
    codes: dict[int, set[str]] = {}
    for operation in operations.values():
        for status, answer in operation["responses"].items():
            codes.setdefault(int(status), set()).update(codes_of(answer))
    told = codes_by_status()
    # What is no route is no operation either.
    told[404].remove("not_found")
    assert told.pop(405) == {"method_not_allowed"}
    assert {status: found for status, found in codes.items() if found} == told


def codes_of(answer: Json) -> set[str]:
    (content,) = answer["content"].values()
    schema = content.get("schema", {})
    told = schema.get("properties", {}).get("code") or schema.get("items", {})
    return set(told.get("enum", ()))


def test_a_page_tells_of_the_next_one(operations: dict[str, Json]) -> None:
    for each in operations.values():
        names = {parameter["name"] for parameter in each.get("parameters", ())}
        assert ({"limit", "before"} <= names) == ("Link" in each["responses"]["200"].get("headers", {}))


def test_who_is_asked_to_wait_is_told_how_long(operations: dict[str, Json]) -> None:
    waits = [answer for each in operations.values() for status, answer in each["responses"].items()
             if status in {"429", "503"}]  # fmt: skip
    assert len(waits) > 10
    assert all(answer["headers"]["Retry-After"]["required"] for answer in waits)


def test_every_part_of_a_path_is_described_and_nothing_else(app: Flask) -> None:
    assert {name for rule in app.url_map.iter_rules() for name in rule.arguments} == set(PATH)


def parameters() -> Iterator[Parameter]:
    for blueprint in api.ROUTES:
        app = Flask("parameters", static_folder=None)
        app.register_blueprint(blueprint)
        for view in app.view_functions.values():
            yield from declared(view).parameters


PARAMETERS = {each.name: each for each in parameters() if each.understand is not as_sent}


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("value", ["", "x" * 2000, "\x00"])
def test_a_parameter_is_refused_with_the_code_that_it_declares(name: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        PARAMETERS[name].understand(value)
    assert tuple(refused.value.codes) == PARAMETERS[name].codes


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_takes_what_it_says_and_no_more(name: str) -> None:
    understand, schema = PARAMETERS[name].understand, PARAMETERS[name].schema
    for value in (*schema.get("enum", ()), *(schema[word] for word in ("minimum", "maximum") if word in schema)):
        understand(str(value))
    for beyond in (schema["minimum"] - 1, schema["maximum"] + 1) if "maximum" in schema else ():
        with pytest.raises(Invalid):
            understand(str(beyond))
    if "default" in schema:
        assert understand(None) == understand(str(schema["default"]))
