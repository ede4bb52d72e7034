"""The production server with its greenlets: each request counts its own, and OpenTelemetry gets what it is to get."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.api import Person, eventually
from tests.arena import Arena
from tests.collector import collecting
from tests.servers import Caller, api_server

# How many unread message groups somebody has, each of which is one call.
UNREAD = (0, 1, 2, 5)
ROUNDS = 10


def requests(log: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == "request" and line["user_uuid"]]


def ask(port: int, person: Person) -> None:
    with closing(Caller(port, person.token)) as caller:
        for _ in range(ROUNDS):
            assert caller.ask("GET", "/api/message_groups").status == 200


def test_requests_side_by_side_count_their_own_calls_and_are_traced_as_logged(arena: Arena) -> None:
    with arena.api() as api, collecting() as collector:
        people = {count: api.person() for count in UNREAD}
        for count, person in people.items():
            for _ in range(count):
                api.person().send("hi", to=person)
            eventually(lambda person=person: len(person.groups()), count)  # type: ignore[misc]
        with (
            api_server(arena, workers=1, LOG_LEVEL="info", OTEL_EXPORTER_OTLP_ENDPOINT=collector.address) as server,
            ThreadPoolExecutor(len(people)) as threads,
        ):
            assert all(each is None for each in threads.map(lambda person: ask(server.port, person), people.values()))
        lines = requests(server.child.log)
    for count, person in people.items():
        own = [line for line in lines if line["user_uuid"] == person.user.uuid]
        assert [line["ddb_calls"] for line in own] == [1 + count] * ROUNDS
        assert all(line["ddb_read_units"] > 0 for line in own if count)
        assert sorted({line["sql_queries"] for line in own}) == [0, 1]
    traces = b"".join(collector.got["/v1/traces"])
    assert all(bytes.fromhex(line["trace_id"]) in traces for line in lines)
    assert len({line["trace_id"] for line in lines}) == len(lines) == ROUNDS * len(people)
    assert b"cruddur.ddb_read_units" in b"".join(collector.got["/v1/metrics"])
