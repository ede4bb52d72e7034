"""Which trace the current request belongs to, as W3C Trace Context says it (https://www.w3.org/TR/trace-context/).

The caller's trace is taken up, and passed on to whom we ask. A request without one gets its own, for the log alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

# Section 3.2: all zeros and version ff are invalid. A version that is yet to come may have more behind.
_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
# Section 3.3.1.5 wants at least 512 characters to be passed on.
_TRACESTATE = re.compile(r"[\x20-\x7e]{1,512}")


class Headers(Protocol):
    def get(self, name: str, default: str, /) -> str: ...


@dataclass(frozen=True)
class Trace:
    """`passed_on` are the headers that tell it to others: none if nobody has told it to us."""

    trace_id: str
    passed_on: Mapping[str, str] = field(default_factory=dict)


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def of(headers: Headers) -> Trace:
    """The trace that a request's headers name. What is malformed counts as not sent, as the standard wants it."""
    traceparent = headers.get("traceparent", "")
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or (found[1] == "00" and found[3]):
        return Trace(secrets.token_hex(16))
    tracestate = headers.get("tracestate", "")
    more = {"tracestate": tracestate} if _TRACESTATE.fullmatch(tracestate) else {}
    return Trace(found[2], {"traceparent": traceparent, **more})


def start(trace: Trace) -> None:
    """From now on, this is the trace of all that is done in this context."""
    _current.set(trace)


def clear() -> None:
    _current.set(None)


def current() -> Trace | None:
    return _current.get()


def pass_on(client: Any) -> None:
    """From now on, this boto3 client tells the service the current trace. The signature does not cover it."""
    client.meta.events.register("before-send", _tell)


def _tell(request: Any, **_: Any) -> None:
    trace = _current.get()
    if trace is not None:
        request.headers.update(trace.passed_on)
