"""How a test runs a script of bin/: as a person does, in a process of its own and from another folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cli.script import ROOT

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dev import dynamodb
from tests.warm_python import WarmPython, warm_python

Script = Callable[..., "subprocess.CompletedProcess[str]"]
DdbScript = Callable[..., tuple[int, str, str]]
_KEPT = {"PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "CRUDDUR_ENV_FILES"}


@pytest.fixture
def closed_port() -> int:
    """Nothing listens there."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def environ() -> dict[str, str]:
    """What a script gets of the environment apart from settings."""
    kept = {name: value for name, value in os.environ.items() if name in _KEPT}
    return kept | {"PATH": f"{Path(sys.executable).parent}:{kept['PATH']}"}


@pytest.fixture(scope="session")
def warm(environ: dict[str, str]) -> Iterator[WarmPython]:
    with warm_python(environ) as made:
        yield made


@pytest.fixture
def started_script(environ: dict[str, str], tmp_path: Path) -> Script:
    """Runs `bin/<name>` with these words and settings, as a shell starts it."""

    def run(name: str, *words: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "bin" / name, *words],
            input=stdin,
            capture_output=True,
            text=True,
            env=environ | {"AWS_DEFAULT_REGION": "us-east-1"} | settings,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def script(started_script: Script, warm: WarmPython, environ: dict[str, str], tmp_path: Path) -> Script:
    """The same, but what Python imports from others is there already. That each script starts, its --help shows."""

    def run(name: str, *words: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        path = ROOT / "bin" / name
        if not path.read_text(encoding="utf-8").startswith("#!/usr/bin/env python3\n"):
            return started_script(name, *words, stdin=stdin, **settings)
        settings = environ | {"AWS_DEFAULT_REGION": "us-east-1"} | settings
        return warm.run(path, *words, stdin=stdin, environ=settings, cwd=tmp_path)

    return run


@pytest.fixture
def ddb_script(script: Script, dynamodb_endpoint: str) -> DdbScript:
    """Runs a script on the engine of the tests: status, output, and the one line on stderr if it failed."""

    def call(name: str, *words: str, table: str = "test-nothing", **settings: str) -> tuple[int, str, str]:
        done = script(
            name,
            *words,
            **{
                "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
                "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
                "DDB_MESSAGE_TABLE": table,
                **settings,
            },
        )
        assert "Traceback" not in done.stderr
        if done.returncode == 1 and not done.stdout:
            assert len(done.stderr.strip().splitlines()) == 1, done.stderr
            assert done.stderr.startswith(name.rpartition("/")[2] + ": ")
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.fixture(scope="module")
def cognito() -> Iterator[Any]:
    """A boto3 client of an empty Cognito."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    client = boto3.client(
        "cognito-idp",
        region_name="us-east-1",
        endpoint_url=f"http://{host}:{port}",
        aws_access_key_id=dynamodb.ACCESS_KEY_ID,
        aws_secret_access_key=dynamodb.SECRET_ACCESS_KEY,
    )
    yield client
    client.close()
    server.stop()


@pytest.fixture
def pool(cognito: Any) -> Iterator[dict[str, str]]:
    """The settings of an empty pool."""
    pool_id = cognito.create_user_pool(PoolName="test", UsernameAttributes=["email"])["UserPool"]["Id"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id, ClientName="test", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )
    yield {
        "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": cognito.meta.endpoint_url,
        "AWS_COGNITO_USER_POOL_ID": pool_id,
        "AWS_COGNITO_USER_POOL_CLIENT_ID": client["UserPoolClient"]["ClientId"],
        "CRUDDUR_ENV": "local",
    }
    cognito.delete_user_pool(UserPoolId=pool_id)


@pytest.fixture
def add_pool_user(cognito: Any, pool: dict[str, str]) -> Callable[..., str]:
    """Adds a user to the pool and gives the `sub`."""

    def add(handle: str, *, verified: bool = True) -> str:
        answer = cognito.admin_create_user(
            UserPoolId=pool["AWS_COGNITO_USER_POOL_ID"],
            Username=f"{handle}@x.example",
            UserAttributes=[
                {"Name": "email", "Value": f"{handle}@x.example"},
                {"Name": "email_verified", "Value": str(verified).lower()},
                {"Name": "preferred_username", "Value": handle},
            ],
        )
        return str(next(pair["Value"] for pair in answer["User"]["Attributes"] if pair["Name"] == "sub"))

    return add
