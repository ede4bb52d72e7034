"""What the OpenAPI document says of the API, and whether an answer keeps to it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from flask import Flask
from jsonschema_rs import Draft202012Validator
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from backend_flask import app as api
from backend_flask.routes.openapi import document

Json = dict[str, Any]
# The headers by which an answer tells something that its body does not.
TELLING = {"Link", "Retry-After", "WWW-Authenticate"}


class Broken(AssertionError):
    """An answer is not as the document says."""


@dataclass(frozen=True)
class Described:
    """An answer with one status, as the document describes it."""

    media_type: str
    headers: set[str]
    required: set[str]
    body: Draft202012Validator | None


@cache
def document_of_the_api() -> Json:
    """All apps have the same routes."""
    app = Flask("described", static_folder=None)
    for blueprint in api.ROUTES:
        app.register_blueprint(blueprint)
    return document(app)


@cache
def described() -> dict[str, dict[int, Described]]:
    """By route, such as `GET /api/messages/<message_group_uuid>`, and by status."""
    angles = str.maketrans("{}", "<>")
    return {
        f"{method.upper()} {path.translate(angles)}": {
            int(status): _described(answer) for status, answer in operation["responses"].items()
        }
        for path, methods in document_of_the_api()["paths"].items()
        for method, operation in methods.items()
    }


@cache
def _any_problem() -> Described:
    """What is no route is answered so, and what went wrong by our fault."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return _described({"content": content})


def _described(answer: Json) -> Described:
    ((media_type, content),) = answer["content"].items()
    schema = content.get("schema")
    headers = answer.get("headers", {})
    required = {name for name, header in headers.items() if header.get("required")}
    body = Draft202012Validator(_strict(schema), validate_formats=True) if schema else None
    return Described(media_type, set(headers), required, body)


def _strict(schema: Any) -> Any:
    """Without references, and without room for a field of which nothing is said."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    rest = {name: _strict(each) for name, each in schema.items() if name != "$ref"}
    if "$ref" in schema:
        named = document_of_the_api()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return {"allOf": [_strict(named), rest]}
    return {"additionalProperties": False, **rest} if schema.get("type") == "object" else rest


def check(app: Flask, answer: TestResponse) -> None:
    """Raises Broken if the document does not allow this answer."""
    if answer.request.method == "OPTIONS":
        return
    route = _route(app, answer)
    statuses = described().get(route, {})
    known = statuses.get(answer.status_code) if route and answer.status_code != 500 else _any_problem()
    if known is None:
        raise Broken(f"{route} is answered {answer.status}: {answer.text[:300]}")
    headers = TELLING & set(answer.headers.keys())
    if answer.content_type != known.media_type or not known.required <= headers <= known.headers:
        raise Broken(f"{route} is answered {answer.status} as {answer.content_type} with {headers or 'no header'}")
    if known.body and answer.request.method != "HEAD":
        for error in known.body.iter_errors(json.loads(answer.data)):
            raise Broken(f"{route} is answered {answer.status} with {error.instance_path}: {error.message}")


def _route(app: Flask, answer: TestResponse) -> str:
    """Empty if it is none."""
    method = answer.request.method
    try:
        rule, _ = app.url_map.bind_to_environ(answer.request.environ).match(return_rule=True)
    except HTTPException:
        return ""
    return f"{'GET' if method == 'HEAD' else method} {rule}"
