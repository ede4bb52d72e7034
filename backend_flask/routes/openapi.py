"""The OpenAPI 3.1 document of an app, made of what its routes declare: what they take, refuse and return."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from flask import Flask, Response
from werkzeug.routing import Rule

from backend_flask.auth import may_sign_in, needs_sign_in
from backend_flask.errors import BadRequest, Conflict, CruddurError, Invalid, NotJson, NotSignedIn, Unavailable
from backend_flask.routes.declared import Declared, declared
from backend_flask.routes.errors import CODES_OF_FLASK, ProblemJson
from backend_flask.routes.health import API_VERSION
from backend_flask.routes.paging import Link
from backend_flask.routes.parameters import PATH, Parameter
from backend_flask.routes.schemas import Json, Schemas
from backend_flask.services.rules import Field

Codes = dict[int, dict[str, None]]
View = Callable[..., Any]

ABOUT = """Direct messages for Cruddur. Success is always status 200. An error is an RFC 9457 problem with a stable
`code`; only 422 is an array of codes, one for each broken rule. Lists are pages: follow the header `Link`."""
TOKEN = "accessToken"  # noqa: S105  # the name of a scheme
_OF_ANYBODY: tuple[CruddurError, ...] = (BadRequest(),)
_OF_A_BODY = (BadRequest("json_invalid"), BadRequest("json_object_required"), BadRequest("body_incomplete"), NotJson())
_OF_A_TOKEN = (
    NotSignedIn("token_missing"),
    NotSignedIn("token_expired"),
    NotSignedIn("token_invalid"),
    NotSignedIn("token_not_yet_valid"),
    NotSignedIn("token_revoked"),
)
_OF_A_FIRST_SIGN_IN = (Conflict("account_conflict"),)
_SECONDS = {"schema": {"type": "integer", "minimum": 1}, "required": True, "description": "When to try again."}
_HEADERS: dict[int, Json] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}},
    429: {"Retry-After": _SECONDS},
    503: {"Retry-After": _SECONDS},
}
_LINK = {
    "Link": {
        "schema": {"type": "string"},
        "description": 'The page that follows, as `<address>; rel="next"` (RFC 8288); the one before has `rel="prev"`.',
    }
}


def document(app: Flask) -> Json:
    """Describes every route of this app."""
    schemas, paths = Schemas(), dict[str, Json]()
    schemas.of(ProblemJson)
    for rule in sorted(app.url_map.iter_rules(), key=str):
        view = app.view_functions[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(path_of(rule), {})[method.lower()] = _operation(view, rule, schemas)
    bearer = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A Cognito access token."}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Cruddur messaging", "version": str(API_VERSION), "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.named.items())), "securitySchemes": {TOKEN: bearer}},
    }


def path_of(rule: Rule) -> str:
    """The rule's path as OpenAPI writes it."""
    return re.sub(r"<(\w+)>", r"{\1}", str(rule))


def _operation(view: View, rule: Rule, schemas: Schemas) -> Json:
    told = declared(view)
    summary, _, more = (inspect.getdoc(view) or "").partition("\n")
    parameters = [*map(_path_parameter, sorted(rule.arguments)), *map(_parameter, told.parameters)]
    return {
        "operationId": view.__name__,
        "summary": summary,
        **({"description": more.strip()} if more.strip() else {}),
        "tags": [rule.endpoint.partition(".")[0]],
        "security": _security(view),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": _body(told)} if told.fields is not None else {}),
        "responses": dict(sorted((_answers(view, schemas) | _refusals(_codes(view, told))).items())),
    }


def _security(view: View) -> list[Json]:
    nobody: list[Json] = [] if needs_sign_in(view) else [{}]
    return [*nobody, {TOKEN: []}] if may_sign_in(view) else []


def _path_parameter(name: str) -> Json:
    known = PATH[name]
    schema = {"type": "string", "examples": [known.example]}
    return {"name": name, "in": "path", "required": True, "description": known.says, "schema": schema}


def _parameter(known: Parameter) -> Json:
    required = {"required": True} if known.required else {}
    return {"name": known.name, "in": known.place, **required, "description": known.says, "schema": dict(known.schema)}


def _body(told: Declared) -> Json:
    fields = told.fields or {}
    needed = [name for name in fields if name in told.needed]
    schema: Json = {"type": "object", "properties": {name: dict(field.schema) for name, field in fields.items()}}
    return {"required": True, "content": {"application/json": {"schema": schema | {"required": needed}}}}


def _answers(view: View, schemas: Schemas) -> Json:
    """What the view returns: a shape, a page of it, or a shape with statuses and headers."""
    returned = get_type_hints(view, include_extras=True)["return"]
    parts = get_args(returned) if get_origin(returned) is tuple else (returned,)
    statuses = next((get_args(part) for part in parts if get_origin(part) is Literal), (HTTPStatus.OK,))
    links = _LINK if Link in parts else {}
    return {
        str(int(status)): _answer(status, _content(parts[0], schemas), links | _HEADERS.get(status, {}))
        for status in statuses
    }


def _content(kind: Any, schemas: Schemas) -> Json:
    """Of an answer that is no JSON of a known shape, `Annotated` says the media type."""
    if get_origin(kind) is Annotated and get_args(kind)[0] is Response:
        return {get_args(kind)[1]: {}}
    return {"application/json": {"schema": schemas.of(kind)}}


def _codes(view: View, told: Declared) -> Codes:
    """By status, in the order in which a request meets them."""
    errors = [*_OF_ANYBODY, *(_OF_A_TOKEN if needs_sign_in(view) else ())]
    errors += _OF_A_FIRST_SIGN_IN if may_sign_in(view) else ()
    errors += _OF_A_BODY if told.fields is not None else ()
    codes: Codes = {413: {CODES_OF_FLASK[413]: None}} if told.fields is not None else {}
    for error in [*errors, *_broken_rules(told), *told.errors, *([Unavailable()] if told.needs_neighbours else [])]:
        found = error.codes if isinstance(error, Invalid) else [error.code]
        codes.setdefault(error.status, {}).update(dict.fromkeys(found))
    return codes


def _broken_rules(told: Declared) -> Iterable[Invalid]:
    rules: list[Field | Parameter] = [*(told.fields or {}).values(), *told.parameters]
    return [Invalid(*each.codes) for each in rules if each.codes]


def _refusals(by_status: Codes) -> Json:
    return {str(status): _refusal(status, list(codes)) for status, codes in by_status.items()}


def _refusal(status: int, codes: list[str]) -> Json:
    code = {"type": "string", "enum": codes}
    if status == Invalid.status:
        content = {"application/json": {"schema": {"type": "array", "items": code, "minItems": 1}}}
    else:
        # What stands beside a reference is for those who check answers; clients make one class of all problems.
        told = {"status": {"const": status}, "code": code}
        content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem", "properties": told}}}
    return _answer(status, content, _HEADERS.get(status, {}), ", ".join(f"`{each}`" for each in codes))


def _answer(status: int, content: Json, headers: Json, codes: str = "") -> Json:
    phrase = HTTPStatus(status).phrase
    described = {"description": f"{phrase}: {codes}" if codes else phrase}
    return {**described, **({"headers": headers} if headers else {}), "content": content}
