"""From settings to clients of AWS, and to the one of Postgres: the one way in which all get theirs."""

from __future__ import annotations

from typing import Any

from backend_flask.lib import aws, rds_token
from backend_flask.lib.db import Database
from backend_flask.settings import Settings


def client_of(settings: Settings, service: str, *, pool: int = 10, validate: bool = True) -> Any:
    """The client that the settings describe."""
    return aws.client(
        service,
        region=settings.aws_default_region,
        endpoint_url=settings.endpoint(service),
        key_id=settings.aws_access_key_id,
        secret_key=settings.aws_secret_access_key,
        session_token=settings.aws_session_token,
        pool=pool,
        validate=validate,
    )


def database_of(settings: Settings, pool_size: int, **hooks: Any) -> Database:
    """The database that the settings describe, still closed. `hooks` are those of Database."""
    return Database(settings.connection_url, pool_size, password=password_of(settings), **hooks)


def password_of(settings: Settings) -> rds_token.Password | None:
    """What gives the password for each new connection, if it is not in the address."""
    if settings.db_sign_in == "password":
        return None
    return rds_token.signer(settings.connection_url, settings.aws_default_region)
