"""Two processes of the API and two triggers of the stream function on the same engines behave as one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from jose.jwt import get_unverified_claims

from backend_flask.lib import ddb_verify
from backend_flask.services.rate_limits import MESSAGES
from dev.processes import LOOPBACK
from tests.api import Api, Person, eventually
from tests.arena import Arena, table
from tests.listening import Listening
from tests.servers import Answer, Caller, Server, api_server, trigger
from tests.tokens import HEADER, OTHER_KEY, POOL_KEY, jwk_of, key_set_of, rs


@dataclass
class KeySet:
    """What Cognito serves, which changes when it has new keys."""

    url: str
    keys: list[dict[str, object]] = field(default_factory=lambda: [jwk_of(POOL_KEY)])


@pytest.fixture(scope="module")
def key_set() -> Iterator[KeySet]:
    class Serve(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(key_set_of(*made.keys)).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer((LOOPBACK, 0), Serve) as server:
        made = KeySet(f"http://{LOOPBACK}:{server.server_port}/jwks.json")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        server.shutdown()


@pytest.fixture(scope="module")
def fresh(arena: Arena) -> Iterator[Arena]:
    """With a table of its own: a trigger begins with the oldest change of its table."""
    with table(arena.dynamodb_endpoint) as made:
        yield replace(arena, table_name=made.name)


@pytest.fixture(scope="module")
def api(fresh: Arena) -> Iterator[Api]:
    """For making people, and to see what is stored."""
    with fresh.api() as made:
        yield made


@pytest.fixture(scope="module")
def servers(fresh: Arena, key_set: KeySet) -> Iterator[list[Server]]:
    settings = {"RATE_LIMITS": "on", "AWS_COGNITO_JWKS_URL": key_set.url}
    with ExitStack() as cleanup:
        for _ in range(2):
            cleanup.enter_context(trigger(fresh))
        yield [cleanup.enter_context(api_server(fresh, workers=1, **settings)) for _ in range(2)]


def ask(server: Server, who: Person, method: str, path: str, body: object = None, **headers: str) -> Answer:
    with closing(Caller(server.port, who.token)) as caller:
        return caller.ask(method, path, body, **headers)


def send(server: Server, who: Person, to: dict[str, str], text: str) -> dict[str, Any]:
    answer = ask(server, who, "POST", "/api/messages", to | {"message": text})
    assert answer.status == 200, answer
    sent: dict[str, Any] = answer.body
    return sent


def test_what_one_has_stored_the_other_reads_and_the_rows_are_right_after_both_triggers(
    api: Api, servers: list[Server]
) -> None:
    londo, gkar = api.person("londo"), api.person("gkar")
    group = send(servers[0], londo, {"handle": gkar.user.handle}, "0")["message_group_uuid"]
    for number in range(1, 9):
        server, who = servers[number % 2], (londo, gkar)[number // 2 % 2]
        sent = send(server, who, {"message_group_uuid": group}, str(number))
        for each in servers:
            page = ask(each, gkar, "GET", f"/api/messages/{group}?limit=1").body
            assert [message["uuid"] for message in page] == [sent["uuid"]]

    def rows() -> list[tuple[str, str]]:
        found = [ask(each, who, "GET", "/api/message_groups").body[0] for each in servers for who in (londo, gkar)]
        return [(row["uuid"], row["message"]) for row in found]

    eventually(rows, [(group, "8")] * 4, 15)
    items = (item for item in ddb_verify.scan(api.table) if group in item["pk"]["S"] + item["sk"]["S"])
    assert list(ddb_verify.differences(api.table, lambda _: {}, items)) == []


def test_an_event_reaches_those_who_listen_at_the_other(api: Api, servers: list[Server]) -> None:
    londo, gkar = api.person("londo"), api.person("gkar")
    with Listening(servers[1].port, gkar.token) as listening:
        listening.wait_for(1)
        send(servers[0], londo, {"handle": gkar.user.handle}, "over there")
        listening.wait_for(2)
        assert listening.texts == ["over there"]


def test_who_is_taken_out_by_one_finds_nothing_at_the_other_at_once(api: Api, servers: list[Server]) -> None:
    londo, gkar, vir = api.person("londo"), api.person("gkar"), api.person("vir")
    body = {"handles": [gkar.user.handle, vir.user.handle], "message": "welcome"}
    group = ask(servers[0], londo, "POST", "/api/message_groups", body).body["message_group_uuid"]
    assert ask(servers[1], vir, "GET", f"/api/messages/{group}").status == 200
    taken_out = ask(servers[0], londo, "DELETE", f"/api/message_groups/{group}/members/@{vir.user.handle}")
    assert taken_out.status == 200
    assert ask(servers[1], vir, "GET", f"/api/messages/{group}").status == 404
    again = {"message_group_uuid": group, "message": "still here"}
    assert ask(servers[1], vir, "POST", "/api/messages", again).status == 404


def test_both_count_what_one_person_sends(api: Api, servers: list[Server]) -> None:
    londo, gkar = api.person("londo"), api.person("gkar")
    group = send(servers[0], londo, {"handle": gkar.user.handle}, "hi")["message_group_uuid"]
    body = {"message_group_uuid": group, "message": "hi"}
    with closing(Caller(servers[0].port, londo.token)) as one, closing(Caller(servers[1].port, londo.token)) as other:
        statuses = [caller.ask("POST", "/api/messages", body).status for _ in range(60) for caller in (one, other)]
    # While they were sent, one more was allowed each second.
    assert MESSAGES.burst - 1 <= statuses.count(200) <= MESSAGES.burst + 15
    assert statuses.count(200) + statuses.count(429) == 120


def test_both_learn_of_new_keys_without_a_restart(api: Api, servers: list[Server], key_set: KeySet) -> None:
    londo = api.person("londo")
    for each in servers:
        assert ask(each, londo, "GET", "/api/message_groups").status == 200
    key_set.keys.append(jwk_of(OTHER_KEY, "k2"))
    renewed = Person(api, londo.user, rs(HEADER | {"kid": "k2"}, get_unverified_claims(londo.token), OTHER_KEY))
    for each in servers:
        # Never more than one fetch in ten seconds, so that it may take as long.
        eventually(lambda each=each: ask(each, renewed, "GET", "/api/message_groups").status, 200, 15)  # type: ignore[misc]
