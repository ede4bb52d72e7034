"""An app in this process with real engines, made once for all tests here; each test makes its own people."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend_flask.app import create_app
from backend_flask.lib.ddb import MessageTable
from backend_flask.settings import Settings, load
from dev import dynamodb
from tests.api import FRONTEND, Api, Person
from tests.proxy import Proxy
from tests.tokens import CLIENT_ID, ISSUER, POOL_KEY, jwk_of, key_set_of


@pytest.fixture(scope="session")
def key_set_url() -> Iterator[str]:
    """Where the key set of the test pool lies."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(key_set_of(jwk_of(POOL_KEY))).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()


@pytest.fixture(scope="session")
def routes_database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    name = "test_routes"
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name} TEMPLATE {template_database}")
        yield make_conninfo(postgres_url, dbname=name)
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def api_settings(
    routes_database_url: str, dynamodb_endpoint: str, message_table: MessageTable, key_set_url: str
) -> Callable[..., Settings]:
    """Settings of the real engines, apart from those that are given."""
    usual = {
        "CRUDDUR_ENV": "local",
        "CONNECTION_URL": routes_database_url,
        "AWS_DEFAULT_REGION": dynamodb.REGION,
        "AWS_ENDPOINT_URL": dynamodb_endpoint,
        "AWS_ACCESS_KEY_ID": dynamodb.ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": dynamodb.SECRET_ACCESS_KEY,
        "AWS_COGNITO_USER_POOL_ID": ISSUER.rsplit("/", 1)[1],
        "AWS_COGNITO_USER_POOL_CLIENT_ID": CLIENT_ID,
        "AWS_COGNITO_JWKS_URL": key_set_url,
        "FRONTEND_URL": FRONTEND,
        "BACKEND_URL": "http://localhost:4567",
        "DDB_MESSAGE_TABLE": message_table.name,
    }
    return lambda **changes: load(usual | changes)


@dataclass(frozen=True)
class Neighbours:
    """What stands between an app and the engines, and can be cut off."""

    postgres: Proxy
    dynamodb: Proxy
    key_set: Proxy

    @property
    def all(self) -> list[Proxy]:
        return [self.postgres, self.dynamodb, self.key_set]


@pytest.fixture
def neighbours(routes_database_url: str, dynamodb_endpoint: str, key_set_url: str) -> Iterator[Neighbours]:
    database = conninfo_to_dict(routes_database_url)
    http = [urlsplit(url) for url in (dynamodb_endpoint, key_set_url)]
    proxies = [Proxy(str(database["host"]), int(str(database["port"])))]
    proxies += [Proxy(url.hostname or "", url.port or 80) for url in http]
    yield Neighbours(*proxies)
    for proxy in proxies:
        proxy.close()


@pytest.fixture
def cut_off(another_api: Callable[..., Api], neighbours: Neighbours, routes_database_url: str) -> Callable[..., Api]:
    """Makes an app that reaches all its neighbours through `neighbours`."""
    return lambda **changes: another_api(
        **{
            "CONNECTION_URL": make_conninfo(routes_database_url, host="127.0.0.1", port=neighbours.postgres.port),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{neighbours.dynamodb.port}",
            "AWS_COGNITO_JWKS_URL": f"http://127.0.0.1:{neighbours.key_set.port}/jwks.json",
        }
        | changes
    )


@pytest.fixture(scope="session")
def api(api_settings: Callable[..., Settings]) -> Iterator[Api]:
    made = Api(create_app(api_settings()))
    yield made
    made.stores.db.close()


@pytest.fixture
def another_api(api_settings: Callable[..., Settings]) -> Iterator[Callable[..., Api]]:
    """Makes an app of its own, with these settings instead of the usual ones."""
    made: list[Api] = []

    def make(**changes: str) -> Api:
        made.append(Api(create_app(api_settings(**changes))))
        return made[-1]

    yield make
    for one in made:
        one.stores.db.close()


@pytest.fixture
def londo(api: Api) -> Person:
    return api.person("londo")


@pytest.fixture
def gkar(api: Api) -> Person:
    return api.person("gkar")
