"""What the Cognito user pool knows about the owner of an access token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from backend_flask.lib.deadline import DeadlineExceeded

# GetUser's answers to a token that was signed out, or whose user is gone or disabled
# (Amazon Cognito API Reference, GetUser).
_REVOKED = {
    "NotAuthorizedException",
    "UserNotFoundException",
    "UserNotConfirmedException",
    "PasswordResetRequiredException",
}


class TokenRevoked(Exception):
    """Cognito does not stand by this token any more."""


class CognitoUnavailable(Exception):
    """Cognito does not answer, or refuses for now."""


@dataclass(frozen=True)
class Attributes:
    """A pool user's own words; `email` is empty unless the user has proved to own it."""

    email: str
    name: str
    preferred_username: str


def get_user(client: Any, access_token: str) -> Attributes:
    """Raises TokenRevoked or CognitoUnavailable."""
    try:
        answer = client.get_user(AccessToken=access_token)
    except ClientError as error:
        if error.response["Error"]["Code"] in _REVOKED:
            raise TokenRevoked from error
        raise CognitoUnavailable from error
    except (BotoCoreError, DeadlineExceeded) as error:
        raise CognitoUnavailable from error
    return attributes_of(answer["UserAttributes"])


def attributes_of(pairs: list[dict[str, str]]) -> Attributes:
    """Reads the `Name` and `Value` pairs in which Cognito lists attributes."""
    values = {pair["Name"]: pair.get("Value", "") for pair in pairs}
    return Attributes(
        email=values.get("email", "") if values.get("email_verified") == "true" else "",
        name=values.get("name", ""),
        preferred_username=values.get("preferred_username", ""),
    )
