"""One JSON object a line on stderr. Never a token, a message text or a password."""

from __future__ import annotations

import json
import logging
import sys
import time
from contextvars import copy_context
from datetime import UTC, datetime
from functools import partial
from typing import Any

from flask import Flask, Response, g, request

from backend_flask.lib import metering, trace_context
from backend_flask.lib.metering import RequestMeter
from backend_flask.telemetry import NO_TELEMETRY, Telemetry

log = logging.getLogger(__name__)
_BUILT_IN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """The event is the log message; everything given as `extra` stands beside it, and the trace of the request."""

    def format(self, record: logging.LogRecord) -> str:
        extra = {name: value for name, value in vars(record).items() if name not in _BUILT_IN}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "event": record.getMessage(), **extra}
        trace = trace_context.current()
        if trace:
            line["trace_id"] = trace.trace_id
        return json.dumps(line, default=str)


def configure(level: str) -> None:
    """Sends what our own code logs to stderr; the libraries' warnings too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("backend_flask", "lambdas", "dev"):
        logging.getLogger(name).setLevel(level.upper())


def log_requests(app: Flask, telemetry: Telemetry = NO_TELEMETRY) -> None:
    """One line a request: the route, never the path with its ids, the status, the milliseconds, and what was asked of
    the neighbours for it. That of a stream is written when it ends; `g.stream` says how many events it had."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()
        g.asked = metering.start()
        trace_context.start(telemetry.trace_of(request))

    @app.after_request
    def end(response: Response) -> Response:
        user, stream = g.get("user"), g.get("stream")
        line = {
            "method": request.method,
            "route": str(request.url_rule or "unknown"),
            "status": response.status_code,
            "ms": 0.0,
            "user_uuid": user.uuid if user else None,
        }
        write = partial(_write, line, g.started, g.asked, telemetry)
        if stream is None:
            write()
        else:
            in_trace = copy_context().run
            response.call_on_close(lambda: in_trace(write, events=stream.events))
        return response

    @app.teardown_request
    def clear(_: BaseException | None) -> None:
        metering.stop()
        trace_context.clear()


def _write(line: dict[str, Any], started: float, asked: RequestMeter, telemetry: Telemetry, **more: int) -> None:
    whole = {**line, "ms": _milliseconds(time.perf_counter() - started), **_asked(asked), **more}
    log.info("request", extra=whole)
    telemetry.measure(whole)


def _asked(meter: RequestMeter) -> dict[str, float]:
    return {
        "ddb_calls": len(meter.calls),
        "ddb_retries": meter.retries,
        "ddb_read_units": meter.read_units,
        "ddb_write_units": meter.write_units,
        "sql_queries": meter.queries,
        "sql_wait_ms": _milliseconds(meter.waited),
    }


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
