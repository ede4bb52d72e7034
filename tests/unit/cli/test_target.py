from pathlib import Path
from typing import Any

from cli.script import ScriptError

import pytest

from backend_flask.settings import SettingsError
from cli import target
from cli.target import Target


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for .env and stack.env, and an environment without settings."""
    for name in ("CONNECTION_URL", "PROD_CONNECTION_URL", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "CRUDDUR_ENV"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ENDPOINT_URL_DYNAMODB", "DDB_MESSAGE_TABLE", "AWS_COGNITO_JWKS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv(target.FILES, raising=False)
    monkeypatch.setattr(target, "DOT_ENV", tmp_path / ".env")
    monkeypatch.setattr(target, "STACK_ENV", tmp_path / "stack.env")
    return tmp_path


def test_a_running_bin_dev_is_stronger_than_the_environment_and_that_is_stronger_than_env(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / ".env").write_text("DDB_MESSAGE_TABLE=of-env\nAWS_DEFAULT_REGION=of-env\nCONNECTION_URL=of-env\n")
    monkeypatch.setenv("DDB_MESSAGE_TABLE", "of-environment")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "of-environment")
    (files / "stack.env").write_text("DDB_MESSAGE_TABLE=of-dev\n")
    found = Target().settings()
    assert (found.ddb_message_table, found.aws_default_region, found.connection_url) == (
        "of-dev",
        "of-environment",
        "of-env",
    )


def test_temporary_credentials_of_a_shell_are_kept_whole_and_never_mixed_with_those_of_bin_dev(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "of-environment")
    assert Target().settings().aws_session_token == "of-environment"
    (files / "stack.env").write_text("AWS_ACCESS_KEY_ID=of-dev\nAWS_SECRET_ACCESS_KEY=of-dev\n")
    found = Target().settings()
    assert (found.aws_access_key_id, found.aws_session_token) == ("of-dev", "")


def test_an_empty_value_hides_nothing(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (files / "stack.env").write_text("DDB_MESSAGE_TABLE=of-dev\n")
    (files / ".env").write_text("DDB_MESSAGE_TABLE=\n")
    monkeypatch.setenv("DDB_MESSAGE_TABLE", "")
    assert Target().settings().ddb_message_table == "of-dev"


def test_production_never_sees_this_machine(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (files / "stack.env").write_text("CONNECTION_URL=of-dev\nAWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:1\n")
    (files / ".env").write_text("CRUDDUR_ENV=local\nAWS_ENDPOINT_URL=http://127.0.0.1:2\nCONNECTION_URL=of-env\n")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("PROD_CONNECTION_URL", "postgresql://production/cruddur")
    found = Target(prod=True).settings("connection_url")
    assert found.connection_url == "postgresql://production/cruddur"
    assert found.endpoint("dynamodb") is None
    assert not found.is_local


def test_production_without_an_address_is_refused_and_never_falls_back(files: Path) -> None:
    (files / ".env").write_text("CONNECTION_URL=postgresql://127.0.0.1/cruddur\n")
    with pytest.raises(ScriptError, match="PROD_CONNECTION_URL"):
        Target(prod=True).settings("connection_url")


def test_what_is_needed_and_missing_is_named() -> None:
    with pytest.raises(SettingsError, match="AWS_DEFAULT_REGION"):
        Target().settings("aws_default_region")


def test_production_talks_to_the_real_aws_whatever_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9")
    client: Any = Target(prod=True).client("dynamodb")
    assert client.meta.endpoint_url == "https://dynamodb.us-east-1.amazonaws.com"
