"""What a request asks of DynamoDB and Postgres, taken down once and asked again with nothing around it: by a client of
boto3 as it comes out of the box, and by one connection of psycopg."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import boto3
import psycopg

from backend_flask.lib.db import BoundedConnection
from dev import dynamodb
from tests.arena import Arena


@dataclass(frozen=True)
class Call:
    """An operation of DynamoDB by the name of its method, and its parameters as JSON."""

    method: str
    parameters: str

    def by(self, client: Any) -> Callable[[], object]:
        method, parameters = getattr(client, self.method), json.loads(self.parameters)
        return lambda: method(**parameters)

    def renewed(self, names: dict[str, str]) -> Call:
        """The same with other ids in place of these, for what can be written only once."""
        parameters = self.parameters
        for old, new in names.items():
            parameters = parameters.replace(old, new)
        return Call(self.method, parameters)


@dataclass(frozen=True)
class Query:
    """A statement and its parameters."""

    text: bytes
    parameters: dict[str, Any]

    def by(self, connection: psycopg.Connection[Any]) -> Callable[[], object]:
        return lambda: connection.execute(self.text, self.parameters)

    def renewed(self, names: dict[str, str]) -> Query:
        return Query(self.text, {name: names.get(value, value) for name, value in self.parameters.items()})


@dataclass
class Asked:
    calls: list[Call] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)

    def renewed(self, names: dict[str, str]) -> Asked:
        """The same with other ids in place of these."""
        return Asked([call.renewed(names) for call in self.calls], [query.renewed(names) for query in self.queries])

    def by(self, client: Any, connection: psycopg.Connection[Any]) -> list[Callable[[], object]]:
        return [*(query.by(connection) for query in self.queries), *(call.by(client) for call in self.calls)]


@contextmanager
def taken_down(client: Any) -> Iterator[Asked]:
    """What this client and this process' connections to Postgres ask meanwhile."""
    asked = Asked()
    methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}
    execute = BoundedConnection.execute

    def take_down(params: dict[str, Any], model: Any, **_: Any) -> None:
        asked.calls.append(Call(methods[model.name], json.dumps(params)))

    def take_down_query(self: Any, query: Any, params: Any = None, **more: Any) -> Any:
        if params is not None:
            asked.queries.append(Query(query, dict(params)))
        return execute(self, query, params, **more)

    client.meta.events.register("provide-client-params.dynamodb", take_down)
    try:
        with patch.object(BoundedConnection, "execute", take_down_query):
            yield asked
    finally:
        client.meta.events.unregister("provide-client-params.dynamodb", take_down)


def client_of(arena: Arena, **more: Any) -> Any:
    """boto3's client with nothing but an address and credentials. `more` is for those who measure a setting of it."""
    return boto3.client(
        "dynamodb",
        region_name=dynamodb.REGION,
        endpoint_url=arena.dynamodb_endpoint,
        aws_access_key_id=dynamodb.ACCESS_KEY_ID,
        aws_secret_access_key=dynamodb.SECRET_ACCESS_KEY,
        **more,
    )


def one_after_the_other(steps: Sequence[Callable[[], object]]) -> Callable[[], None]:
    def all_of_them() -> None:
        for step in steps:
            step()

    return all_of_them
