"""Every setting of the project: its name, type, default and meaning.

The only module that knows the environment. A field `frontend_url` is the variable `FRONTEND_URL`.
`load` takes any mapping, so that a script can put a file under the environment and a test can pass a dict.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Container, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit, urlunsplit

LOCAL = "local"


class SettingsError(Exception):
    """The settings cannot be used; the text names every one that is wrong and is fit for a person."""


def _setting(
    meaning: str, default: Any = MISSING, *, secret: bool = False, allowed: Container[Any] | None = None
) -> Any:
    metadata = {"meaning": meaning, "secret": secret, "allowed": allowed}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What is in force in this process. Settings without a default are required."""

    connection_url: str = _setting("Postgres, as a postgresql:// address", secret=True)
    aws_default_region: str = _setting("AWS region of the table and of the user pool")
    aws_cognito_user_pool_id: str = _setting("Cognito user pool whose access tokens are accepted")
    aws_cognito_user_pool_client_id: str = _setting("Cognito app client whose access tokens are accepted")
    frontend_url: str = _setting("origin of the front end; browsers may call the API from it")
    backend_url: str = _setting("origin of this API; browsers may call the API from it")

    cruddur_env: str = _setting("`local` allows AWS_COGNITO_JWKS_URL; anything else refuses it", "production")
    ddb_message_table: str = _setting("name of the DynamoDB table", "cruddur-messages")
    prod_connection_url: str = _setting("Postgres that scripts use with `prod`", "", secret=True)
    aws_endpoint_url: str = _setting("one address for all of AWS instead of the real one", "")
    aws_endpoint_url_dynamodb: str = _setting("address of DynamoDB instead of the real one", "")
    aws_endpoint_url_dynamodb_streams: str = _setting("address of DynamoDB Streams instead of the real one", "")
    aws_endpoint_url_cognito_identity_provider: str = _setting("address of Cognito instead of the real one", "")
    aws_access_key_id: str = _setting("AWS credentials; empty means boto3's own search for them", "")
    aws_secret_access_key: str = _setting("AWS credentials; empty means boto3's own search", "", secret=True)
    aws_session_token: str = _setting("belongs to temporary AWS credentials", "", secret=True)
    aws_cognito_jwks_url: str = _setting("where the pool's key set lies, if not below the issuer; local only", "")
    cognito_browser_url: str = _setting("address of Cognito for browsers, if they find it elsewhere than the API", "")
    host: str = _setting("address that the API listens on", "127.0.0.1")
    port: int = _setting("port that the API listens on", 4567, allowed=range(65_536))
    web_concurrency: int = _setting("processes of the API; 0 means two per core", 0)
    aws_pool_size: int = _setting(
        "connections to each AWS service that one process keeps, from 1 up", 100, allowed=range(1, 10_001)
    )
    db_pool_size: int = _setting("Postgres connections of one process, from 1 up", 10, allowed=range(1, 1_001))
    db_sign_in: str = _setting(
        "password, as CONNECTION_URL has it; or iam, to sign in to RDS with the AWS credentials",
        "password",
        allowed=("password", "iam"),
    )
    live_streams: int = _setting(
        "open streams of live events of one process, from 1 up", 1000, allowed=range(1, 100_001)
    )
    rate_limits: str = _setting("on, or off to let users send as much as they like", "on", allowed=("on", "off"))
    log_level: str = _setting("debug, info, warning or error", "info", allowed=("debug", "info", "warning", "error"))
    otel_exporter_otlp_endpoint: str = _setting(
        "OpenTelemetry collector that gets traces and metrics, as http://host:4318; empty means none", ""
    )

    @property
    def is_local(self) -> bool:
        return self.cruddur_env == LOCAL

    @property
    def issuer(self) -> str:
        """The `iss` of the pool's tokens (Amazon Cognito, "Verifying JSON web tokens")."""
        return f"https://cognito-idp.{self.aws_default_region}.amazonaws.com/{self.aws_cognito_user_pool_id}"

    @property
    def jwks_url(self) -> str:
        return self.aws_cognito_jwks_url or f"{self.issuer}/.well-known/jwks.json"

    @property
    def cognito_for_browsers(self) -> str | None:
        """Where browsers sign in, or None for the real Cognito."""
        return (self.cognito_browser_url or self.endpoint("cognito-idp") or "").rstrip("/") or None

    def endpoint(self, service: str) -> str | None:
        """The address of an AWS service by its boto3 name, or None for the real one."""
        return getattr(self, ENDPOINT_FIELDS[service]) or self.aws_endpoint_url or None


ENDPOINT_FIELDS = {
    "dynamodb": "aws_endpoint_url_dynamodb",
    "dynamodbstreams": "aws_endpoint_url_dynamodb_streams",
    "cognito-idp": "aws_endpoint_url_cognito_identity_provider",
}


def load(environ: Mapping[str, str] = os.environ, needed: Collection[str] | None = None) -> Settings:
    """Reads the settings. Of those without a default, the fields in `needed` must be there: all, if not said.

    Raises:
        SettingsError: one line that names all settings which are missing or wrong, not only the first.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for setting in fields(Settings):
        name, text = setting.name.upper(), environ.get(setting.name.upper(), "").strip()
        if not text:
            if is_required(setting):
                values[setting.name] = ""
                if needed is None or setting.name in needed:
                    problems.append(f"{name} is missing ({setting.metadata['meaning']})")
        else:
            try:
                values[setting.name] = _value(setting, text)
            except ValueError:
                problems.append(f"{name} cannot be {text[:40]!r} ({setting.metadata['meaning']})")
    if values.get("aws_cognito_jwks_url") and values.get("cruddur_env") != LOCAL:
        problems.append("AWS_COGNITO_JWKS_URL may be set only where CRUDDUR_ENV is local")
    if problems:
        raise SettingsError("settings: " + "; ".join(problems) + ". See .env.example")
    return Settings(**values)


def _value(setting: Field[Any], text: str) -> str | int:
    """Raises ValueError."""
    value: str | int = text
    if setting.type == "int":
        if not (text.isascii() and text.isdigit()):
            raise ValueError("no whole number")
        value = int(text)
    allowed = setting.metadata["allowed"]
    if allowed is not None and value not in allowed:
        raise ValueError("not allowed")
    return value


def shown(setting: Field[Any], value: object) -> str:
    """A value as a person may see it: passwords and secret keys masked."""
    if not setting.metadata["secret"] or not value:
        return str(value)
    try:
        address = urlsplit(str(value))
        port = f":{address.port}" if address.port else ""
    except ValueError:
        return "***"
    # An @ in the path: the password has a slash that is not escaped, and goes on there.
    if not address.hostname or "@" in address.path:
        return "***"
    user = f"{address.username}:***@" if address.password else f"{address.username}@" if address.username else ""
    host = f"[{address.hostname}]" if ":" in address.hostname else address.hostname
    return urlunsplit(address._replace(netloc=f"{user}{host}{port}", query="", fragment=""))


def is_required(setting: Field[Any]) -> bool:
    return setting.default is MISSING
