"""What Cognito's GetUser says, and what it says when it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from backend_flask.lib import cognito_users
from backend_flask.lib.cognito_users import CognitoUnavailable, TokenRevoked
from backend_flask.lib.deadline import DeadlineExceeded


class Failing:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_user(self, **_: Any) -> None:
        raise self.error


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "GetUser")


@pytest.mark.parametrize("code", ["NotAuthorizedException", "UserNotFoundException", "PasswordResetRequiredException"])
def test_a_token_that_cognito_does_not_stand_by_is_revoked(code: str) -> None:
    with pytest.raises(TokenRevoked):
        cognito_users.get_user(Failing(refusal(code)), "token")


@pytest.mark.parametrize(
    "error",
    [
        refusal("TooManyRequestsException"),
        refusal("InternalErrorException"),
        EndpointConnectionError(endpoint_url="http://nowhere"),
        DeadlineExceeded(),
    ],
)
def test_every_other_trouble_means_try_again(error: Exception) -> None:
    with pytest.raises(CognitoUnavailable):
        cognito_users.get_user(Failing(error), "token")


@pytest.mark.parametrize(("verified", "email"), [("true", "a@b.example"), ("false", ""), ("True", ""), (None, "")])
def test_an_email_counts_only_when_verified(verified: str | None, email: str) -> None:
    pairs = [{"Name": "email", "Value": "a@b.example"}]
    if verified is not None:
        pairs.append({"Name": "email_verified", "Value": verified})
    assert cognito_users.attributes_of(pairs).email == email
