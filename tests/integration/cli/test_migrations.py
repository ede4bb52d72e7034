"""The schema is loaded once, in order, whole files at a time, however many runners start together."""

from __future__ import annotations

import threading
from pathlib import Path

import psycopg
import pytest

from cli import migrations
from cli.migrations import SchemaError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A schema with one table and one migration."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "schema.sql").write_text("CREATE TABLE one (a integer);")
    (tmp_path / "migrations" / "0001_two.sql").write_text("CREATE TABLE two (a integer); INSERT INTO two VALUES (1);")
    return tmp_path


def rows(url: str, table: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(f"TABLE {table}".encode()).fetchall()


def test_a_second_run_changes_nothing(empty_database_url: str, folder: Path) -> None:
    assert migrations.pending(empty_database_url, folder) == ["schema.sql", "0001_two.sql"]
    assert migrations.apply(empty_database_url, folder) == ["schema.sql", "0001_two.sql"]
    assert migrations.apply(empty_database_url, folder) == []
    assert migrations.pending(empty_database_url, folder) == []
    assert rows(empty_database_url, "two") == [(1,)]


def test_only_what_is_new_is_applied(empty_database_url: str, folder: Path) -> None:
    migrations.apply(empty_database_url, folder)
    (folder / "migrations" / "0002_three.sql").write_text("CREATE TABLE three (a integer)")
    assert migrations.apply(empty_database_url, folder) == ["0002_three.sql"]


def test_of_four_racing_runners_one_does_each_step(empty_database_url: str, folder: Path) -> None:
    applied: list[str] = []
    threads = [
        threading.Thread(target=lambda: applied.extend(migrations.apply(empty_database_url, folder))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert applied == ["schema.sql", "0001_two.sql"]


def test_a_file_that_fails_leaves_nothing_of_itself_and_all_before_it(empty_database_url: str, folder: Path) -> None:
    broken = folder / "migrations" / "0002_broken.sql"
    broken.write_text("CREATE TABLE three (a integer); SELECT 1/0;")
    with pytest.raises(SchemaError, match=r"0002_broken\.sql failed and nothing of it was kept: division by zero"):
        migrations.apply(empty_database_url, folder)
    assert migrations.pending(empty_database_url, folder) == ["0002_broken.sql"]
    broken.write_text("CREATE TABLE three (a integer)")
    assert migrations.apply(empty_database_url, folder) == ["0002_broken.sql"]


def test_a_file_that_was_changed_after_it_was_applied_is_refused(empty_database_url: str, folder: Path) -> None:
    migrations.apply(empty_database_url, folder)
    (folder / "schema.sql").write_text("CREATE TABLE one (a text);")
    with pytest.raises(SchemaError, match=r"schema\.sql has changed"):
        migrations.apply(empty_database_url, folder)


def test_a_file_before_the_last_applied_one_is_refused(empty_database_url: str, folder: Path) -> None:
    migrations.apply(empty_database_url, folder)
    (folder / "migrations" / "0000_late.sql").write_text("CREATE TABLE late (a integer)")
    with pytest.raises(SchemaError, match=r"0000_late\.sql comes before"):
        migrations.apply(empty_database_url, folder)


def test_a_database_that_is_newer_than_the_code_is_refused(empty_database_url: str, folder: Path) -> None:
    migrations.apply(empty_database_url, folder)
    (folder / "migrations" / "0001_two.sql").unlink()
    with pytest.raises(SchemaError, match="newer than this code"):
        migrations.apply(empty_database_url, folder)


def test_a_file_without_a_number_is_refused(folder: Path) -> None:
    (folder / "migrations" / "later.sql").write_text("SELECT 1")
    with pytest.raises(SchemaError, match=r"later\.sql is no name"):
        migrations.steps(folder)
