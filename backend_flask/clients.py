"""From settings to AWS clients: the one way in which the API, the scripts and the embedded stack get theirs."""

from __future__ import annotations

from typing import Any

from backend_flask.lib import aws
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
