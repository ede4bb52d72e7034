"""Writes what .env.example says: every setting with its meaning and default.

`python -m cli.env_example > .env.example` brings the file up to date; a test holds the two equal.
"""

from __future__ import annotations

import sys
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from backend_flask.settings import Settings, is_required

HEAD = """\
# The settings, for a file .env beside this one; bin/ reads it, and the environment is stronger than the file.
# With bin/dev running none of them is needed. A setting without a value counts as not set.
"""


def render() -> str:
    return "\n".join([HEAD, *(_entry(setting) for setting in fields(Settings))])


def _entry(setting: Field[Any]) -> str:
    name, meaning = setting.name.upper(), setting.metadata["meaning"]
    secret = ". A secret" if setting.metadata["secret"] else ""
    if is_required(setting):
        return f"# Required: {meaning}{secret}.\n{name}=\n"
    return f"# Optional: {meaning}{secret}.\n#{name}={setting.default}\n"


if __name__ == "__main__":
    print(render(), end="")
