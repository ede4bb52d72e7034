"""What a script acts on: this machine's engines, or production when the word `prod` was given."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.script import ROOT, ScriptError

from dotenv import dotenv_values

from backend_flask import settings as declared
from backend_flask.clients import client_of, database_of
from backend_flask.lib.db import Database
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.settings import Settings

DOT_ENV = ROOT / ".env"
# A running bin/dev keeps its settings there.
STACK_ENV = ROOT / ".dev" / "stack.env"
# Other files instead of these two, the strongest first, separated like the folders of PATH. Empty means none.
FILES = "CRUDDUR_ENV_FILES"
_IAM = ("connection_url", "aws_default_region")


@dataclass(frozen=True)
class Source:
    """Where a setting's value came from: the environment, or a file."""

    name: str
    values: dict[str, str]


def sources(*, prod: bool) -> list[Source]:
    """The places that are searched for settings, the strongest first.

    A running bin/dev is the strongest: its settings are in force, whatever AWS variables a shell exports.
    """
    environment = Source("environment", dict(os.environ))
    chosen = os.environ.get(FILES)
    if chosen is not None:
        return [*(_from_file(Path(name)) for name in chosen.split(os.pathsep) if name), environment]
    weaker = [environment, _from_file(DOT_ENV)]
    return weaker if prod else [_from_file(STACK_ENV), *weaker]


def environ(*, prod: bool) -> dict[str, str]:
    merged: dict[str, str] = {}
    for source in reversed(sources(prod=prod)):
        if source.values.get("AWS_ACCESS_KEY_ID"):
            # A token belongs to the key that it came with.
            merged.pop("AWS_SESSION_TOKEN", None)
        merged |= {name: value for name, value in source.values.items() if value}
    if prod:
        merged = {name: value for name, value in merged.items() if not name.startswith("AWS_ENDPOINT_URL")}
        merged["CONNECTION_URL"] = merged.get("PROD_CONNECTION_URL", "")
        merged.pop("CRUDDUR_ENV", None)
        merged.pop("AWS_COGNITO_JWKS_URL", None)
    return merged


@dataclass(frozen=True)
class Target:
    prod: bool = False

    @property
    def name(self) -> str:
        return "production" if self.prod else "this machine"

    def settings(self, *needed: str) -> Settings:
        """The settings, of which the fields in `needed` must have a value."""
        if self.prod and "connection_url" in needed and not environ(prod=True)["CONNECTION_URL"]:
            raise ScriptError("PROD_CONNECTION_URL is missing. Set it in the environment or in .env")
        return declared.load(environ(prod=self.prod), needed)

    def client(self, service: str) -> Any:
        return client_of(self.settings("aws_default_region"), service)

    @cached_property
    def table(self) -> MessageTable:
        return self.table_named(self.settings("aws_default_region").ddb_message_table)

    def table_named(self, name: str, make_id: Callable[[], str] | None = None) -> MessageTable:
        return MessageTable(self.client("dynamodb"), name, make_id or Uuid7())

    def database(self) -> Database:
        """Use it with `with`."""
        # An address alone says where Postgres is; to sign in with AWS credentials takes a region too.
        settings = self.settings("connection_url")
        return database_of(settings if settings.db_sign_in == "password" else self.settings(*_IAM), pool_size=2)


def _from_file(path: Path) -> Source:
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)
    return Source(name, {key: value or "" for key, value in dotenv_values(path).items()} if path.exists() else {})
