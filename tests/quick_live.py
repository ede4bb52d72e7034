"""The API with looks that come sooner, so that a test need not wait for a minute: `tests.quick_live:app()`."""

from __future__ import annotations

from flask import Flask

from backend_flask import worker
from backend_flask.app import from_environment
from backend_flask.services import live, live_stream

LOOK_SECONDS = 1.0
TAKE_SECONDS = 1.0


def app() -> Flask:
    live_stream.LOOK_SECONDS = LOOK_SECONDS
    live_stream.HEARTBEAT_SECONDS = 0.5
    live_stream.RETRY_LOOK_SECONDS = 0.5
    live.SPREAD_SECONDS = 0.2
    worker.TAKE_SECONDS = TAKE_SECONDS
    return from_environment()
