"""The calls that a request makes, taken down once and made again by a client of boto3 as it comes out of the box."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

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


@contextmanager
def taken_down(client: Any) -> Iterator[list[Call]]:
    """The calls that this client makes meanwhile."""
    calls: list[Call] = []
    methods = {operation: method for method, operation in client.meta.method_to_api_mapping.items()}

    def take_down(params: dict[str, Any], model: Any, **_: Any) -> None:
        calls.append(Call(methods[model.name], json.dumps(params)))

    client.meta.events.register("provide-client-params.dynamodb", take_down)
    try:
        yield calls
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
