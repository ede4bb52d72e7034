"""What scripts print: aligned columns, and a progress bar for what takes longer than two seconds."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def columns(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A readable table: one line a row, as wide as its widest cell."""
    cells = [list(header), *([_one_line(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join(lines)


def progress(items: Iterable[T], unit: str, total: int | None = None) -> Iterable[T]:
    """The same items, with a bar on stderr once two seconds have passed, if a person is looking."""
    return tqdm(items, total=total, unit=f" {unit}", delay=2, file=sys.stderr, dynamic_ncols=True, disable=None)


def safe(text: str) -> str:
    """On one line, and without what would steer the terminal that shows it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in " ".join(text.split()))


def _one_line(cell: object) -> str:
    return "" if cell is None else safe(str(cell))
