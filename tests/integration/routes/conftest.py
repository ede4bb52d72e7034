"""An app in this process with real engines, made once for all tests here; each test makes its own people."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend_flask.app import create_app
from backend_flask.settings import Settings, load
from tests.api import Api, Person
from tests.arena import Arena
from tests.groups import started
from tests.proxy import Proxy


@pytest.fixture(scope="session")
def api_settings(arena: Arena) -> Callable[..., Settings]:
    """Settings of the real engines, apart from those that are given."""
    return lambda **changes: load(arena.environment(**changes))


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
def neighbours(arena: Arena) -> Iterator[Neighbours]:
    database = conninfo_to_dict(arena.database_url)
    http = [urlsplit(url) for url in (arena.dynamodb_endpoint, arena.key_set_url)]
    proxies = [Proxy(str(database["host"]), int(str(database["port"])))]
    proxies += [Proxy(url.hostname or "", url.port or 80) for url in http]
    yield Neighbours(*proxies)
    for proxy in proxies:
        proxy.close()


@pytest.fixture
def cut_off(another_api: Callable[..., Api], neighbours: Neighbours, arena: Arena) -> Callable[..., Api]:
    """Makes an app that reaches all its neighbours through `neighbours`."""
    return lambda **changes: another_api(
        **{
            "CONNECTION_URL": make_conninfo(arena.database_url, host="127.0.0.1", port=neighbours.postgres.port),
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{neighbours.dynamodb.port}",
            "AWS_COGNITO_JWKS_URL": f"http://127.0.0.1:{neighbours.key_set.port}/jwks.json",
        }
        | changes
    )


@pytest.fixture(scope="session")
def api(arena: Arena) -> Iterator[Api]:
    with arena.api() as made:
        yield made


@pytest.fixture
def another_api(api_settings: Callable[..., Settings]) -> Iterator[Callable[..., Api]]:
    """Makes an app of its own, with these settings instead of the usual ones."""
    made: list[Api] = []

    def make(**changes: str) -> Api:
        made.append(Api(create_app(api_settings(**changes))))
        made[-1].withhold_hints()
        return made[-1]

    yield make
    for one in made:
        one.stores.live.close()
        one.stores.db.close()


@pytest.fixture
def londo(api: Api) -> Person:
    return api.person("londo")


@pytest.fixture
def gkar(api: Api) -> Person:
    return api.person("gkar")


@pytest.fixture
def vir(api: Api) -> Person:
    return api.person("vir")


@pytest.fixture
def group(londo: Person, gkar: Person, vir: Person) -> str:
    """A message group that londo has started with gkar and vir."""
    return started(londo.start(gkar, vir, title="Babylon"))
