"""How many may listen, for how long, and how a stream ends."""

from __future__ import annotations

import base64
import json
import signal
import time
from collections.abc import Iterator

import pytest

from backend_flask.lib.cognito_jwt_token import LEEWAY_SECONDS
from backend_flask.services.live import MAX_STREAMS_OF_A_USER
from tests.api import Api, Person, token_of
from tests.arena import Arena
from tests.integration.live.conftest import Listen, Send
from tests.servers import Caller, Server, api_server


@pytest.fixture
def small(arena: Arena) -> Iterator[Server]:
    """Has room for 12 streams."""
    with api_server(arena, workers=1, LIVE_STREAMS="12", LOG_LEVEL="info") as server:
        yield server


def ask_for_a_stream(server: Server, person: Person) -> tuple[int, str]:
    caller = Caller(server.port, person.token)
    answer = caller.ask("GET", "/api/messages/stream")
    caller.close()
    return answer.status, answer.body["code"]


def test_too_many_streams_of_one_person_or_in_one_process_are_refused_until_one_ends(
    small: Server, api: Api, londo: Person, gkar: Person, listen: Listen
) -> None:
    own = [listen(small, londo).ready() for _ in range(MAX_STREAMS_OF_A_USER)]
    assert ask_for_a_stream(small, londo) == (429, "rate_limited")
    others = [listen(small, gkar).ready() for _ in range(12 - MAX_STREAMS_OF_A_USER)]
    assert ask_for_a_stream(small, api.person("vir")) == (503, "unavailable")
    caller = Caller(small.port, londo.token)
    assert caller.ask("GET", "/api/message_groups").status == 200, "the others go on"
    caller.close()
    own[0].close()
    others[0].close()


def test_a_stream_ends_when_its_token_does_and_is_refused_then(
    here: Server, api: Api, gkar: Person, listen: Listen
) -> None:
    brief = Person(api, gkar.user, _brief_token(gkar, seconds=2))
    begun = time.monotonic()
    listening = listen(here, brief).ready()
    assert listening.ended.wait(10)
    assert 1 < time.monotonic() - begun < 5
    assert listening.text.rstrip().rpartition("\n")[2].startswith("retry: ")
    time.sleep(1)
    assert ask_for_a_stream(here, brief) == (401, "token_expired")


def _brief_token(person: Person, seconds: float) -> str:
    """One of this person's that is refused after so many seconds."""
    payload = person.token.split(".")[1]
    sub = json.loads(base64.urlsafe_b64decode(payload + "=="))["sub"]
    return token_of(sub, exp=time.time() + seconds - LEEWAY_SECONDS)


def test_a_server_that_is_asked_to_stop_ends_its_streams_at_once_and_loses_nothing(
    small: Server, here: Server, londo: Person, gkar: Person, listen: Listen, send: Send, api: Api
) -> None:
    listening = [listen(small, gkar).ready() for _ in range(5)]
    send(small, londo, gkar, "before")
    for one in listening:
        one.wait_for(2)
    begun = time.monotonic()
    small.child.process.send_signal(signal.SIGTERM)
    for one in listening:
        assert one.ended.wait(3)
    assert time.monotonic() - begun < 2
    assert all("retry: " in one.text[-20:] for one in listening)
    assert small.child.process.wait(10) == 0
    assert time.monotonic() - begun < 6
    said = small.child.log.read_text()
    assert "graceful timeout" not in said
    assert "Traceback" not in said
    send(here, londo, gkar, "meanwhile")
    api.stream(londo, gkar)
    again = listen(here, gkar, listening[0].last_id)
    again.wait_for(1)
    assert again.texts == ["meanwhile"]
