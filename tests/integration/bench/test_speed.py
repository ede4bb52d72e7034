"""What measures speed works: what it measured in a blink says nothing, so no figure is judged here."""

from __future__ import annotations

import subprocess
import uuid
from contextlib import closing

import pytest

from backend_flask.lib.metering import meter
from bench import overhead, profiles, sdk, servers, throughput
from bench.bare import client_of
from bench.caller import AnswerError, Caller, request_of
from bench.crowd import drive
from bench.figures import Answer
from bench.nothing import APP
from bench.town import HEALTH_CHECK, Town
from bench.trial import Trial
from tests.arena import Arena
from tests.servers import api_server

LEAST_EFFORT = 0.0


@pytest.fixture
def trial(arena: Arena) -> Trial:
    return Trial(arena, LEAST_EFFORT)


def names_of(answer: Answer) -> set[str]:
    """Of the figures, each of which must be something."""
    assert all(figure.value > 0 for figure in answer.figures)
    return {figure.name for figure in answer.figures}


def test_the_bare_calls_are_those_that_the_api_makes_itself(arena: Arena) -> None:
    with arena.api(RATE_LIMITS="on") as api:
        town, counted = Town(api), meter(api.table.client)
        bare = client_of(arena)
        counted_bare = meter(bare)
        for endpoint in [*town.endpoints(), town.short()]:
            request = endpoint.requests(1)[0]
            counted_bare.reset()
            for call in request.asked.calls:
                call.by(bare)()
            counted.reset()
            head, _, body = request.raw.partition(b"\r\n\r\n")
            method, path, _ = head.split(b" ", 2)
            headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n")[1:])
            answer = api.request(method.decode(), path.decode(), headers=headers, data=body)
            assert answer.status_code == 200, answer.text
            # Counts of unread messages are made side by side, in no order.
            assert sorted(counted_bare.calls) == sorted(counted.calls), endpoint.name
            assert counted_bare.write_units == counted.write_units


def test_overhead_tells_of_every_endpoint(trial: Trial) -> None:
    found = names_of(overhead.run(trial))
    for name in ("A first page", "A older page", "B", "C", "C with a key", "D, a new group"):
        assert {f"{name}, p50", f"{name}, p99"} <= found


def test_throughput_tells_of_every_number_of_requests_at_once(trial: Trial) -> None:
    answer = throughput.run(trial, processes=1, crowds=(1, 8))
    for many in (1, 8):
        assert {f"A first page, {many} at once, p99", f"C, {many} at once, p99"} <= names_of(answer)
    assert [len(points) for curve in answer.curves for points in curve.lines.values()] == [2, 2, 2, 2]


def test_servers_tells_of_every_way(trial: Trial) -> None:
    ways: servers.Ways = {
        "greenlets": (1, ()),
        "threads": (1, ("--worker-class", "gthread", "--threads", "32")),
    }
    assert {"C, greenlets", "C, threads", "memory, threads"} <= names_of(servers.run(trial, ways))


def test_sdk_tells_of_every_setting(trial: Trial) -> None:
    assert {f"Query of a page, {name}" for name in ("answers taken as JSON", "the API's client")} <= names_of(
        sdk.run(trial)
    )


def may_look_into_processes() -> bool:
    """Linux lets a process look into another one only if it is root, or if an administrator has allowed it."""
    with subprocess.Popen(["sleep", "5"]) as other:
        looked = subprocess.run([profiles.PY_SPY, "dump", "--pid", str(other.pid)], capture_output=True, check=False)
        other.kill()
    return b"ermission" not in looked.stderr


def test_profiles_keeps_a_text_of_every_endpoint(trial: Trial) -> None:
    if not may_look_into_processes():
        pytest.skip("py-spy may not look into other processes here; bench/README.md says what to do")
    answer = profiles.run(trial, {"A first page", "C with a key"})
    assert {"a-first-page.txt", "c-with-a-key.txt"} == set(answer.texts)
    assert "boto3" in answer.texts["a-first-page.txt"]


def test_a_refusal_is_not_taken_for_an_answer(arena: Arena) -> None:
    refused = request_of("GET", f"/api/messages/{uuid.uuid4()}", "no token")
    with api_server(arena, workers=1) as server:
        with closing(Caller(server.port)) as caller:
            assert caller.ask(HEALTH_CHECK)
            with pytest.raises(AnswerError):
                caller.ask(refused)
        with pytest.raises(AnswerError):
            drive(server.port, iter([HEALTH_CHECK, refused, HEALTH_CHECK]), 1, 0.1)


def test_a_wave_counts_what_was_answered_in_time(arena: Arena) -> None:
    asked = []

    def requests() -> bytes:
        asked.append(1)
        return HEALTH_CHECK

    with api_server(arena, workers=1, app=APP) as server:
        wave = drive(server.port, iter(requests, b""), 4, 0.2)
    assert len(wave.taken) == len(asked)
    assert wave.in_time == len(asked) - 4
    assert wave.per_second == wave.in_time / 0.2
