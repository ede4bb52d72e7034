import json
from pathlib import Path
from typing import Any

from cli.script import ROOT, ScriptError

import pytest

from backend_flask.services.messaging import MESSAGE
from cli import conversation

NOW = 1_795_262_400_000
LINE = {"from": "handle", "minutes_later": 1, "message": "hello"}


def file_with(folder: Path, data: Any) -> Path:
    path = folder / "conversation.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_the_seeded_conversation_has_some_sixty_messages_of_both_people() -> None:
    played = conversation.read()
    lines = list(played.ending_at(NOW))
    assert 50 <= len(lines) == played.length <= 80
    assert {line.sender for line in lines} == {"handle", "with"}
    assert played.handle != played.other


def test_the_seeded_messages_keep_the_rules_of_the_api() -> None:
    problems: list[str] = []
    for line in conversation.read().ending_at(NOW):
        sent = MESSAGE.read(line.message, problems)
        assert sent == line.message
    assert problems == []


def test_the_seeded_conversation_ends_now_and_never_lies_in_the_future() -> None:
    instants = [line.at_ms for line in conversation.read().ending_at(NOW)]
    assert instants == sorted(instants)
    assert instants[-1] == NOW


def test_the_handles_of_the_conversation_are_those_of_seeded_users() -> None:
    people = json.loads((ROOT / "db" / "seed" / "users.json").read_text())
    played = conversation.read()
    assert {played.handle, played.other} <= {person["handle"] for person in people}


def test_messages_for_load_are_spread_up_to_now() -> None:
    played = conversation.read()
    lines = list(played.repeated(1_000, NOW - 86_400_000, NOW))
    assert len(lines) == 1_000
    assert [line.at_ms for line in lines] == sorted(line.at_ms for line in lines)
    assert lines[0].at_ms > NOW - 86_400_000
    assert lines[-1].at_ms == NOW


@pytest.mark.parametrize(
    "data",
    [
        "",
        "not json",
        "null",
        "[]",
        "5",
        {},
        {"handle": "a", "with": "b"},
        {"handle": "a", "with": "b", "messages": []},
        {"handle": "a", "with": "b", "messages": 5},
        {"handle": "a", "with": "b", "messages": [5]},
        {"handle": "a", "with": "b", "messages": "text"},
        {"handle": "a", "with": "b", "messages": {"from": "handle"}},
        {"with": "b", "messages": [LINE]},
        {"handle": 5, "with": "b", "messages": [LINE]},
        {"handle": "a", "with": None, "messages": [LINE]},
        *(
            {"handle": "a", "with": "b", "messages": [LINE, LINE | change]}
            for change in (
                {"from": "somebody"},
                {"from": None},
                {"from": ["handle"]},
                {"minutes_later": -1},
                {"minutes_later": "1"},
                {"minutes_later": 1.5},
                {"minutes_later": None},
                {"message": ""},
                {"message": "  "},
                {"message": 5},
                {"message": None},
            )
        ),
    ],
    ids=repr,
)
def test_a_file_that_is_no_conversation_is_refused(data: Any, tmp_path: Path) -> None:
    with pytest.raises(ScriptError):
        conversation.read(file_with(tmp_path, data))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "conversation.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScriptError):
        conversation.read(path)


def test_a_file_that_is_not_there_is_an_os_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nothing\.json"):
        conversation.read(tmp_path / "nothing.json")
