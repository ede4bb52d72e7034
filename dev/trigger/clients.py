"""The trigger's clients. It reads the stream of a local engine, never of AWS, where Lambda does that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backend_flask.clients import client_of
from backend_flask.settings import Settings, SettingsError


def clients(settings: Settings) -> tuple[Any, ...]:
    """(dynamodb, dynamodbstreams). Raises SettingsError where the settings mean the real AWS."""
    dynamodb = settings.endpoint("dynamodb")
    # A local engine serves its streams at the same address.
    streams = settings.endpoint("dynamodbstreams") or dynamodb
    if dynamodb is None or streams is None:
        raise SettingsError("settings: AWS_ENDPOINT_URL_DYNAMODB is missing (the trigger reads local engines only)")
    settings = replace(settings, aws_endpoint_url_dynamodb_streams=streams)
    # The stream ids of some engines are shorter than the SDK's model of AWS allows.
    return tuple(client_of(settings, service, validate=False) for service in ("dynamodb", "dynamodbstreams"))
