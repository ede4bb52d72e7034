"""The password that RDS takes from an AWS role: boto3's own, byte by byte. What RDS makes of it nobody can try here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import boto3
import pytest
from botocore import auth
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from backend_flask.clients import password_of
from backend_flask.lib.rds_token import signer
from backend_flask.settings import load

HOST = "cruddur.c0ffee.eu-west-1.rds.amazonaws.com"
URL = f"postgresql://cruddur_api@{HOST}:5432/cruddur?sslmode=verify-full"


@pytest.fixture
def session() -> Session:
    made = Session()
    made.set_credentials("AKIAIOSFODNN7EXAMPLE", "secret", "a/session+token=")
    return made


@pytest.fixture
def frozen() -> Iterator[None]:
    now = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
    with mock.patch.object(auth, "get_current_datetime", return_value=now.replace(tzinfo=None)):
        yield


@pytest.mark.usefixtures("frozen")
def test_the_token_is_the_one_that_boto3_makes(session: Session) -> None:
    rds = boto3.session.Session(botocore_session=session, region_name="eu-west-1").client("rds")
    assert signer(URL, "eu-west-1", session)() == rds.generate_db_auth_token(HOST, 5432, "cruddur_api", "eu-west-1")


def test_the_token_is_for_this_host_user_and_quarter_of_an_hour(session: Session) -> None:
    token = signer(URL, "eu-west-1", session)()
    assert token.startswith(f"{HOST}:5432/?Action=connect&DBUser=cruddur_api&")
    assert "X-Amz-Expires=900" in token
    assert "eu-west-1%2Frds-db%2Faws4_request" in token


def test_a_renewed_credential_is_taken(session: Session) -> None:
    token = signer(URL, "eu-west-1", session)
    assert "AKIAIOSFODNN7EXAMPLE" in token()
    session.set_credentials("ASIAANOTHER", "secret", "another")
    assert "ASIAANOTHER" in token()


def test_without_credentials_the_connection_fails_and_not_the_start() -> None:
    nothing = mock.Mock(get_credentials=lambda: None)
    token = signer(URL, "eu-west-1", nothing)
    with pytest.raises(NoCredentialsError):
        token()


@pytest.mark.parametrize(("sign_in", "has_one"), [("password", False), ("iam", True)])
def test_the_setting_says_where_the_password_comes_from(sign_in: str, has_one: bool) -> None:
    given: dict[str, Any] = {"CONNECTION_URL": URL, "AWS_DEFAULT_REGION": "eu-west-1", "DB_SIGN_IN": sign_in}
    assert (password_of(load(given, needed=())) is not None) == has_one
