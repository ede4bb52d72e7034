"""The trigger's clients. It reads the stream of a local engine, never of AWS, where Lambda does that."""

from __future__ import annotations

from typing import Any

from backend_flask.lib import aws
from backend_flask.settings import Settings, SettingsError


def clients(settings: Settings) -> tuple[Any, Any]:
    """(dynamodb, dynamodbstreams). Raises SettingsError where the settings mean the real AWS."""
    dynamodb = settings.endpoint("dynamodb")
    # A local engine serves its streams at the same address.
    streams = settings.endpoint("dynamodbstreams") or dynamodb
    if dynamodb is None or streams is None:
        raise SettingsError("settings: AWS_ENDPOINT_URL_DYNAMODB is missing (the trigger reads local engines only)")
    return _client("dynamodb", settings, dynamodb), _client("dynamodbstreams", settings, streams)


def _client(service: str, settings: Settings, endpoint_url: str) -> Any:
    return aws.client(
        service,
        region=settings.aws_default_region,
        endpoint_url=endpoint_url,
        key_id=settings.aws_access_key_id,
        secret_key=settings.aws_secret_access_key,
        # The stream ids of some engines are shorter than the SDK's model of AWS allows.
        validate=False,
    )
