"""Each task on AWS makes the database ready before it serves: any number of them, of versions old and new."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from cli import migrations
from cli.release import release

SQL = Path(__file__).resolve().parents[3] / "db" / "sql"


def test_an_empty_database_gets_its_schema_and_the_role_of_the_api(empty_database_url: str) -> None:
    said = release(empty_database_url)
    assert said[0] == "applied schema.sql"
    assert said[-1] == "cruddur_api may use it"
    with psycopg.connect(make_conninfo(empty_database_url, user="cruddur_api")) as connection:
        assert connection.execute("SELECT count(*) FROM users").fetchone() == (0,)


def test_tasks_that_start_together_take_turns(empty_database_url: str) -> None:
    failed: list[Exception] = []

    def start() -> None:
        try:
            release(empty_database_url)
        except (psycopg.Error, migrations.SchemaError) as error:
            failed.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert migrations.pending(empty_database_url) == []


def test_the_version_before_starts_on_a_newer_database(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('9999_of_tomorrow.sql', 'x')")
    assert release(database_url)[0] == "the database is newer than this code, so nothing was applied"


def test_a_migration_that_fails_stops_the_task(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE schema_migrations SET checksum = 'x' WHERE name = 'schema.sql'")
    with pytest.raises(migrations.SchemaError, match="has changed"):
        release(database_url)


@pytest.mark.parametrize(
    "statement",
    ["DROP TABLE users", "TRUNCATE users", "CREATE TABLE x ()", "UPDATE schema_migrations SET checksum = ''"],
)
def test_the_api_may_change_no_table(database_url: str, statement: str) -> None:
    release(database_url)
    with (
        psycopg.connect(make_conninfo(database_url, user="cruddur_api")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_the_role_may_do_what_the_queries_do_and_nothing_else() -> None:
    asked = {
        verb
        for path in SQL.rglob("*.sql")
        for verb in re.findall(r"\b(SELECT|INSERT|UPDATE|DELETE|TRUNCATE)\b", path.read_text())
    }
    [granted] = re.findall(r"GRANT ([A-Z, ]+) ON ALL TABLES", (SQL.parent / "roles.sql").read_text())
    assert asked == set(granted.split(", "))
