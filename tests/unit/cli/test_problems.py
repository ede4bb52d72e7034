from typing import Any

from cli.script import ScriptError

import psycopg
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, ParamValidationError
from psycopg_pool import PoolTimeout

from backend_flask.errors import Invalid, NotFound
from backend_flask.settings import SettingsError
from cli.migrations import SchemaError
from cli.problems import explain


def refused(code: str, message: str = "it says why") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Scan")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ScriptError("do this"), ["do this"]),
        (SettingsError("A is missing"), ["A is missing"]),
        (SchemaError("it changed"), ["it changed"]),
        (PoolTimeout("no connection"), ["Postgres does not answer", "bin/dev"]),
        (psycopg.OperationalError("connection refused\nIs the server running?"), ["connection refused", "bin/dev"]),
        (psycopg.errors.UndefinedTable('relation "users" does not exist'), ["users", "bin/db/schema-load"]),
        (psycopg.errors.UniqueViolation("twice"), ["Postgres refused", "twice"]),
        (refused("ResourceNotFoundException"), ["bin/ddb/schema-load"]),
        (refused("AccessDeniedException"), ["Scan", "AccessDeniedException", "it says why"]),
        (NoCredentialsError(), ["AWS_ACCESS_KEY_ID"]),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:9"), ["does not answer", "bin/dev"]),
        (OSError(2, "No such file", "x.json"), ["x.json"]),
        (Invalid("user_reciever_handle_own"), ["user_reciever_handle_own"]),
        (NotFound("user_not_found"), ["user_not_found"]),
        (ZeroDivisionError("division by zero"), ["unexpected", "ZeroDivisionError", "CRUDDUR_DEBUG=1"]),
        (ZeroDivisionError(), ["unexpected", "ZeroDivisionError"]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_is_one_line_that_says_what_to_do(error: Exception, said: list[Any]) -> None:
    line = explain(error)
    assert all(part in line for part in said), line
    assert "\n" not in line


def test_a_parameter_that_the_sdk_refuses_is_not_blamed_on_the_engine() -> None:
    line = explain(ParamValidationError(report="Invalid length for parameter TableName, value: 0"))
    assert "TableName" in line
    assert "does not answer" not in line
    assert "\n" not in line


@pytest.mark.parametrize("error", [Invalid("message_blank"), NotFound("user_not_found")])
def test_an_error_of_the_product_is_not_unexpected(error: Exception) -> None:
    assert "unexpected" not in explain(error)
