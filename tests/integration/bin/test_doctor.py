"""bin/doctor: each thing that can be wrong is one line that says what to do."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable, definition

Script = Callable[..., "subprocess.CompletedProcess[str]"]
Examine = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture
def examine(
    script: Script,
    pool: dict[str, str],
    cognito: Any,
    dynamodb_endpoint: str,
    message_table: MessageTable,
    database_url: str,
    tmp_path: Path,
) -> Examine:
    """Runs the doctor on real engines: each line's name, with `ok` or `WRONG` and the text."""
    key_set = f"{cognito.meta.endpoint_url}/{pool['AWS_COGNITO_USER_POOL_ID']}/.well-known/jwks.json"
    healthy = pool | {
        "AWS_COGNITO_JWKS_URL": key_set,
        "AWS_ENDPOINT_URL_DYNAMODB": dynamodb_endpoint,
        "DDB_MESSAGE_TABLE": message_table.name,
        "CONNECTION_URL": database_url,
        "FRONTEND_URL": "http://localhost:3000",
        "BACKEND_URL": "http://localhost:4567",
    }

    def run(**changes: str) -> dict[str, tuple[str, str]]:
        done = script("doctor", "--folder", str(tmp_path), **(healthy | changes))
        assert "Traceback" not in done.stderr
        found = {}
        for line in done.stdout.splitlines():
            verdict, _, rest = line.partition(" ")
            name, _, text = rest.strip().partition(": ")
            found[name] = (verdict, text)
        wrong = [name for name, (verdict, _) in found.items() if verdict == "WRONG"]
        assert done.returncode == int(bool(wrong))
        return found

    return run


def test_a_sound_system_without_a_trigger_lacks_only_that(examine: Examine) -> None:
    found = examine()
    assert [name for name, (verdict, _) in found.items() if verdict == "WRONG"] == ["trigger"]
    assert "Start it with bin/dev" in found["trigger"][1]


def test_settings_are_shown_with_where_they_come_from_and_without_secrets(examine: Examine, tmp_path: Path) -> None:
    file = tmp_path / "settings.env"
    file.write_text("LOG_LEVEL=warning\n")
    found = examine(CONNECTION_URL="postgresql://me:hush@127.0.0.1:1/x", CRUDDUR_ENV_FILES=str(file))
    assert found["CONNECTION_URL"] == ("ok", "postgresql://me:***@127.0.0.1:1/x (environment)")
    assert found["LOG_LEVEL"] == ("ok", f"warning ({file})")
    assert found["DDB_MESSAGE_TABLE"][1].endswith("(environment)")
    assert found["PORT"] == ("ok", "4567 (default)")
    assert "hush" not in str(found)


def test_a_missing_setting_is_named(examine: Examine) -> None:
    verdict, text = examine(FRONTEND_URL="")["FRONTEND_URL"]
    assert verdict == "WRONG"
    assert text.startswith("missing: ")


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("postgres", {"CONNECTION_URL": "postgresql://x@127.0.0.1:1/x"}, "Postgres does not answer"),
        ("table", {"DDB_MESSAGE_TABLE": "no-such-table"}, "Create it with bin/ddb/schema-load"),
        ("table", {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}, "does not answer"),
        ("key set", {"AWS_COGNITO_JWKS_URL": "http://127.0.0.1:1/"}, "Is AWS_COGNITO_USER_POOL_ID right"),
    ],
)
def test_what_does_not_answer_is_named(examine: Examine, name: str, changes: dict[str, str], says: str) -> None:
    verdict, text = examine(**changes)[name]
    assert verdict == "WRONG"
    assert says in text


def test_a_schema_that_is_not_loaded_is_named(examine: Examine, empty_database_url: str) -> None:
    verdict, text = examine(CONNECTION_URL=empty_database_url)["postgres"]
    files = "schema.sql, 0001_rate_limits.sql, 0002_user_search.sql"
    assert (verdict, text) == ("WRONG", f"not applied: {files}. Run bin/db/migrate")


def test_a_table_without_its_stream_is_named(examine: Examine, client: Any) -> None:
    other = {key: value for key, value in definition("test-no-stream").items() if key != "StreamSpecification"}
    client.create_table(**other)
    client.get_waiter("table_exists").wait(TableName="test-no-stream", WaiterConfig={"Delay": 1})
    verdict, text = examine(DDB_MESSAGE_TABLE="test-no-stream")["table"]
    client.delete_table(TableName="test-no-stream")
    assert verdict == "WRONG"
    assert "stream: defined NEW_IMAGE, found None" in text


def test_users_who_are_other_users_in_the_pool_are_named(
    examine: Examine, add_user: Callable[..., Any], add_pool_user: Callable[..., str]
) -> None:
    add_user("gkar", email="gkar@x.example", sub=add_pool_user("gkar"))
    assert examine()["users"] == ("ok", "each of 1 has a Cognito id of the pool")

    add_user("londo", email="londo@x.example", sub="somebody-who-was-deleted")
    add_pool_user("londo")
    add_user("vir", email="vir@x.example")

    verdict, text = examine()["users"]
    assert verdict == "WRONG"
    assert "@londo has a Cognito id that the pool does not know" in text
    assert "@vir has no Cognito id" in text
    assert "bin/db/update_cognito_user_ids" in text
