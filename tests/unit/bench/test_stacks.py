"""Whose time a sample is."""

import pytest

from bench.stacks import part_of, profile_of, text_of

ROUTE = ["Worker.handle_request (backend_flask/worker.py:39)", "list_messages (backend_flask/routes/messages.py:25)"]


@pytest.mark.parametrize(
    ("inner", "part"),
    [
        ([], "our code"),
        (["strftime (datetime.py:1)"], "our code"),
        (["jsonify (flask/json/__init__.py:170)", "FastJson.response (backend_flask/fast_json.py:24)"], "JSON"),
        (["_take (backend_flask/lib/plain_answers.py:36)"], "JSON"),
        (["jsonify (flask/json/__init__.py:170)", "dumps (json/__init__.py:238)"], "JSON"),
        (["Client._api_call (botocore/client.py:606)", "dumps (json/__init__.py:238)"], "boto3"),
        (["urlopen (urllib3/connectionpool.py:793)", "send (gevent/_socketcommon.py:716)"], "boto3"),
        (["verify (jose/jws.py:5)", "loads (json/__init__.py:1)"], "token"),
        (["end (backend_flask/logs.py:47)", "dumps (json/__init__.py:238)"], "log line"),
        (["execute (psycopg/cursor.py:97)"], "Postgres"),
        (["wsgi_app (flask/app.py:1511)"], "Flask"),
    ],
)
def test_the_innermost_part_that_is_known_decides(inner: list[str], part: str) -> None:
    assert part_of(ROUTE + inner) == part


def test_what_nobody_is_known_to_have_asked_for_is_the_servers_or_others() -> None:
    assert part_of(["Worker.handle_request (backend_flask/worker.py:39)", "recv (socket.py:1)"]) == "server"
    assert part_of(["bootstrap (threading.py:1)"]) == "other"


def test_a_worker_that_serves_nobody_does_not_count() -> None:
    profile = profile_of(
        f"{';'.join(ROUTE)} 3\n"
        "GeventWorker.run (gunicorn/workers/ggevent.py:90);sleep (gevent/hub.py:1) 50\n"
        "run (threading.py:1);MessageTable._count_unread (backend_flask/lib/ddb.py:9);send (botocore/endpoint.py:1) 1\n"
    )
    assert profile.samples == 4
    assert profile.share("our code") == 0.75
    assert profile.share("boto3") == 0.25


def test_the_text_names_parts_and_functions_without_their_lines() -> None:
    text = text_of("A first page", profile_of(f"{';'.join(ROUTE)} 3\n"), requests_a_second=12)
    assert "100.0%  our code" in text
    assert "100.0%  list_messages (backend_flask/routes/messages.py)" in text
