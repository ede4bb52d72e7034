"""The local Cognito: moto's user pool as a server of its own, with users that survive a restart.

It stands in for the real one where nobody can have an account: its signing key is public, its SRP sign-in accepts any
password, and any code confirms a sign-up. That is why the API accepts its key set in local mode only.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from dev.dynamodb import REGION

POOL_NAME = "cruddur-user-pool"
CLIENT_NAME = "cruddur-client"
# Every local user has this password. It opens nothing but a laptop's own pool.
LOCAL_PASSWORD = "Testing1234!"
_ACCOUNT = "123456789012"
_TARGET = "HTTP_X_AMZ_TARGET"
_REFRESH = "GetTokensFromRefreshToken"
# What an ordinary reader asks; everything else may have changed a user.
_READS = ("Describe", "Get", "List", "InitiateAuth", "RespondToAuthChallenge", "AdminGetUser", "AdminInitiateAuth")

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Pool:
    """The one user pool with its one client, kept in a file."""

    def __init__(self, file: Path) -> None:
        from moto.backends import get_backend  # noqa: PLC0415  # reads the environment when it is imported

        self._file = file
        self._lock = threading.Lock()
        self._backend: Any = get_backend("cognito-idp")[_ACCOUNT][REGION]
        self._pool: Any = self._backend.create_user_pool(
            POOL_NAME, {"UsernameAttributes": ["email"], "AutoVerifiedAttributes": ["email"]}
        )
        client: dict[str, Any] = {
            "ClientName": CLIENT_NAME,
            "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        }
        self._client = self._backend.create_user_pool_client(self._pool.id, False, client)
        self._verify_on_confirmation()
        self._distrust_senders()
        self.restore()

    @property
    def ids(self) -> dict[str, str]:
        return {"AWS_COGNITO_USER_POOL_ID": self._pool.id, "AWS_COGNITO_USER_POOL_CLIENT_ID": self._client.id}

    def restore(self) -> None:
        from moto.cognitoidp.models import CognitoIdpUser, UserStatus  # noqa: PLC0415

        saved = json.loads(self._file.read_text(encoding="utf-8")) if self._file.exists() else []
        for each in saved:
            attributes = [{"Name": name, "Value": value} for name, value in each["attributes"].items()]
            user = CognitoIdpUser(
                self._pool.id, each["username"], each["password"], UserStatus(each["status"]), attributes
            )
            user.id, user.enabled = each["attributes"]["sub"], each["enabled"]
            user.create_date = datetime.fromisoformat(each["created_at"])
            user.update_attributes([{"Name": "sub", "Value": user.id}])
            self._pool.users[user.username] = user

    def seed(self, people: list[dict[str, str]]) -> None:
        """Adds those who are not there, with the local password and a verified e-mail."""
        for person in people:
            if self._pool._get_user(person["email"]):
                continue
            names = {"email": person["email"], "name": person["display_name"], "preferred_username": person["handle"]}
            attributes = [
                {"Name": name, "Value": value} for name, value in (names | {"email_verified": "true"}).items()
            ]
            self._backend.admin_create_user(self._pool.id, person["email"], "SUPPRESS", LOCAL_PASSWORD, attributes)
            self._backend.admin_set_user_password(self._pool.id, person["email"], LOCAL_PASSWORD, True)
        self.save()

    def save(self) -> None:
        """Whole or not at all: the file is replaced in one step."""
        with self._lock:
            users = [
                {
                    "username": user.username,
                    "password": user.password,
                    "status": user.status.value,
                    "enabled": user.enabled,
                    "created_at": user.create_date.isoformat(),
                    "attributes": dict(user.attribute_lookup),
                }
                # A copy, because somebody may sign up meanwhile.
                for user in list(self._pool.users.values())
            ]
            self._file.parent.mkdir(parents=True, exist_ok=True)
            unfinished = self._file.with_suffix(".unfinished")
            unfinished.touch(mode=0o600)
            unfinished.write_text(json.dumps(users, indent=1), encoding="utf-8")
            unfinished.replace(self._file)

    def _verify_on_confirmation(self) -> None:
        """Who could confirm a sign-up has read the e-mail: AWS then sets email_verified, moto does not."""
        confirm = self._backend.confirm_sign_up

        def confirm_and_verify(client_id: str, username: str) -> Any:
            answer = confirm(client_id, username)
            self._pool._get_user(username).update_attributes([{"Name": "email_verified", "Value": "true"}])
            return answer

        self._backend.confirm_sign_up = confirm_and_verify

    def _distrust_senders(self) -> None:
        """Nobody can say of themselves that an e-mail is verified, and a new one is not: as on AWS, not as in moto."""
        sign_up, update = self._backend.sign_up, self._backend.update_user_attributes

        def sign_up_unverified(client_id: str, username: str, password: str, attributes: list[dict[str, str]]) -> Any:
            return sign_up(client_id, username, password, _without_claims(attributes))

        def update_and_distrust(access_token: str, attributes: list[dict[str, str]]) -> None:
            user = self._backend.get_user(access_token)
            before = user.attribute_lookup.get("email")
            update(access_token, _without_claims(attributes))
            if user.attribute_lookup.get("email") != before:
                user.update_attributes([{"Name": "email_verified", "Value": "false"}])

        self._backend.sign_up = sign_up_unverified
        self._backend.update_user_attributes = update_and_distrust

    def keeping(self, app: WsgiApp) -> WsgiApp:
        """The same app, whose changes of users are saved before it answers."""

        def kept(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            action = environ.get(_TARGET, "").rpartition(".")[2]
            if action == _REFRESH:
                _say_as_initiate_auth(environ)
            answer = list(app(environ, start_response))
            if action and not action.startswith(_READS):
                self.save()
            return answer

        return kept


def _say_as_initiate_auth(environ: dict[str, Any]) -> None:
    """Amplify's newer way to exchange a refresh token, in the words of the older, which is all that moto knows."""
    asked = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    parameters = {"REFRESH_TOKEN": asked.get("RefreshToken", "")}
    flow = {"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": asked.get("ClientId", ""), "AuthParameters": parameters}
    body = json.dumps(flow).encode()
    environ[_TARGET] = environ[_TARGET].replace(_REFRESH, "InitiateAuth")
    environ.update({"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})


def _without_claims(attributes: list[dict[str, str]]) -> list[dict[str, str]]:
    return [each for each in attributes if each["Name"] != "email_verified"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dev.cognito", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=9229, help="port to listen on")
    parser.add_argument("--data", type=Path, required=True, help="file that keeps the users")
    parser.add_argument("--seed", type=Path, metavar="FILE", help="users to begin with, as in db/seed/users.json")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    serve(args.host, args.port, args.data, args.seed)


def serve(host: str, port: int, data: Path, seed: Path | None) -> None:
    # Ids that depend on the names alone, so that they stay the same over restarts.
    os.environ["MOTO_COGNITO_IDP_USER_POOL_ID_STRATEGY"] = "HASH"
    os.environ["MOTO_COGNITO_IDP_USER_POOL_CLIENT_ID_STRATEGY"] = "HASH"
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app  # noqa: PLC0415
    from werkzeug.serving import make_server  # noqa: PLC0415

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    try:
        pool = Pool(data)
    except (ValueError, TypeError, KeyError):
        sys.exit(f"{data} is damaged. Remove it, or start afresh with bin/dev --reset")
    if seed:
        pool.seed(json.loads(seed.read_text(encoding="utf-8")))
    data.parent.mkdir(parents=True, exist_ok=True)
    ids_file(data).write_text(json.dumps(pool.ids), encoding="utf-8")
    app = pool.keeping(DomainDispatcherApplication(create_backend_app))
    make_server(host, port, app, threaded=True).serve_forever()


def ids_file(data: Path) -> Path:
    """Where the pool's and the client's id are written before the server listens, as settings."""
    return data.with_name("cognito-ids.json")


if __name__ == "__main__":
    main()
