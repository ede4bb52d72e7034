"""Hints that get lost, neighbours that go away, and readers that do not read: no event is lost, nobody else suffers.

The looks come every second here, which are a minute apart otherwise.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from backend_flask.lib.ddb import Hint, MessageTable
from backend_flask.lib.live import APPLICATION, CHANNEL, dump
from backend_flask.lib.uuid7 import Uuid7
from cli import migrations
from dev import postgres
from dev.processes import free_port
from tests.api import Api, Person, eventually
from tests.arena import Arena
from tests.integration.live.conftest import Listen, Send
from tests.listening import PATH
from tests.proxy import Proxy
from tests.servers import Server, api_server

QUICK = "tests.quick_live:app()"


@pytest.fixture(scope="module")
def quick(arena: Arena) -> Iterator[Server]:
    with api_server(arena, workers=1, app=QUICK, LOG_LEVEL="info") as server:
        yield server


def silent(api: Api) -> MessageTable:
    """Nobody hears of what is stored by this."""
    return MessageTable(api.table.client, api.table.name, Uuid7())


def ears(database_url: str) -> list[int]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()",
            [APPLICATION],
        )
        return [row[0] for row in found]


def terminate(database_url: str, pids: list[int]) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", [pids])


def test_a_hint_that_gets_lost_is_made_up_for_by_a_look(
    api: Api, quick: Server, londo: Person, gkar: Person, listen: Listen
) -> None:
    listening = listen(quick, gkar).ready()
    silent(api).create_direct_message(londo.member, gkar.member, "without a hint")
    api.stream(londo, gkar)
    listening.wait_for(2)
    assert listening.texts == ["without a hint"]
    time.sleep(2.5)
    assert listening.texts == ["without a hint"], "it was told twice"


def test_a_connection_for_hints_that_is_killed_is_replaced_and_nothing_is_lost(
    arena: Arena, api: Api, quick: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    listening = listen(quick, gkar).ready()
    before = ears(arena.database_url)
    terminate(arena.database_url, before)
    silent(api).create_direct_message(londo.member, gkar.member, "meanwhile")
    api.stream(londo, gkar)
    eventually(lambda: len(set(ears(arena.database_url)) - set(before)) > 0, True)
    send(quick, londo, gkar, "afterwards")
    listening.wait_for(3)
    assert sorted(listening.texts) == ["afterwards", "meanwhile"]
    assert not listening.ended.is_set()


def test_what_others_notify_on_the_channel_harms_nobody(
    arena: Arena, quick: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    listening = listen(quick, gkar).ready()
    strange = ["", "{}", "[1,2,3,[4]]", '["g","m","",["' + gkar.user.uuid + '"],false]', "x" * 7999]
    strange.append(dump(Hint("no group", "no message", (gkar.user.uuid,))))
    with psycopg.connect(arena.database_url, autocommit=True) as connection:
        for each in strange:
            connection.execute("SELECT pg_notify(%s, %s)", [CHANNEL, each])
    send(quick, londo, gkar, "hi")
    listening.wait_for(2)
    assert listening.texts == ["hi"]


def test_who_does_not_read_is_let_go_and_nobody_else_waits(
    api: Api, quick: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    """The system takes some megabytes in between for a reader who does not read, so it takes small buffers."""
    vir = api.person("vir")
    with closing(socket.socket()) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect(("127.0.0.1", quick.port))
        request = [f"GET {PATH} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {gkar.token}", "", ""]
        deaf.sendall("\r\n".join(request).encode())
        listening = listen(quick, vir).ready()
        hints = [Hint("group", f"{number:01000}", (gkar.user.uuid,), is_marker=True) for number in range(4000)]
        for hint in hints:
            api.stores.live.publisher.publish(hint)
        slowest = 0.0
        for number in range(10):
            begun = time.monotonic()
            send(quick, londo, vir, str(number))
            listening.wait_for(number + 2)
            slowest = max(slowest, time.monotonic() - begun)
        eventually(lambda: gkar.user.uuid in quick.child.log.read_text(), True, seconds=15)
    assert slowest < 3
    assert "Traceback" not in quick.child.log.read_text()


@contextmanager
def through(arena: Arena, neighbour: str, address: str) -> Iterator[tuple[Server, Proxy]]:
    """A server that reaches this neighbour through a proxy."""
    found = urlsplit(address)
    proxy = Proxy(found.hostname or "", found.port or 80)
    changed = found._replace(netloc=found.netloc.replace(str(found.port), str(proxy.port))).geturl()
    with api_server(arena, workers=1, app=QUICK, LOG_LEVEL="info", **{neighbour: changed}) as server:
        yield server, proxy
        proxy.answer()
    proxy.close()


@pytest.mark.parametrize("how", ["refuse", "freeze"])
def test_a_table_that_goes_away_ends_no_stream_and_what_was_missed_comes_when_it_is_back(
    arena: Arena, api: Api, londo: Person, gkar: Person, listen: Listen, send: Send, how: str
) -> None:
    with through(arena, "AWS_ENDPOINT_URL_DYNAMODB", arena.dynamodb_endpoint) as (server, proxy):
        listening = listen(server, gkar).ready()
        getattr(proxy, how)()
        message = silent(api).create_direct_message(londo.member, gkar.member, "meanwhile")
        api.stream(londo, gkar)
        group, concerned = message.message_group_uuid, (gkar.user.uuid,)
        api.stores.live.publisher.publish(Hint(group, message.message_uuid, concerned))
        eventually(lambda: "_failed" in server.child.log.read_text(), True, seconds=15)
        beats = listening.text.count(": \n")
        eventually(lambda: listening.text.count(": \n") > beats, True, seconds=15)
        proxy.answer()
        listening.wait_for(2, 30)
        send(server, londo, gkar, "afterwards")
        listening.wait_for(3)
        assert listening.texts == ["meanwhile", "afterwards"]


@pytest.fixture
def own_postgres(arena: Arena, tmp_path: Path) -> Iterator[tuple[Arena, Callable[[], None]]]:
    """An arena with a server of its own, and what starts that again."""
    data, port, log = tmp_path / "postgres", free_port(), tmp_path / "postgres.log"
    running = [postgres.start(data, port, log, durable=False)]
    address = postgres.address(port, "postgres")
    migrations.apply(address)

    def restart() -> None:
        running.pop().stop()
        running.append(postgres.start(data, port, log, durable=False))

    yield replace(arena, folder=tmp_path, database_url=address), restart
    running.pop().stop()
    postgres.erase(data)


def test_a_postgres_that_starts_again_ends_no_stream_and_loses_nothing(
    own_postgres: tuple[Arena, Callable[[], None]], listen: Listen, send: Send
) -> None:
    arena, restart = own_postgres
    with arena.api() as api, api_server(arena, workers=1, app=QUICK, LOG_LEVEL="info") as server:
        londo, gkar = api.person("londo"), api.person("gkar")
        listening = listen(server, gkar).ready()
        send(server, londo, gkar, "before")
        listening.wait_for(2)
        restart()
        api.table.create_direct_message(londo.member, gkar.member, "meanwhile")
        api.stream(londo, gkar)
        listening.wait_for(3, 15)
        send(server, londo, gkar, "afterwards")
        listening.wait_for(4, 15)
        assert listening.texts == ["before", "meanwhile", "afterwards"]
        said = server.child.log.read_text()
        assert "live_ear_deaf" in said
        assert "Traceback" not in said
