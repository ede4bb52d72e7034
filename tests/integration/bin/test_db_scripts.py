"""bin/db, as a person types it, on a real Postgres."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.script import ROOT

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from cli import migrations, postgres

Script = Callable[..., "subprocess.CompletedProcess[str]"]
DATABASE = "test-scripts"
SCRIPTS = sorted(
    path.relative_to(ROOT / "bin").as_posix()
    for path in [
        *(ROOT / "bin" / "db").iterdir(),
        *(ROOT / "bin" / "cognito").iterdir(),
        ROOT / "bin" / "bootstrap",
        ROOT / "bin" / "doctor",
    ]
)


@pytest.fixture
def address(postgres_url: str) -> Iterator[str]:
    """The address of a database that is not there yet."""
    parts = conninfo_to_dict(postgres_url)
    password = f":{parts['password']}" if parts.get("password") else ""
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(drop)
        yield f"postgresql://{parts['user']}{password}@{parts['host']}:{parts['port']}/{DATABASE}"
        server.execute(drop)


@pytest.fixture
def loaded(address: str) -> str:
    postgres.create(address)
    migrations.apply(address)
    return address


def handles(address: str) -> list[str]:
    with postgres.connect(address) as connection:
        return [row["handle"] for row in connection.execute("SELECT handle FROM users ORDER BY handle")]


def only_line(text: str) -> str:
    [line] = text.splitlines()
    return line


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_starts_with_what_the_script_is_for(started_script: Script, name: str) -> None:
    shown = started_script(name, "--help")
    assert shown.returncode == 0
    source = (ROOT / "bin" / name).read_text().splitlines()
    purpose = source[1].removeprefix('"""').removesuffix('"""').removeprefix("# ")
    assert purpose in " ".join(shown.stdout.split())


def test_setup_makes_a_whole_database_and_does_no_harm_again(script: Script, address: str) -> None:
    first = script("db/setup", CONNECTION_URL=address)
    assert first.returncode == 0, first.stderr
    seeded = handles(address)
    assert len(seeded) == 5
    with postgres.connect(address) as connection:
        connection.execute("UPDATE users SET display_name = 'Changed'")
    second = script("db/setup", CONNECTION_URL=address)
    assert (second.returncode, second.stderr) == (0, "")
    assert "there already" in second.stdout
    with postgres.connect(address) as connection:
        assert [row["display_name"] for row in connection.execute("SELECT display_name FROM users")] == ["Changed"] * 5


def test_setup_on_prod_acts_on_the_address_of_prod(script: Script, address: str) -> None:
    done = script("db/setup", "prod", PROD_CONNECTION_URL=address, CONNECTION_URL="postgresql://127.0.0.1:1/nowhere")
    assert done.returncode == 0, done.stderr
    assert len(handles(address)) == 5


def test_setup_stops_at_the_first_failure(script: Script, closed_port: int) -> None:
    failed = script("db/setup", CONNECTION_URL=f"postgresql://127.0.0.1:{closed_port}/cruddur")
    assert failed.returncode != 0
    assert only_line(failed.stderr).startswith("create: Postgres does not answer")
    assert failed.stdout == ""


@pytest.mark.parametrize(
    "name", ["create", "drop", "schema-load", "migrate", "seed", "sessions", "update_cognito_user_ids"]
)
@pytest.mark.parametrize(
    ("setting", "says"),
    [("postgresql://127.0.0.1:{port}/cruddur", "Postgres does not answer"), ("no address", "cannot be read")],
)
def test_a_script_that_cannot_reach_postgres_says_so_in_one_line(
    script: Script, closed_port: int, name: str, setting: str, says: str
) -> None:
    failed = script(
        f"db/{name}", CONNECTION_URL=setting.format(port=closed_port), AWS_COGNITO_USER_POOL_ID="us-east-1_a"
    )
    assert failed.returncode == 1
    assert says in only_line(failed.stderr)
    assert failed.stdout == ""


def test_seed_before_the_schema_or_the_database_says_what_to_run(script: Script, address: str) -> None:
    assert "bin/db/setup" in only_line(script("db/seed", CONNECTION_URL=address).stderr)
    postgres.create(address)
    assert "bin/db/schema-load" in only_line(script("db/seed", CONNECTION_URL=address).stderr)


def test_migrate_shows_what_is_pending_and_applies_it_once(script: Script, address: str) -> None:
    postgres.create(address)
    assert script("db/migrate", "--pending", CONNECTION_URL=address).stdout.startswith("pending schema.sql")
    assert script("db/migrate", CONNECTION_URL=address).stdout.startswith("applied schema.sql")
    assert script("db/migrate", CONNECTION_URL=address).stdout == "nothing to apply\n"


def test_drop_here_asks_nothing_and_is_content_with_no_database(script: Script, loaded: str) -> None:
    with postgres.connect(loaded):
        assert script("db/drop", CONNECTION_URL=loaded).stdout.startswith(f"dropped the database {DATABASE}\n")
    assert script("db/drop", CONNECTION_URL=loaded).stdout == f"there is no database {DATABASE}\n"


@pytest.mark.parametrize("typed", ["", "yes\n", f"{DATABASE}x\n"])
def test_drop_on_prod_drops_nothing_unless_the_name_is_typed(script: Script, loaded: str, typed: str) -> None:
    refused = script("db/drop", "prod", stdin=typed, PROD_CONNECTION_URL=loaded)
    assert refused.returncode == 1
    assert "nothing was changed" in refused.stderr
    assert handles(loaded) == []


def test_drop_on_prod_drops_when_the_name_is_typed(script: Script, loaded: str) -> None:
    done = script("db/drop", "prod", stdin=f"{DATABASE}\n", PROD_CONNECTION_URL=loaded)
    assert done.returncode == 0
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        postgres.connect(loaded)


def test_connect_runs_sql_and_stops_at_the_first_error(script: Script, loaded: str) -> None:
    assert "42" in script("db/connect", "--command", "SELECT 42", CONNECTION_URL=loaded).stdout
    stopped = script("db/connect", stdin="SELECT 1/0;\nSELECT 'went on';\n", CONNECTION_URL=loaded)
    assert stopped.returncode == 3
    assert "went on" not in stopped.stdout


def test_connect_shows_no_password_to_the_other_users_of_the_machine() -> None:
    shown, password = postgres.without_password("postgresql://londo:secret@127.0.0.1:1/cruddur?sslmode=prefer")
    assert "secret" not in shown
    assert password == "secret"
    assert conninfo_to_dict(shown) == {
        "user": "londo",
        "host": "127.0.0.1",
        "port": "1",
        "dbname": "cruddur",
        "sslmode": "prefer",
    }


def test_sessions_show_who_is_connected(script: Script, loaded: str) -> None:
    with psycopg.connect(loaded, application_name="a-visitor"):
        shown = script("db/sessions", CONNECTION_URL=loaded).stdout
    assert "a-visitor" in shown
    assert "idle" in shown


def test_bootstrap_stops_at_the_first_failure(script: Script, closed_port: int) -> None:
    failed = script("bootstrap", CONNECTION_URL=f"postgresql://127.0.0.1:{closed_port}/cruddur")
    assert failed.returncode == 1
    assert failed.stdout == "== bin/db/setup\n"
    assert only_line(failed.stderr).startswith("create: ")


def test_psql_is_that_of_the_machine_or_of_the_embedded_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert os.access(postgres.psql(), os.X_OK)
