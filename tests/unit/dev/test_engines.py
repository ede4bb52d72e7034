"""What the engines say and do before they start."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dev import dynamodb, postgres
from dev.processes import StackError, free_port


@pytest.mark.parametrize("engine", ["moto", "", "localhost:8000", "ftp://localhost"])
def test_an_engine_that_there_is_not_is_refused(engine: str) -> None:
    with pytest.raises(StackError, match="is no DynamoDB engine: extenddb, dynoxide, or an address like"):
        dynamodb.check(engine)


@pytest.mark.parametrize(
    "address",
    ["http://", "http:///x", f"http://127.0.0.1:{free_port()}"],
    ids=["no host", "no host but a path", "nobody"],
)
def test_an_address_must_answer(address: str) -> None:
    with pytest.raises(StackError, match="does not answer"):
        dynamodb.check(address)


def test_a_machine_without_a_package_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    with pytest.raises(StackError, match=r"@extenddb/darwin-arm64 there, or set DDB_ENGINE to the address"):
        dynamodb.check("extenddb")


def test_a_checkout_that_is_not_set_up_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(dynamodb, "_PACKAGES", tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(StackError, match="Run bin/setup"):
        dynamodb.check("dynoxide")


@pytest.mark.parametrize(
    ("pid", "is_kept"), [(os.getpid(), False), (2**22 + 1, True), ("", True)], ids=["somebody", "nobody", "none"]
)
def test_postgres_forgets_a_dead_server_whose_number_somebody_else_has(
    tmp_path: Path, pid: object, is_kept: bool
) -> None:
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{pid}\n{tmp_path}\n")
    postgres._forget_dead_server(tmp_path)
    assert lock.exists() == is_kept


def test_a_folder_that_others_cannot_enter_closes_all_below_it(tmp_path: Path) -> None:
    below = tmp_path / "closed" / "below"
    below.mkdir(parents=True)
    below.parent.chmod(0o700)
    assert not postgres._others_reach(below)
    assert postgres._others_reach(Path("/"))


def test_a_shelter_is_made_once_for_each_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SHELTERS", tmp_path)
    one, other = (postgres._shelter(tmp_path / name / "postgres") for name in ("one", "other"))
    assert one != other
    assert one == postgres._shelter(tmp_path / "one" / "postgres")
    assert one.stat().st_mode & 0o022 == 0


def test_a_shelter_that_others_can_write_to_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SHELTERS", tmp_path)
    postgres._shelter(tmp_path / "postgres").chmod(0o777)
    with pytest.raises(StackError, match="is not ours"):
        postgres._shelter(tmp_path / "postgres")


def test_a_link_in_the_place_of_a_shelter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SHELTERS", tmp_path)
    (tmp_path / "elsewhere").mkdir()
    postgres._shelter_of(tmp_path / "postgres").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StackError, match="is not ours"):
        postgres._shelter(tmp_path / "postgres")
