"""The search for secrets in logs finds them however they are spelled, so that finding none means something."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from tests.api import token_of
from tests.secrets import Secrets

TEXT = 'Bring the "hat" & caf\u00e9\n\U0001f3a9'
TOKEN = token_of("7a3c0e1e-0f9b-4b7e-8d6a-0c8f7b1d2e3f")


@pytest.fixture
def secrets() -> Secrets:
    made = Secrets()
    made.remember("the text", TEXT)
    made.remember("the key", "wJalr/K7MDENG+bPx")
    made.remember_token("the token", TOKEN)
    return made


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"before {TEXT} behind", ["the text"]),
        (json.dumps({"event": "sent", "message": TEXT}), ["the text"]),
        (repr({"message": TEXT}), ["the text"]),
        (f"GET /?message={quote_plus(TEXT)}", ["the text"]),
        ("key=wJalr/K7MDENG+bPx;", ["the key"]),
        ("GET /?key=wJalr%2FK7MDENG%2BbPx", ["the key"]),
        (f"Authorization: Bearer {TOKEN}", ["the token"]),
        (f"Authorization: Bearer {TOKEN[:200]}", ["the token"]),
        (f"signature {TOKEN.rsplit('.', 1)[1]}", ["the token"]),
        (f"{TOKEN} {TEXT}", ["the text", "the token"]),
        (f"a header alone: {TOKEN.split('.')[0]}", []),
        ("Bring the hat", []),
    ],
)
def test_a_secret_is_found_however_it_is_spelled(tmp_path: Path, secrets: Secrets, line: str, found: list[str]) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "api.log").write_text("nothing here\n")
    (tmp_path / "deep" / "er" / "old.log.1").write_bytes(b"\xff\xfe\n" + line.encode() + b"\n")
    assert secrets.found_in(tmp_path) == [f"{name} in deep/er/old.log.1" for name in found]


def test_what_is_found_is_named_and_not_shown(tmp_path: Path, secrets: Secrets) -> None:
    (tmp_path / "api.log").write_text(TEXT + TOKEN)
    assert not [line for line in secrets.found_in(tmp_path) if "hat" in line or TOKEN[40:50] in line]


def test_what_is_too_short_to_tell_is_not_searched_for(tmp_path: Path, secrets: Secrets) -> None:
    secrets.remember("short", "hi there"[:7])
    secrets.remember("no text", None)
    (tmp_path / "api.log").write_text("hi there None")
    assert secrets.found_in(tmp_path) == []


def test_a_search_that_could_find_nothing_is_an_error(tmp_path: Path, secrets: Secrets) -> None:
    with pytest.raises(ValueError, match="in 0 files"):
        secrets.found_in(tmp_path)
    (tmp_path / "empty.log").touch()
    with pytest.raises(ValueError, match="in 0 files"):
        secrets.found_in(tmp_path)
    (tmp_path / "api.log").write_text("a line")
    with pytest.raises(ValueError, match=r"^0 secrets"):
        Secrets().found_in(tmp_path)
