"""The Cognito user pool as the scripts see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cli.script import ScriptError

from cli.target import Target


@dataclass(frozen=True)
class PoolUser:
    """`handle` is the attribute preferred_username; the front end sets it at sign-up."""

    username: str
    sub: str
    email: str
    email_verified: bool
    name: str
    handle: str
    status: str
    enabled: bool
    created_at: datetime

    @classmethod
    def from_answer(cls, user: dict[str, Any]) -> PoolUser:
        values = {pair["Name"]: pair.get("Value", "") for pair in user.get("Attributes", [])}
        return cls(
            username=user["Username"],
            sub=values.get("sub", ""),
            email=values.get("email", ""),
            email_verified=values.get("email_verified") == "true",
            name=values.get("name", ""),
            handle=values.get("preferred_username", ""),
            status=user["UserStatus"],
            enabled=user["Enabled"],
            created_at=user["UserCreateDate"],
        )


@dataclass(frozen=True)
class UserPool:
    client: Any
    pool_id: str

    @classmethod
    def of(cls, target: Target) -> UserPool:
        settings = target.settings("aws_default_region", "aws_cognito_user_pool_id")
        return cls(target.client("cognito-idp"), settings.aws_cognito_user_pool_id)

    def users(self) -> Iterator[PoolUser]:
        """All of them, page by page."""
        for page in self.client.get_paginator("list_users").paginate(UserPoolId=self.pool_id):
            yield from map(PoolUser.from_answer, page["Users"])

    def find(self, handle_or_email: str, sub: str | None = None) -> PoolUser:
        """The user with this `sub`, if it is given. Raises ScriptError if there is no such user, or more than one."""
        wanted = handle_or_email.removeprefix("@").lower()
        found = [
            user
            for user in self.users()
            if (user.sub == sub if sub else wanted in {user.handle.lower(), user.email.lower()})
        ]
        if not found:
            raise ScriptError(f"the pool has no user {handle_or_email!r}. bin/cognito/list-users shows who is there")
        if len(found) > 1:
            raise ScriptError(f"{len(found)} users of the pool are called {handle_or_email!r}. Give the e-mail")
        return found[0]

    def access_token(self, client_id: str, user: PoolUser, password: str) -> str:
        answer = self.client.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=client_id,
            AuthParameters={"USERNAME": user.username, "PASSWORD": password},
        )
        if "AuthenticationResult" not in answer:
            raise ScriptError(f"Cognito asks for {answer.get('ChallengeName')} first; sign in with the front end")
        return str(answer["AuthenticationResult"]["AccessToken"])

    def create(self, email: str, handle: str, name: str) -> None:
        """Cognito sends the invitation to the address, which proves who owns it; the local pool sends nothing."""
        self.client.admin_create_user(
            UserPoolId=self.pool_id,
            Username=email,
            DesiredDeliveryMediums=["EMAIL"],
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
                {"Name": "preferred_username", "Value": handle},
                {"Name": "name", "Value": name},
            ],
        )

    def set_password(self, username: str, password: str) -> None:
        self.client.admin_set_user_password(
            UserPoolId=self.pool_id, Username=username, Password=password, Permanent=True
        )
