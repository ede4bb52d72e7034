from __future__ import annotations

import io
from pathlib import Path

from dotenv import dotenv_values

from backend_flask.settings import Settings, is_required
from cli.env_example import render

FIELDS = Settings.__dataclass_fields__


def test_the_file_says_what_the_settings_are(root: Path) -> None:
    assert (root / ".env.example").read_text() == render(), (
        "bring it up to date: python -m cli.env_example > .env.example"
    )


def test_every_setting_is_listed_once() -> None:
    names = [line.lstrip("#").partition("=")[0] for line in render().splitlines() if "=" in line and "# " not in line]
    assert names == [name.upper() for name in FIELDS]


def test_copied_as_it_is_it_sets_nothing() -> None:
    values = dotenv_values(stream=io.StringIO(render()))
    assert set(values) == {name.upper() for name, field in FIELDS.items() if is_required(field)}
    assert not any(values.values())


def test_with_the_optional_ones_put_in_force_it_gives_the_defaults() -> None:
    values = dotenv_values(stream=io.StringIO(render().replace("\n#", "\n").replace("\n ", "\n# ")))
    optional = {name: field.default for name, field in FIELDS.items() if not is_required(field)}
    assert {name: values[name.upper()] for name in optional} == {name: str(value) for name, value in optional.items()}
