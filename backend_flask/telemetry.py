"""OpenTelemetry behind one setting. Where that is empty, nothing of it is imported, and nothing is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, Request

from backend_flask.lib import trace_context
from backend_flask.lib.trace_context import Trace
from backend_flask.settings import Settings, SettingsError


def _trace_of(request: Request) -> Trace:
    return trace_context.of(request.headers)


@dataclass(frozen=True)
class Telemetry:
    """`trace_of` says which trace a request belongs to, `measure` takes what its log line says."""

    trace_of: Callable[[Request], Trace] = _trace_of
    measure: Callable[[Mapping[str, Any]], None] = lambda _: None


NO_TELEMETRY = Telemetry()


def start(app: Flask, settings: Settings) -> Telemetry:
    """To be called before the app gets its own hooks, and before anything connects. Raises SettingsError."""
    if not settings.otel_exporter_otlp_endpoint:
        return NO_TELEMETRY
    try:
        from backend_flask import spans  # noqa: PLC0415  # only here: see above
    except ImportError as missing:
        raise SettingsError(
            f"settings: OTEL_EXPORTER_OTLP_ENDPOINT is set, and there is no {missing.name}: "
            "install requirements-otel.txt, or leave the setting empty"
        ) from None
    return spans.start(app, settings.otel_exporter_otlp_endpoint)
