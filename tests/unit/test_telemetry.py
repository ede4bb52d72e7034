"""OpenTelemetry costs nothing where it is off, and says so where it is on and not installed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from backend_flask import telemetry
from backend_flask.settings import load
from tests.collector import Collector, collecting

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "CONNECTION_URL": "postgresql://nobody@127.0.0.1:9/none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_COGNITO_USER_POOL_ID": "us-east-1_POOL",
    "AWS_COGNITO_USER_POOL_CLIENT_ID": "CLIENT",
    "FRONTEND_URL": "http://localhost:3000",
    "BACKEND_URL": "http://localhost:4567",
}
SERVE = "from backend_flask.app import from_environment; from_environment()"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
ON = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


def python(code: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": "/bin", **SETTINGS, **changes}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as made:
        yield made


ONE_REQUEST = f"""
from flask import Flask
from backend_flask import logs, settings, telemetry
app = Flask("watched", static_folder=None)
logs.log_requests(app, telemetry.start(app, settings.load()))
app.test_client().get("/nowhere", headers={{"traceparent": "00-{TRACE}-00f067aa0ba902b7-01"}})
"""


@pytest.mark.parametrize(
    ("named", "is_called"), [({}, b"cruddur-messaging-api"), ({"OTEL_SERVICE_NAME": "x-api"}, b"x-api")]
)
def test_on_it_sends_to_the_collector_before_the_process_ends(
    collector: Collector, named: dict[str, str], is_called: bytes
) -> None:
    done = python(ONE_REQUEST, OTEL_EXPORTER_OTLP_ENDPOINT=collector.address + "/", **named)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(collector.got) == ["/v1/metrics", "/v1/traces"]
    (traces,), (metrics,) = collector.got["/v1/traces"], collector.got["/v1/metrics"]
    assert bytes.fromhex(TRACE) in traces
    assert b"cruddur.ddb_calls" in metrics
    assert is_called in traces
    assert is_called in metrics


def test_a_collector_that_is_away_disturbs_nobody() -> None:
    done = python(ONE_REQUEST + "print('answered')", **ON, OTEL_EXPORTER_OTLP_TIMEOUT="1")
    assert (done.stdout, done.returncode) == ("answered\n", 0)


def test_off_is_the_default_and_hooks_into_nothing() -> None:
    app = Flask("quiet", static_folder=None)
    wsgi = app.wsgi_app
    assert telemetry.start(app, load(SETTINGS)) is telemetry.NO_TELEMETRY
    assert app.wsgi_app == wsgi
    assert not app.before_request_funcs


def test_off_imports_nothing_of_it() -> None:
    done = python(
        f"import sys; {SERVE};"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'backend_flask.spans'))])"
    )
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


@pytest.mark.parametrize("missing", ["opentelemetry", "opentelemetry.instrumentation.psycopg"])
def test_on_without_the_packages_ends_with_one_line(missing: str) -> None:
    done = python(f"import sys; sys.modules[{missing!r}] = None; {SERVE}", **ON)
    assert done.returncode == 1
    assert done.stderr.startswith("settings: OTEL_EXPORTER_OTLP_ENDPOINT is set, and there is no opentelemetry")
    assert "requirements-otel.txt" in done.stderr
    assert len(done.stderr.splitlines()) == 1
