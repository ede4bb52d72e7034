"""What the trigger and the scripts around it have in common."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cli.script import ROOT, ScriptError

from backend_flask import settings as declared
from backend_flask.settings import Settings
from cli import target
from dev.trigger.invoke import MESSAGING_STREAM, Handler, HandlerNotFound, find_handler

STATE_DIR = ROOT / ".dev" / "trigger"


def add_state_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state-dir", type=Path, default=STATE_DIR, metavar="FOLDER", help="where the trigger keeps its files"
    )


def add_handler(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--handler", default=MESSAGING_STREAM, metavar="MODULE:FUNCTION", help="the function (default: %(default)s)"
    )


def settings_for_functions() -> Settings:
    """The settings of this machine. They also go into the environment, where a function looks for them."""
    environ = target.environ(prod=False)
    settings = declared.load(environ, ["aws_default_region"])
    if "AWS_SESSION_TOKEN" not in environ:
        os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ.update(environ | {"DDB_MESSAGE_TABLE": settings.ddb_message_table})
    return settings


def handler_named(name: str) -> Handler:
    try:
        return find_handler(name)
    except HandlerNotFound as error:
        raise ScriptError(str(error)) from error
