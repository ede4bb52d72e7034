"""The figures in the line of a request are those of the engines."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend_flask.lib.metering import Meter, meter
from tests.api import Api, Person, eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "tracestate": "congo=t61rcWkgMzE"}


@pytest.fixture
def api(another_api: Callable[..., Api]) -> Api:
    return another_api(RATE_LIMITS="on")


@pytest.fixture
def counted(api: Api) -> Meter:
    return meter(api.table.client)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[], list[Any]]:
    caplog.set_level(logging.INFO, "backend_flask")
    return lambda: [record for record in caplog.records if record.message == "request"]


def test_a_send_says_what_it_has_asked(
    londo: Person, gkar: Person, counted: Meter, lines: Callable[[], list[Any]]
) -> None:
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    counted.reset()
    londo.send("ho", group=group)
    line = lines()[-1]
    assert (line.ddb_calls, line.ddb_read_units, line.ddb_write_units) == (2, 1, 1)
    assert (line.ddb_read_units, line.ddb_write_units) == (counted.read_units, counted.write_units)
    assert (line.ddb_retries, line.sql_queries) == (0, 1)
    assert 0 <= line.sql_wait_ms <= line.ms


def test_the_threads_that_count_unread_messages_are_in_the_line(
    api: Api, londo: Person, counted: Meter, lines: Callable[[], list[Any]]
) -> None:
    for name in ("gkar", "vir", "delenn"):
        api.person(name).send("hi", to=londo)
    eventually(lambda: len(londo.groups()), 3)
    counted.reset()
    londo.groups()
    line = lines()[-1]
    assert (line.ddb_calls, line.sql_queries) == (4, 0)
    assert line.ddb_read_units == counted.read_units > 0


def test_what_asks_nobody_counts_nothing(londo: Person, lines: Callable[[], list[Any]]) -> None:
    londo.get("/api/health-check")
    line = lines()[-1]
    assert (line.ddb_calls, line.ddb_read_units, line.sql_queries, line.sql_wait_ms) == (0, 0, 0, 0.0)


def test_a_call_that_refuses_counts_without_units(londo: Person, gkar: Person, lines: Callable[[], list[Any]]) -> None:
    first = londo.send("hi", to=gkar, key="k")
    assert londo.send("hi", to=gkar, key="k") == first
    line = lines()[-1]
    assert (line.ddb_calls, line.ddb_write_units) == (3, 0)


@pytest.fixture
def told(api: Api) -> Iterator[list[dict[str, str]]]:
    """The headers of trace context that DynamoDB has been sent."""
    sent: list[dict[str, str]] = []

    def look(request: Any, **_: Any) -> None:
        sent.append({name: request.headers[name] for name in PARENT if name in request.headers})

    api.table.client.meta.events.register_last("before-send", look)
    yield sent
    api.table.client.meta.events.unregister("before-send", look)


def test_a_trace_goes_on_to_dynamodb_also_from_the_threads(api: Api, londo: Person, told: list[dict[str, str]]) -> None:
    for name in ("gkar", "vir"):
        api.person(name).send("hi", to=londo)
    eventually(lambda: len(londo.groups()), 2)
    told.clear()
    londo.request("GET", "/api/message_groups", headers=PARENT)
    assert told == [PARENT] * 3
    told.clear()
    londo.groups()
    londo.request("GET", "/api/message_groups", headers={"traceparent": "00-nonsense"})
    assert told == [{}] * 6
