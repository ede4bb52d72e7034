"""Two processes of the API that share their engines, and people who listen at either."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.api import Api, Person
from tests.arena import Arena
from tests.listening import Listening
from tests.servers import Caller, Server, api_server


@pytest.fixture(scope="module")
def api(arena: Arena) -> Iterator[Api]:
    """For making people, and to see what is stored."""
    with arena.api(hints=True) as made:
        yield made


@pytest.fixture(scope="module")
def here(arena: Arena) -> Iterator[Server]:
    with api_server(arena, workers=1, LOG_LEVEL="info") as server:
        yield server


@pytest.fixture(scope="module")
def there(arena: Arena) -> Iterator[Server]:
    with api_server(arena, workers=1, LOG_LEVEL="info") as server:
        yield server


@pytest.fixture
def londo(api: Api) -> Person:
    return api.person("londo")


@pytest.fixture
def gkar(api: Api) -> Person:
    return api.person("gkar")


Listen = Callable[..., Listening]
Send = Callable[..., dict[str, Any]]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """Starts to listen at a server, until the test ends."""
    with ExitStack() as cleanup:

        def start(server: Server, person: Person, last_id: str | None = None) -> Listening:
            return cleanup.enter_context(Listening(server.port, person.token, last_id))

        yield start


@pytest.fixture
def send() -> Send:
    """Sends a text over HTTP; what was answered."""

    def to(server: Server, sender: Person, receiver: Person, text: str) -> dict[str, Any]:
        with closing(Caller(server.port, sender.token)) as caller:
            answer = caller.send({"message": text, "handle": receiver.user.handle})
        assert answer.status == 200, answer
        sent: dict[str, Any] = answer.body
        return sent

    return to
