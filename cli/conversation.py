"""A seeded conversation: who says what and when, from a data file, ending now."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from cli.script import ROOT, ScriptError

DATA_FILE = ROOT / "db" / "seed" / "conversation.json"
_PEOPLE = ("handle", "with")


@dataclass(frozen=True)
class Line:
    """One message: `sender` is `handle` or `with`, the two people of the data file; `at_ms` since the epoch."""

    sender: str
    at_ms: int
    message: str


@dataclass(frozen=True)
class Conversation:
    handle: str
    other: str
    _lines: list[dict[str, Any]]

    @property
    def length(self) -> int:
        return len(self._lines)

    def ending_at(self, now_ms: int) -> Iterator[Line]:
        """The conversation with its own pauses; the last message is sent `now`."""
        at_ms = now_ms - 60_000 * sum(line["minutes_later"] for line in self._lines)
        for line in self._lines:
            at_ms += 60_000 * line["minutes_later"]
            yield Line(line["from"], at_ms, line["message"])

    def repeated(self, times: int, after_ms: int, now_ms: int) -> Iterator[Line]:
        """So many messages, again and again from the start, spread evenly from `after_ms` to `now_ms`."""
        for number, line in enumerate(islice(cycle(self._lines), times), start=1):
            yield Line(line["from"], after_ms + (now_ms - after_ms) * number // times, line["message"])


def read(path: Path = DATA_FILE) -> Conversation:
    """Raises ScriptError if the file is not a conversation."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        lines = data["messages"]
        if not lines or not all(_is_whole(line) for line in lines):
            raise ValueError("a message of it is not whole")
        return Conversation(data["handle"].strip(), data["with"].strip(), lines)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScriptError(f"{path} is no conversation: {error}") from None


def _is_whole(line: dict[str, Any]) -> bool:
    minutes = line["minutes_later"]
    return line["from"] in _PEOPLE and isinstance(minutes, int) and minutes >= 0 and bool(line["message"].strip())
