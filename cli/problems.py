"""One line for a person from whatever a script ran into: what is wrong, and what to do."""

from __future__ import annotations

import re

from cli.script import ScriptError

import psycopg
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)
from psycopg_pool import PoolTimeout

from backend_flask.errors import CruddurError
from backend_flask.settings import SettingsError
from cli.migrations import SchemaError

_CREATE_TABLE = "Create the table with bin/ddb/schema-load"
_START = "Is the system up? Start it with bin/dev, or look with bin/doctor"


def explain(error: Exception) -> str:
    if isinstance(error, SettingsError):
        return f"{error}, or start the system with bin/dev"
    if isinstance(error, ScriptError | SchemaError):
        return str(error)
    if isinstance(error, CruddurError):
        return f"that is refused: {_first_line(error)}"
    if isinstance(error, psycopg.Error | PoolTimeout):
        return _explain_postgres(error)
    if isinstance(error, ClientError):
        return _explain_aws(error)
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
    if isinstance(error, ParamValidationError):
        return " ".join(str(error).split())
    if isinstance(error, EndpointConnectionError | BotoCoreError):
        return f"AWS or the engine does not answer: {_first_line(error)}. {_START}"
    if isinstance(error, ModuleNotFoundError) and str(error.name).startswith("dev"):
        return "this works only where the embedded stack is, and it is not here"
    if isinstance(error, OSError):
        return _first_line(error)
    return f"unexpected {type(error).__name__}: {_first_line(error)}. CRUDDUR_DEBUG=1 shows where"


def _explain_postgres(error: Exception) -> str:
    if isinstance(error, psycopg.OperationalError) and re.search(r'database ".*" does not exist', str(error)):
        return "there is no such database yet. Create it with bin/db/setup"
    if isinstance(error, PoolTimeout | psycopg.OperationalError):
        return f"Postgres does not answer: {_first_line(error)}. {_START}"
    if isinstance(error, psycopg.errors.UndefinedTable):
        return f"{_first_line(error)}. Load the schema with bin/db/schema-load"
    return f"Postgres refused: {_first_line(error)}"


def _explain_aws(error: ClientError) -> str:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code == "ResourceNotFoundException":
        # Cognito has the same word for a user pool that is not there.
        what_to_do = "Is AWS_COGNITO_USER_POOL_ID right?" if "pool" in message.lower() else _CREATE_TABLE
        return f"not there: {(message or error.operation_name).rstrip('.')}. {what_to_do}"
    return f"{error.operation_name} was refused with {code}: {message}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
