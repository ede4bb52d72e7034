"""Every error as HTTP: 422 is an array of codes, as the Cruddur front end shows them; the rest is RFC 9457.

No answer names a class, a query or a neighbour. What went wrong is in the log, without anything that a person sent.
"""

from __future__ import annotations

import json
import logging
import traceback
from http import HTTPStatus
from typing import Any, NotRequired, TypedDict

import psycopg
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from flask import Flask, Response, request
from psycopg_pool import PoolTimeout
from werkzeug.exceptions import HTTPException

from backend_flask.errors import BadRequest, CruddurError, Invalid, NotFound, NotSignedIn, RateLimited, Unavailable
from backend_flask.lib.deadline import DeadlineExceeded

log = logging.getLogger(__name__)

# DynamoDB's words for a request that is wrong in itself; trying it again cannot help.
_OUR_MISTAKES = {"ValidationException", "SerializationException"}
_NEIGHBOURS = (
    BotoCoreError,
    ClientError,
    DeadlineExceeded,
    psycopg.OperationalError,
    PoolTimeout,
    psycopg.errors.UndefinedTable,  # the schema is not loaded yet
    psycopg.errors.ReadOnlySqlTransaction,  # a standby has taken over, and this server has not noticed
)
# Written out, because Python and werkzeug rename their phrases from version to version.
CODES_OF_FLASK = {
    400: BadRequest.code,
    404: NotFound.code,
    405: "method_not_allowed",
    413: "body_too_large",
    500: CruddurError.code,
}


class ProblemJson(TypedDict):
    """RFC 9457. `code` is stable: compare it. `detail` is for people."""

    type: str
    title: str
    status: int
    code: str
    detail: NotRequired[str]


def register(app: Flask) -> None:
    app.register_error_handler(CruddurError, _expected)
    app.register_error_handler(HTTPException, _of_flask)
    app.register_error_handler(Exception, _unexpected)
    for kind in _NEIGHBOURS:
        app.register_error_handler(kind, _neighbour)


def problem(status: int, code: str, detail: str = "", headers: dict[str, str] | None = None) -> Response:
    body: ProblemJson = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    if detail:
        body["detail"] = detail
    return Response(json.dumps(body), status, headers, content_type="application/problem+json")


def _expected(error: CruddurError) -> Response:
    if isinstance(error, Invalid):
        return Response(json.dumps(error.codes), error.status, content_type="application/json")
    return problem(error.status, error.code, error.detail, _headers(error))


def _headers(error: CruddurError) -> dict[str, str]:
    if isinstance(error, RateLimited | Unavailable):
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, NotSignedIn):
        missing = error.code == NotSignedIn.code
        reason = "" if missing else f' error="invalid_token", error_description="{error.code}"'
        return {"WWW-Authenticate": "Bearer" + reason}
    return {}


def _of_flask(error: HTTPException) -> Response:
    """What Flask itself refuses: an unknown path, a method, a body that is too large."""
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Location", "Retry-After"}}
    return problem(status, CODES_OF_FLASK.get(status, f"http_{status}"), headers=kept)


def _neighbour(error: Exception) -> Response:
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    if code in _OUR_MISTAKES or isinstance(error, ParamValidationError):
        return _unexpected(error)
    log.warning("neighbour_failed", extra={"error": type(error).__name__, "code": code})
    return _expected(Unavailable())


def _unexpected(error: Exception) -> Response:
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    # The text of an exception may quote what a person sent; its type and place never do.
    described: dict[str, Any] = {"error": type(error).__name__, "where": where[-8:], "route": str(request.url_rule)}
    log.error("unexpected_error", extra=described)
    return problem(500, CruddurError.code)
