"""The stream function under OpenTelemetry as AWS' layer starts it: by its packages alone, with no code of ours."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.instrumentation.aws_lambda import AwsLambdaInstrumentor
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from backend_flask.lib.ddb import MessageTable
from lambdas.cruddur_messaging_stream import handler
from tests.messages_table import a_person, stored
from tests.stream_records import SECRET

CONTEXT = SimpleNamespace(
    aws_request_id="8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    function_name="cruddur-messaging-stream",
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:cruddur-messaging-stream",
)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch, table: MessageTable) -> Iterator[InMemorySpanExporter]:
    monkeypatch.setenv("_HANDLER", "lambdas.cruddur_messaging_stream.handler.handler")
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", CONTEXT.function_name)
    monkeypatch.setattr(handler, "_table", lambda: table)
    tracers, exporter = TracerProvider(), InMemorySpanExporter()
    tracers.add_span_processor(SimpleSpanProcessor(exporter))
    AwsLambdaInstrumentor().instrument(tracer_provider=tracers)
    BotocoreInstrumentor().instrument(tracer_provider=tracers)  # type: ignore[no-untyped-call]
    yield exporter
    AwsLambdaInstrumentor().uninstrument()
    BotocoreInstrumentor().uninstrument()  # type: ignore[no-untyped-call]


def event_of(table: MessageTable) -> dict[str, Any]:
    sender, other = a_person(), a_person()
    group = table.create_direct_message(sender, other, SECRET).message_group_uuid
    item = stored(table, group)[0].to_item()
    keys = {"pk": item["pk"], "sk": item["sk"]}
    return {
        "Records": [
            {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": item, "SequenceNumber": "1"}},
        ]
    }


def test_a_batch_is_a_span_around_its_calls(table: MessageTable, spans: InMemorySpanExporter) -> None:
    event = event_of(table)
    spans.clear()
    assert handler.handler(event, CONTEXT) == {"batchItemFailures": []}
    found: list[ReadableSpan] = list(spans.get_finished_spans())
    assert [span.name for span in found[:-1]] == ["DynamoDB.GetItem", "DynamoDB.UpdateItem", "DynamoDB.UpdateItem"]
    batch = found[-1]
    assert batch.context
    assert {span.parent.span_id for span in found[:-1] if span.parent} == {batch.context.span_id}


def test_no_span_of_it_has_a_text(table: MessageTable, spans: InMemorySpanExporter) -> None:
    handler.handler(event_of(table), CONTEXT)
    told = [span.to_json() for span in spans.get_finished_spans()]
    assert len(told) > 3
    assert not [each for each in told if SECRET in each]
