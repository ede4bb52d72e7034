"""OpenTelemetry switched on: what its spans and metrics say, and what they never say."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from backend_flask import spans, telemetry
from backend_flask.logs import JsonFormatter
from tests.api import Api, Person, eventually

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}


@dataclass
class Watched:
    api: Api
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    def spans(self) -> list[ReadableSpan]:
        return list(self.exporter.get_finished_spans())

    def points(self) -> list[tuple[str, dict[str, Any], float]]:
        """The name, the attributes and the sum or the count of each point of each metric."""
        told = json.loads(self.reader.get_metrics_data().to_json())  # type: ignore[union-attr]
        metrics = [
            each for of in told["resource_metrics"] for scope in of["scope_metrics"] for each in scope["metrics"]
        ]
        return [
            (metric["name"], point["attributes"], point.get("value", point.get("count")))
            for metric in metrics
            for point in metric["data"]["data_points"]
        ]


@pytest.fixture
def watched(another_api: Callable[..., Api], monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    connect = vars(psycopg.Connection)["connect"]
    processor = SimpleSpanProcessor(spans.Discreet(exporter))
    monkeypatch.setattr(telemetry, "start", lambda app, _: spans.instrument(app, processor, reader))
    yield Watched(another_api(RATE_LIMITS="on"), exporter, reader)
    BotocoreInstrumentor().uninstrument()  # type: ignore[no-untyped-call]
    PsycopgInstrumentor().uninstrument()
    # What it puts back is bound to this class, and makes no connection of a class below it.
    psycopg.Connection.connect = connect  # type: ignore[method-assign]


@pytest.fixture
def londo(watched: Watched) -> Person:
    return watched.api.person("londo")


@pytest.fixture
def gkar(watched: Watched) -> Person:
    return watched.api.person("gkar")


def ids(found: list[ReadableSpan]) -> set[str]:
    return {format(span.context.trace_id, "032x") for span in found if span.context}


def test_a_request_and_all_that_it_asks_are_one_trace(watched: Watched, londo: Person, gkar: Person) -> None:
    watched.exporter.clear()
    londo.request("POST", "/api/messages", json={"message": "hi", "handle": gkar.user.handle}, headers=PARENT)
    *asked, request = watched.spans()
    assert (request.name, request.kind) == ("POST /api/messages", SpanKind.SERVER)
    assert request.attributes == {"http.method": "POST", "http.route": "/api/messages", "http.status_code": 200}
    assert request.parent
    assert format(request.parent.span_id, "016x") == "00f067aa0ba902b7"
    assert ids([*asked, request]) == {TRACE}
    assert request.context
    assert {span.parent.span_id for span in asked if span.parent} == {request.context.span_id}
    names = [span.name for span in asked]
    assert names[0] == "Whose access token is this?"
    assert [name for name in names if name.startswith("DynamoDB")] == [
        "DynamoDB.GetItem",
        "DynamoDB.GetItem",
        "DynamoDB.TransactWriteItems",
    ]


def test_the_threads_that_count_unread_messages_are_in_the_trace(watched: Watched, londo: Person) -> None:
    for name in ("gkar", "vir"):
        watched.api.person(name).send("hi", to=londo)
    eventually(lambda: len(londo.groups()), 2)
    watched.exporter.clear()
    londo.request("GET", "/api/message_groups", headers=PARENT)
    assert [span.name for span in watched.spans()].count("DynamoDB.Query") == 3
    assert ids(watched.spans()) == {TRACE}


def test_the_log_names_the_trace_of_the_spans_and_dynamodb_is_told_it(
    watched: Watched, londo: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, lines = [], []
    watched.api.table.client.meta.events.register_last(
        "before-send", lambda request, **_: told.append(request.headers["traceparent"])
    )
    logger = logging.getLogger("backend_flask.logs")
    monkeypatch.setattr(logger, "level", logging.INFO)
    monkeypatch.setattr(logger, "handle", lambda record: lines.append(json.loads(JsonFormatter().format(record))))
    watched.exporter.clear()
    londo.groups()
    (trace,) = ids(watched.spans())
    assert [line["trace_id"] for line in lines] == [trace]
    assert [each.split("-")[1] for each in told] == [trace]


def test_a_health_check_is_no_span_and_has_a_trace_all_the_same(watched: Watched, londo: Person) -> None:
    watched.exporter.clear()
    assert londo.request("GET", "/api/health-check", headers=PARENT).status_code == 200
    assert watched.spans() == []


def test_no_span_says_what_a_person_has_sent(watched: Watched, londo: Person, gkar: Person) -> None:
    sent = londo.send("a-secret-text", to=gkar, key="a-secret-key")
    for path in (
        f"/api/messages/{sent['message_group_uuid']}?x=a-secret-query",
        "/api/activities/search?term=a-secret-term",
        "/api/messages/@a-secret-handle",
        "/a-secret-path",
        "/api/a-secret-path?a-secret-query",
    ):
        londo.request("GET", path, headers={"User-Agent": "a-secret-agent", "Baggage": "a=a-secret-bag"})
    with pytest.raises(psycopg.errors.CheckViolation, match="a-secret-name"):
        watched.api.stores.db.one(
            "users/create", handle="-", display_name="a-secret-name", email=None, cognito_user_id=None
        )
    told = [span.to_json() for span in watched.spans()]
    assert len(told) > 15
    secrets = ("a-secret", londo.token[-40:], sent["message_group_uuid"], sent["uuid"], gkar.user.handle, "127.0.0.1")
    assert [(secret, each) for secret in secrets for each in told if secret in each] == []
    assert [json.loads(each)["attributes"].get("error.type") for each in told[-1:]] == ["psycopg.errors.CheckViolation"]


def test_the_metrics_are_the_figures_of_the_log_by_route(watched: Watched, londo: Person, gkar: Person) -> None:
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    for _ in range(3):
        londo.get(f"/api/messages/{group}")
    londo.get("/a-secret-path")
    points = watched.points()
    sums = {(name, at.get("http.route", at.get("http.target"))): value for name, at, value in points}
    read = "/api/messages/<message_group_uuid>"
    assert (sums["cruddur.ddb_calls", read], sums["cruddur.ddb_read_units", read]) == (3, 3)
    # ExtendDB reports no entries of the index in a transaction.
    assert sums["cruddur.ddb_write_units", "/api/messages"] in {8, 10}
    assert sums["cruddur.sql_queries", "/api/messages"] == 3
    assert sums["http.server.duration", read] == 3
    said = {name for _, at, _ in points for name in at}
    assert said <= {"http.method", "http.route", "http.status_code", "http.target"}
    assert not [at for _, at, _ in points if "a-secret" in str(at)]
