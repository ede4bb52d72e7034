"""Examples and rules of W3C Trace Context, section 3.2."""

from __future__ import annotations

import threading
from contextvars import copy_context
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from backend_flask.lib import trace_context
from backend_flask.lib.trace_context import Trace
from tests.messages_table import Body

ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{ID}-00f067aa0ba902b7-01"


@pytest.mark.parametrize(
    "traceparent",
    [PARENT, f"00-{ID}-00f067aa0ba902b7-00", f"00-{ID}-00f067aa0ba902b7-ff", f"cc-{ID}-00f067aa0ba902b7-01-what-comes"],
)
def test_the_trace_of_the_caller_is_taken_up_and_passed_on_as_it_is(traceparent: str) -> None:
    assert trace_context.of({"traceparent": traceparent}) == Trace(ID, {"traceparent": traceparent})


MALFORMED = [
    "",
    "00",
    ID,
    PARENT.upper(),
    PARENT + "-more",
    PARENT + " ",
    PARENT + "\n",
    f"{PARENT},{PARENT}",
    f"ff-{ID}-00f067aa0ba902b7-01",
    f"0-{ID}-00f067aa0ba902b7-01",
    f"cc-{ID}-00f067aa0ba902b7-01more",
    f"00-{'0' * 32}-00f067aa0ba902b7-01",
    f"00-{ID}-{'0' * 16}-01",
    f"00-{ID[1:]}-00f067aa0ba902b7-01",
    f"00-{ID}-00f067aa0ba902b7-1",
    f"00-{ID}-00f067aa0ba902bg-01",
    f"00_{ID}_00f067aa0ba902b7_01",
    PARENT.replace("4", "\u0664"),
    "x" * 100_000,
]


@pytest.mark.parametrize("traceparent", MALFORMED)
def test_a_malformed_trace_counts_as_none_and_is_passed_on_to_nobody(traceparent: str) -> None:
    made = trace_context.of({"traceparent": traceparent, "tracestate": "a=1"})
    assert made.trace_id not in {ID, "0" * 32}
    assert len(made.trace_id) == len(bytes.fromhex(made.trace_id)) * 2 == 32
    assert made.passed_on == {}


def test_each_request_without_a_trace_gets_one_of_its_own() -> None:
    assert trace_context.of({}).trace_id != trace_context.of({}).trace_id


@pytest.mark.parametrize("state", ["congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", "x" * 512])
def test_the_state_goes_with_its_trace(state: str) -> None:
    assert trace_context.of({"traceparent": PARENT, "tracestate": state}).passed_on["tracestate"] == state


@pytest.mark.parametrize("state", ["", "x" * 513, "a=\xe9", "a=1\r\nX-Amz-Target: other", "a=\x00"])
def test_a_state_that_could_do_harm_is_dropped_without_its_trace(state: str) -> None:
    assert trace_context.of({"traceparent": PARENT, "tracestate": state}).passed_on == {"traceparent": PARENT}


@pytest.fixture
def asked() -> Any:
    """A client of DynamoDB, and the headers of what it has sent."""
    client: Any = boto3.client(
        "dynamodb", region_name="us-east-1", endpoint_url="http://127.0.0.1:9", aws_access_key_id="x",
        aws_secret_access_key="x",
    )  # fmt: skip
    sent: list[Any] = []
    trace_context.pass_on(client)

    def answer(request: Any, **_: Any) -> AWSResponse:
        sent.append(request.headers)
        return AWSResponse(request.url, 200, HTTPHeaders(), Body(b"{}"))

    client.meta.events.register_last("before-send.dynamodb", answer)
    yield SimpleNamespace(client=client, sent=sent)
    trace_context.clear()


def test_a_neighbour_is_told_the_trace_behind_the_signature(asked: Any) -> None:
    trace_context.start(trace_context.of({"traceparent": PARENT, "tracestate": "a=1"}))
    asked.client.list_tables()
    (headers,) = asked.sent
    assert (headers["traceparent"], headers["tracestate"]) == (PARENT, "a=1")
    assert "host;" in str(headers["Authorization"])
    assert "trace" not in str(headers["Authorization"])


def test_a_neighbour_is_told_nothing_where_nobody_has_told_us(asked: Any) -> None:
    asked.client.list_tables()
    trace_context.start(trace_context.of({}))
    asked.client.list_tables()
    trace_context.clear()
    asked.client.list_tables()
    assert ["traceparent" in headers for headers in asked.sent] == [False] * 3


def test_a_thread_that_keeps_the_context_keeps_the_trace(asked: Any) -> None:
    trace_context.start(trace_context.of({"traceparent": PARENT}))
    for run in (copy_context().run, lambda call: call()):
        thread = threading.Thread(target=run, args=(asked.client.list_tables,))
        thread.start()
        thread.join()
    assert ["traceparent" in headers for headers in asked.sent] == [True, False]
