"""One JSON object a line on stderr. Never a token, a message text or a password."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response, g, request

log = logging.getLogger(__name__)
_BUILT_IN = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """The event is the log message; everything given as `extra` stands beside it."""

    def format(self, record: logging.LogRecord) -> str:
        extra = {name: value for name, value in vars(record).items() if name not in _BUILT_IN}
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {"at": at, "level": record.levelname.lower(), "event": record.getMessage(), **extra}
        return json.dumps(line, default=str)


def configure(level: str) -> None:
    """Sends what our own code logs to stderr; the libraries' warnings too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("backend_flask", "lambdas", "dev"):
        logging.getLogger(name).setLevel(level.upper())


def log_requests(app: Flask) -> None:
    """One line a request: the route, never the path with its ids, the status and the milliseconds."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        user = g.get("user")
        log.info(
            "request",
            extra={
                "method": request.method,
                "route": str(request.url_rule or "unknown"),
                "status": response.status_code,
                "ms": round((time.perf_counter() - g.started) * 1000, 1),
                "user_uuid": user.uuid if user else None,
            },
        )
        return response
