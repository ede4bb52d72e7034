"""What the stack settles before it starts anything."""

from __future__ import annotations

import json
import socket
from dataclasses import fields, replace
from pathlib import Path

import pytest

from backend_flask import settings
from dev import cognito
from dev.processes import StackError, free_port
from dev.stack import Ports, Stack, option_of


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """One whose Cognito has run before."""
    stack = Stack(tmp_path, Ports(**{each.name: free_port() for each in fields(Ports)}))
    ids = cognito.ids_file(tmp_path / "cognito" / "users.json")
    ids.parent.mkdir()
    ids.write_text(json.dumps({"AWS_COGNITO_USER_POOL_ID": "us-east-1_p", "AWS_COGNITO_USER_POOL_CLIENT_ID": "c"}))
    return stack


def test_the_environment_is_all_that_the_api_needs(stack: Stack) -> None:
    loaded = settings.load(stack.environment())
    assert loaded.is_local
    assert loaded.port == stack.ports.api
    assert loaded.jwks_url.startswith(stack.cognito_url)


def test_the_shell_cannot_contradict_the_stack(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "PROD_CONNECTION_URL"):
        monkeypatch.setenv(name, "somewhere else")
    monkeypatch.setenv("CONNECTION_URL", "postgresql://somewhere/else")
    given = stack.child_environment()
    assert "somewhere else" not in given.values()
    assert given["CONNECTION_URL"] == stack.environment()["CONNECTION_URL"]


def test_the_shell_can_switch_the_limits_off(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMITS", "off")
    assert settings.load(stack.child_environment()).rate_limits == "off"


def test_settings_for_other_shells_are_for_their_owner_only(stack: Stack) -> None:
    stack._write_environment()
    file = stack.folder / "stack.env"
    assert file.stat().st_mode & 0o777 == 0o600
    assert dict(line.split("=", 1) for line in file.read_text().splitlines()) == stack.environment()


@pytest.mark.parametrize("name", [each.name for each in fields(Ports)])
def test_a_port_in_use_is_named_with_who_wants_it_and_the_option(stack: Stack, name: str) -> None:
    port = getattr(stack.ports, name)
    with socket.create_server(("127.0.0.1", port)), pytest.raises(StackError) as raised:
        stack.start()
    assert str(raised.value) == f"port {port} is in use, and {name} wants it. Choose another with {option_of(name)}"
    assert stack.children == []


def test_two_parts_cannot_have_one_port(stack: Stack) -> None:
    stack.ports = replace(stack.ports, cognito=stack.ports.api)
    with pytest.raises(StackError, match="two of the ports are the same"):
        stack.start()


def test_an_engine_elsewhere_needs_no_port_here(stack: Stack) -> None:
    stack.ports = replace(stack.ports, dynamodb=stack.ports.api)
    stack.engine = "http://somewhere:8000"
    stack._check_ports()
    assert stack.environment()["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] == "http://somewhere:8000"


def test_a_reset_takes_nothing_that_is_not_the_stacks(stack: Stack) -> None:
    mine = stack.folder / "notes.txt"
    mine.touch()
    (stack.folder / "logs").mkdir()
    (stack.folder / "postgres").mkdir()
    stack._write_environment()

    for _ in range(2):
        stack.reset()

    assert list(stack.folder.iterdir()) == [mine]
