"""What docs/api.md promises, read from its tables."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"


def rows_of(text: str, header: str) -> list[list[str]]:
    """The cells of the table that begins with this header line."""
    lines = text[text.index(header) :].splitlines()
    table = lines[2 : next(number for number, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table]


def codes_by_status() -> dict[int, set[str]]:
    """Every code that an answer with this status may carry."""
    page = PAGE.read_text(encoding="utf-8")
    codes: dict[int, set[str]] = {422: set()}
    for listed, _ in rows_of(page, "| code | broken rule |"):
        codes[422] |= set(listed.split(", "))
    for status, listed, _ in rows_of(page, "| status | code | what to do |"):
        codes.setdefault(int(status), set()).update(listed.split(", "))
    return codes
