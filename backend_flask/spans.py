"""OpenTelemetry: spans of Flask, botocore and psycopg, and the figures of the log lines as metrics.

Only `telemetry` imports this, where it is switched on: the packages are the extra `otel`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Flask, Request
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import View
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Status, format_trace_id, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from backend_flask.lib import trace_context
from backend_flask.lib.trace_context import Trace
from backend_flask.telemetry import Telemetry

SERVICE = "cruddur-messaging-api"
# A load balancer asks every few seconds.
NOT_TRACED = "/api/health-check"
# What spans may say. Paths hold handles, queries search terms, and exceptions the rows that Postgres has refused.
_TOLD = ("http.request.method", "http.response.status_code", "http.method", "http.route", "http.status_code")
_TOLD_OF_NEIGHBOURS = ("aws.", "cloud.region", "db.", "rpc.", "retry_attempts")
# Of a metric, the target is the route.
_TOLD_OF_METRICS = {*_TOLD, "http.target"}
# Fields of a request's log line.
_COUNTED = ("ddb_calls", "ddb_retries", "ddb_read_units", "ddb_write_units", "sql_queries", "sql_wait_ms")


class Discreet(SpanExporter):
    """Passes on how the system does, and nothing that a person has sent."""

    def __init__(self, behind: SpanExporter) -> None:
        self._behind = behind

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._behind.export([_discreet(span) for span in spans if not _is_idle_talk(span)])

    def shutdown(self) -> None:
        self._behind.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._behind.force_flush(timeout_millis)


def start(app: Flask, endpoint: str) -> Telemetry:
    """Sends to the collector at this address (OpenTelemetry Protocol over HTTP)."""
    base = endpoint.rstrip("/")
    processor = BatchSpanProcessor(Discreet(OTLPSpanExporter(f"{base}/v1/traces")))
    return instrument(app, processor, PeriodicExportingMetricReader(OTLPMetricExporter(f"{base}/v1/metrics")))


def instrument(app: Flask, processor: SpanProcessor, reader: MetricReader) -> Telemetry:
    """botocore and psycopg are instrumented for the whole process, by the first app that is."""
    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes first.
    resource = Resource.create({"service.name": SERVICE}).merge(OTELResourceDetector().detect())
    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(processor)
    meters = MeterProvider(
        [reader], resource, views=[View(instrument_name="http.server.*", attribute_keys=_TOLD_OF_METRICS)]
    )
    FlaskInstrumentor.instrument_app(  # type: ignore[no-untyped-call]
        app, tracer_provider=tracers, meter_provider=meters, excluded_urls=NOT_TRACED
    )
    BotocoreInstrumentor().instrument(tracer_provider=tracers, meter_provider=meters)  # type: ignore[no-untyped-call]
    PsycopgInstrumentor().instrument(tracer_provider=tracers)
    own = meters.get_meter("cruddur")
    counters = {field: own.create_counter(f"cruddur.{field}") for field in _COUNTED}

    def measure(line: Mapping[str, Any]) -> None:
        where = {"http.method": line["method"], "http.route": line["route"]}
        for field, counter in counters.items():
            counter.add(line[field], where)

    return Telemetry(_trace_of, measure)


def _trace_of(request: Request) -> Trace:
    span = get_current_span()
    context = span.get_span_context()
    if not context.is_valid:
        return trace_context.of(request.headers)
    # Of a path that is no route, the span would be named after the path.
    span.update_name(f"{request.method} {request.url_rule or 'unknown'}")
    passed_on: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(passed_on)
    return Trace(format_trace_id(context.trace_id), passed_on)


def _is_idle_talk(span: ReadableSpan) -> bool:
    """What the pool says to a connection by itself: a setting at first, and a statement without a word to hear whether
    it is there."""
    statement = (span.attributes or {}).get("db.statement")
    return statement == "" or str(statement).startswith("SET ")


def _name(span: ReadableSpan) -> str:
    """A query's is the question on the first line of its file."""
    statement = str((span.attributes or {}).get("db.statement", ""))
    return statement.partition("\n")[0].removeprefix("-- ") if statement.startswith("-- ") else span.name


def _discreet(span: ReadableSpan) -> ReadableSpan:
    attributes = span.attributes or {}
    told = {name: value for name, value in attributes.items() if name in _TOLD or name.startswith(_TOLD_OF_NEIGHBOURS)}
    errors = {
        event.attributes["exception.type"] for event in span.events if event.name == "exception" and event.attributes
    }
    return ReadableSpan(
        name=_name(span),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=told | ({"error.type": errors.pop()} if errors else {}),
        links=span.links,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
