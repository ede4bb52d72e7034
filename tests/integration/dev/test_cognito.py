"""The local Cognito does what the real one does, as far as the API and the front end can tell."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from jose import jwt

from dev.cognito import LOCAL_PASSWORD, ids_file
from dev.processes import StackError, accepts, free_port, spawn
from dev.stack import ROOT, SEED_USERS

EMAIL = "worf@cruddur.example"


@dataclass
class Cognito:
    """A pool with a client that signs nothing, as a browser."""

    url: str
    client: Any
    pool_id: str
    client_id: str

    def sign_up(self, email: str) -> str:
        handle = email.partition("@")[0]
        attributes = [{"Name": "email", "Value": email}, {"Name": "preferred_username", "Value": handle}]
        words = {"ClientId": self.client_id, "Username": email, "Password": LOCAL_PASSWORD}
        return str(self.client.sign_up(**words, UserAttributes=attributes)["UserSub"])

    def confirm(self, email: str) -> None:
        self.client.confirm_sign_up(ClientId=self.client_id, Username=email, ConfirmationCode="123456")

    def sign_in(self, email: str, password: str = LOCAL_PASSWORD) -> str:
        answer = self.client.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        return str(answer["AuthenticationResult"]["AccessToken"])

    def attributes(self, token: str) -> dict[str, str]:
        return {pair["Name"]: pair["Value"] for pair in self.client.get_user(AccessToken=token)["UserAttributes"]}


@contextmanager
def running(users: Path) -> Iterator[Cognito]:
    port = free_port()
    words = ["-m", "dev.cognito", "--port", port, "--data", users, "--seed", SEED_USERS]
    command = [sys.executable, *map(str, words)]
    server = spawn("cognito", command, users.with_suffix(".log"), answers=lambda: accepts(port), folder=ROOT)
    try:
        server.wait_until_ready()
        ids = json.loads(ids_file(users).read_text())
        url, unsigned = f"http://127.0.0.1:{port}", Config(signature_version=UNSIGNED)
        with closing(boto3.client("cognito-idp", endpoint_url=url, region_name="us-east-1", config=unsigned)) as client:
            yield Cognito(url, client, ids["AWS_COGNITO_USER_POOL_ID"], ids["AWS_COGNITO_USER_POOL_CLIENT_ID"])
    finally:
        server.stop()


@pytest.fixture(scope="module")
def cognito(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cognito]:
    with running(tmp_path_factory.mktemp("cognito") / "users.json") as started:
        yield started


@pytest.fixture(scope="module")
def seeded() -> list[dict[str, str]]:
    people: list[dict[str, str]] = json.loads(SEED_USERS.read_text())
    return people


def refusal(call: Callable[..., object], *words: str) -> str:
    with pytest.raises(ClientError) as raised:
        call(*words)
    return str(raised.value.response["Error"]["Code"])


def test_every_seeded_user_signs_in_with_a_verified_email(cognito: Cognito, seeded: list[dict[str, str]]) -> None:
    for person in seeded:
        known = cognito.attributes(cognito.sign_in(person["email"]))
        assert (known["email"], known["email_verified"]) == (person["email"], "true")
        assert (known["preferred_username"], known["name"]) == (person["handle"], person["display_name"])


def test_a_wrong_password_is_refused(cognito: Cognito, seeded: list[dict[str, str]]) -> None:
    assert refusal(cognito.sign_in, seeded[0]["email"], "Wrong1234!") == "NotAuthorizedException"


def test_a_token_that_it_did_not_make_is_refused(cognito: Cognito) -> None:
    assert refusal(cognito.attributes, "eyJ.eyJ.x") == "NotAuthorizedException"


def test_the_token_is_that_of_the_real_pool_and_its_key_is_in_the_key_set(
    cognito: Cognito, seeded: list[dict[str, str]]
) -> None:
    token = cognito.sign_in(seeded[0]["email"])
    keys = requests.get(f"{cognito.url}/{cognito.pool_id}/.well-known/jwks.json", timeout=5).json()["keys"]
    key = next(each for each in keys if each["kid"] == jwt.get_unverified_header(token)["kid"])

    claims = jwt.decode(token, key, algorithms=["RS256"])

    assert claims["iss"] == f"https://cognito-idp.us-east-1.amazonaws.com/{cognito.pool_id}"
    assert (claims["client_id"], claims["token_use"]) == (cognito.client_id, "access")
    assert claims["sub"] == cognito.attributes(token)["sub"]
    assert claims["exp"] > claims["iat"]


def test_a_refresh_token_is_exchanged_in_the_newer_way_too(cognito: Cognito, seeded: list[dict[str, str]]) -> None:
    words = {"USERNAME": seeded[0]["email"], "PASSWORD": LOCAL_PASSWORD}
    first = cognito.client.initiate_auth(
        ClientId=cognito.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=words
    )["AuthenticationResult"]

    def exchange(token: str) -> dict[str, Any]:
        answer = cognito.client.get_tokens_from_refresh_token(ClientId=cognito.client_id, RefreshToken=token)
        given: dict[str, Any] = answer["AuthenticationResult"]
        return given

    renewed = exchange(first["RefreshToken"])
    assert renewed["ExpiresIn"] == first["ExpiresIn"]
    assert cognito.attributes(renewed["AccessToken"])["email"] == seeded[0]["email"]
    assert refusal(exchange, "nobody's") == "NotAuthorizedException"


def test_who_signs_up_signs_in_only_after_confirming_and_has_then_a_verified_email(cognito: Cognito) -> None:
    sub = cognito.sign_up(EMAIL)
    other = cognito.sign_up("other@cruddur.example")
    assert refusal(cognito.sign_in, EMAIL) == "UserNotConfirmedException"

    cognito.confirm(EMAIL)

    known = cognito.attributes(cognito.sign_in(EMAIL))
    assert (known["sub"], known["email_verified"]) == (sub, "true")
    assert other != sub
    assert refusal(cognito.sign_in, "other@cruddur.example") == "UserNotConfirmedException"


def test_a_browser_may_call_it_from_the_front_end(cognito: Cognito) -> None:
    asked = {
        "Origin": "http://localhost:3000",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-amz-target,x-amz-user-agent,cache-control",
    }
    answer = requests.options(cognito.url, headers=asked, timeout=5)
    assert answer.ok
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "http://localhost:3000")
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in asked["Access-Control-Request-Headers"].split(","))


def test_a_browser_may_read_a_refusal(cognito: Cognito) -> None:
    headers = {
        "Origin": "http://localhost:3000",
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.GetUser",
    }
    answer = requests.post(cognito.url, headers=headers, data='{"AccessToken": "nobody"}', timeout=5)
    assert answer.status_code == 400
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "http://localhost:3000")


def test_users_are_the_same_after_a_restart(tmp_path: Path, seeded: list[dict[str, str]]) -> None:
    users = tmp_path / "users.json"
    with running(users) as before:
        sub = before.sign_up(EMAIL)
        before.confirm(EMAIL)
        known = before.attributes(before.sign_in(seeded[0]["email"]))
    assert users.stat().st_mode & 0o777 == 0o600

    with running(users) as after:
        assert (after.pool_id, after.client_id) == (before.pool_id, before.client_id)
        assert after.attributes(after.sign_in(EMAIL))["sub"] == sub
        assert after.attributes(after.sign_in(seeded[0]["email"])) == known


@pytest.mark.parametrize("text", ["", "[{}]", "{", '{"users": []}'])
def test_a_damaged_file_is_said_in_one_line(tmp_path: Path, text: str) -> None:
    users = tmp_path / "users.json"
    users.write_text(text)
    with pytest.raises(StackError) as raised, running(users):
        pass
    assert str(raised.value).splitlines()[1:] == [
        f"  {users} is damaged. Remove it, or start afresh with bin/dev --reset"
    ]
