"""The error tree, and the one shape that every error has as HTTP."""

import json
from collections.abc import Callable
from http import HTTPStatus

import psycopg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from flask import Flask, abort, request
from flask.testing import FlaskClient
from psycopg_pool import PoolTimeout

from backend_flask import errors
from backend_flask.lib.deadline import DeadlineExceeded
from backend_flask.routes import errors as http

SECRET = "select secret from hidden at /srv/app"


def of_aws(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": SECRET}}, "PutItem")


@pytest.fixture
def raising() -> Callable[[Exception], FlaskClient]:
    """A client of an app whose only route raises this."""

    def client(error: Exception) -> FlaskClient:
        app = Flask(__name__, static_folder=None)
        http.register(app)

        @app.route("/")
        def view() -> str:
            raise error

        return app.test_client()

    return client


EXPECTED: list[tuple[Exception, int, str]] = [
    (errors.BadRequest(), 400, "bad_request"),
    (errors.BadRequest("json_invalid"), 400, "json_invalid"),
    (errors.NotJson(), 415, "content_type_not_json"),
    (errors.NotSignedIn(), 401, "token_missing"),
    (errors.NotSignedIn("token_expired"), 401, "token_expired"),
    (errors.NotFound(), 404, "not_found"),
    (errors.NotFound("user_not_found"), 404, "user_not_found"),
    (errors.Conflict(), 409, "conflict"),
    (errors.RateLimited(7), 429, "rate_limited"),
    (errors.Unavailable(), 503, "unavailable"),
    (errors.CruddurError(), 500, "internal_error"),
    (of_aws("ProvisionedThroughputExceededException"), 503, "unavailable"),
    (of_aws("ThrottlingException"), 503, "unavailable"),
    (of_aws("RequestLimitExceeded"), 503, "unavailable"),
    (of_aws("InternalServerError"), 503, "unavailable"),
    (of_aws("ResourceNotFoundException"), 503, "unavailable"),
    (of_aws("UnrecognizedClientException"), 503, "unavailable"),
    (of_aws("AccessDeniedException"), 503, "unavailable"),
    (of_aws("TransactionConflictException"), 503, "unavailable"),
    (EndpointConnectionError(endpoint_url=SECRET), 503, "unavailable"),
    (psycopg.OperationalError(SECRET), 503, "unavailable"),
    (psycopg.errors.QueryCanceled(SECRET), 503, "unavailable"),
    (psycopg.errors.AdminShutdown(SECRET), 503, "unavailable"),
    (psycopg.errors.ReadOnlySqlTransaction(SECRET), 503, "unavailable"),
    (psycopg.errors.UndefinedTable(SECRET), 503, "unavailable"),
    (PoolTimeout(SECRET), 503, "unavailable"),
    (DeadlineExceeded(), 503, "unavailable"),
    (of_aws("ValidationException"), 500, "internal_error"),
    (ParamValidationError(report=SECRET), 500, "internal_error"),
    (psycopg.errors.UndefinedColumn(SECRET), 500, "internal_error"),
    (psycopg.errors.SyntaxError(SECRET), 500, "internal_error"),
    (RuntimeError(SECRET), 500, "internal_error"),
    (KeyError(SECRET), 500, "internal_error"),
    (RecursionError(SECRET), 500, "internal_error"),
    (UnicodeEncodeError("utf-8", SECRET, 0, 1, "surrogates"), 500, "internal_error"),
]  # fmt: skip


@pytest.mark.parametrize(("error", "status", "code"), EXPECTED, ids=lambda value: getattr(value, "code", None))
def test_every_error_has_one_shape(
    raising: Callable[[Exception], FlaskClient], error: Exception, status: int, code: str
) -> None:
    answer = raising(error).get("/")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    body = json.loads(answer.data)
    assert body == {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    assert ("Retry-After" in answer.headers) == (status in {429, 503})
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


def test_an_invalid_request_is_an_array_of_codes(raising: Callable[[Exception], FlaskClient]) -> None:
    answer = raising(errors.Invalid("message_blank", "ttl_blank")).get("/")
    assert answer.status_code == 422
    assert answer.content_type == "application/json"
    assert answer.json == ["message_blank", "ttl_blank"]


def test_a_refusal_says_when_to_try_again(raising: Callable[[Exception], FlaskClient]) -> None:
    for error in (errors.RateLimited(retry_after=7), errors.Unavailable(retry_after=7)):
        assert raising(error).get("/").headers["Retry-After"] == "7"


def test_a_detail_is_shown_where_there_is_one(raising: Callable[[Exception], FlaskClient]) -> None:
    answer = raising(errors.Conflict("idempotency_key_reused", "Used before.")).get("/")
    assert json.loads(answer.data)["detail"] == "Used before."


def test_401_says_what_is_wrong_as_rfc_6750_does(raising: Callable[[Exception], FlaskClient]) -> None:
    assert raising(errors.NotSignedIn()).get("/").headers["WWW-Authenticate"] == "Bearer"
    expired = raising(errors.NotSignedIn("token_expired")).get("/").headers["WWW-Authenticate"]
    assert expired == 'Bearer error="invalid_token", error_description="token_expired"'


# These codes are written out: Python and werkzeug have both renamed their phrases for a status.
OF_FLASK = [
    (400, "bad_request"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (413, "body_too_large"),
    (414, "http_414"),
    (431, "http_431"),
    (500, "internal_error"),
]


@pytest.mark.parametrize(("status", "code"), OF_FLASK)
def test_what_flask_refuses_has_the_same_shape(status: int, code: str) -> None:
    app = Flask(__name__, static_folder=None)
    http.register(app)
    app.add_url_rule("/", view_func=lambda: abort(status))
    answer = app.test_client().get("/")
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.data)["code"] == code


def test_an_unknown_path_and_a_wrong_method_have_the_same_shape(raising: Callable[[Exception], FlaskClient]) -> None:
    client = raising(RuntimeError())
    unknown, wrong = client.get("/nowhere"), client.post("/")
    assert json.loads(unknown.data)["code"] == "not_found"
    assert json.loads(wrong.data)["code"] == "method_not_allowed"
    assert set(wrong.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


def test_no_log_line_of_an_error_quotes_anything(
    raising: Callable[[Exception], FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    for error, status, _ in EXPECTED:
        caplog.clear()
        raising(error).get("/")
        assert SECRET not in "".join(str(vars(record)) for record in caplog.records), error
        if status == 500 and not isinstance(error, errors.CruddurError):
            assert [vars(record)["error"] for record in caplog.records] == [type(error).__name__]


def test_a_body_that_is_too_large_is_413_whether_its_length_is_said_or_not() -> None:
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 10
    http.register(app)

    @app.post("/")
    def view() -> bytes:
        return request.get_data()

    answer = app.test_client().post("/", data=b"x" * 11)
    assert (answer.status_code, json.loads(answer.data)["code"]) == (413, "body_too_large")


def test_each_error_of_the_tree_has_its_own_status() -> None:
    def below(kind: type[errors.CruddurError]) -> list[type[errors.CruddurError]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    statuses = [kind.status for kind in below(errors.CruddurError)]
    assert len(statuses) == len(set(statuses))
    drawn = errors.__doc__ or ""
    assert all(
        kind.__name__ in drawn and (kind.status == 500 or str(kind.status) in drawn)
        for kind in below(errors.CruddurError)
    )
