import json
import logging
from collections.abc import Iterator
from contextvars import copy_context
from types import SimpleNamespace

import pytest
from flask import Flask, Response, abort, g

from backend_flask import logs
from backend_flask.lib import metering
from backend_flask.routes import errors


@pytest.fixture(autouse=True)
def the_same_logging_afterwards() -> Iterator[None]:
    root = logging.getLogger()
    loggers = [root, *(logging.getLogger(name) for name in ("backend_flask", "lambdas", "dev"))]
    levels, handlers = [logger.level for logger in loggers], root.handlers[:]
    yield
    root.handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__, static_folder=None)
    errors.register(app)
    logs.log_requests(app)

    @app.route("/things/<thing>", methods=["GET", "POST"])
    def view(thing: str) -> str:
        g.user = SimpleNamespace(uuid="u1")
        return "1" if thing != "broken" else str(1 // 0)

    @app.get("/refused")
    def refused() -> Response:
        abort(404)

    return app


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    seen = capsys.readouterr()
    assert seen.out == ""
    return [json.loads(line) for line in seen.err.splitlines()]


def test_a_line_is_one_json_object_with_its_extra_fields(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logging.getLogger("backend_flask.x").info("sent", extra={"count": 2, "text": "two\nlines \ud800", "obj": {1}})
    (line,) = lines(capsys)
    assert line.pop("at")
    assert line == {"level": "info", "event": "sent", "count": 2, "text": "two\nlines \ud800", "obj": "{1}"}


def test_the_time_is_utc_with_milliseconds() -> None:
    record = logging.makeLogRecord({"created": 1_700_000_000.1239, "msg": "x"})
    assert json.loads(logs.JsonFormatter().format(record))["at"] == "2023-11-14T22:13:20.123+00:00"


def test_the_level_is_for_our_own_words_and_libraries_only_warn(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("debug")
    logging.getLogger("backend_flask.x").debug("ours")
    logging.getLogger("botocore").info("theirs")
    logging.getLogger("botocore").warning("their warning")
    assert [line["event"] for line in lines(capsys)] == ["ours", "their warning"]


def test_configuring_twice_does_not_say_all_twice(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    logs.configure("info")
    logging.getLogger("backend_flask").info("once")
    assert len(lines(capsys)) == 1


def test_a_request_is_one_line_with_its_route_and_without_its_ids(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")
    app.test_client().post(
        "/things/secret-id?q=secret-query", json={"a": "secret-body"}, headers={"Authorization": "Bearer secret-token"}
    )
    (line,) = lines(capsys)
    milliseconds = line.pop("ms")
    assert isinstance(milliseconds, float)
    assert 0 <= milliseconds < 5000
    assert line.pop("at")
    assert line.pop("trace_id")
    assert line == {
        "level": "info", "event": "request", "method": "POST", "route": "/things/<thing>", "status": 200,
        "user_uuid": "u1", "ddb_calls": 0, "ddb_retries": 0, "ddb_read_units": 0, "ddb_write_units": 0,
        "sql_queries": 0, "sql_wait_ms": 0.0,
    }  # fmt: skip


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("traceparent", "is_taken"), [(f"00-{TRACE}-00f067aa0ba902b7-01", True), (f"00-{TRACE}-nonsense", False)]
)
def test_every_line_of_a_request_has_its_trace(
    app: Flask, capsys: pytest.CaptureFixture[str], traceparent: str, is_taken: bool
) -> None:
    logs.configure("info")
    app.test_client().get("/things/broken", headers={"traceparent": traceparent})
    logging.getLogger("backend_flask").info("afterwards")
    error, request, afterwards = lines(capsys)
    assert (error["event"], request["event"]) == ("unexpected_error", "request")
    assert error["trace_id"] == request["trace_id"]
    assert (request["trace_id"] == TRACE) is is_taken
    assert "trace_id" not in afterwards


def test_one_request_never_counts_what_another_asks(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")

    @app.get("/asks")
    def asks() -> str:
        metering.count_query("users/short")
        metering.count_wait(0.0126)
        return ""

    for path in ("/asks", "/refused", "/asks"):
        app.test_client().get(path)
    metering.count_query("of nobody")
    assert [(line["sql_queries"], line["sql_wait_ms"]) for line in lines(capsys)] == [(1, 12.6), (0, 0.0), (1, 12.6)]


def test_a_stream_is_one_line_when_it_ends_with_its_events_and_its_trace(
    app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")

    @app.get("/stream")
    def stream() -> Response:
        g.user = SimpleNamespace(uuid="u1")
        g.stream = SimpleNamespace(events=0)
        told, asking = g.stream, copy_context()

        def parts() -> Iterator[str]:
            for _ in range(3):
                asking.run(metering.count_query, "users/short")
                told.events += 1
                yield "x"

        return Response(parts())

    answer = app.test_client().get("/stream", headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    app.test_client().get("/refused")
    assert [line["route"] for line in lines(capsys)] == ["/refused"]
    assert answer.data == b"xxx"
    answer.close()
    (line,) = lines(capsys)
    assert (line["route"], line["user_uuid"], line["trace_id"]) == ("/stream", "u1", TRACE)
    assert (line["events"], line["sql_queries"]) == (3, 3)
    assert list(line).index("ms") < list(line).index("user_uuid")


def test_what_fails_is_a_request_too(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    client = app.test_client()
    for path in ("/nowhere/secret", "/refused", "/things/broken"):
        client.get(path)
    requests = [line for line in lines(capsys) if line["event"] == "request"]
    assert [(line["route"], line["status"]) for line in requests] == [
        ("unknown", 404), ("/refused", 404), ("/things/<thing>", 500),
    ]  # fmt: skip


def test_one_request_never_has_the_user_of_another(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    client = app.test_client()
    client.get("/things/a")
    client.get("/refused")
    assert [line["user_uuid"] for line in lines(capsys)] == ["u1", None]
