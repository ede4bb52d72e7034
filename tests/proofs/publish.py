"""Puts the figures of a run of the proofs into the docs, so that nobody has to type them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.proofs.catalogue import PROOFS
from tests.proofs.referee import Outcome

BEGIN, END = "<!-- figures: bin/prove --publish -->", "<!-- end of figures -->"
_SECTION = re.compile(f"{re.escape(BEGIN)}(.*){re.escape(END)}", re.DOTALL)
_ROW = re.compile(r"^\| .+ `bin/prove (\w+).*$", re.MULTILINE)
_HEAD = ["| what was tried to break | figures | when, and by which command |", "|---|---|---|"]


def summary(outcome: Outcome) -> str:
    """`1,200 schedules, 3 kills`, with the engine in front where there is more than one."""
    parts = []
    for engine, figures in sorted(outcome.figures.items(), reverse=True):
        listed = ", ".join(f"{_shown(value)} {name}" for name, value in figures.items())
        parts.append(listed if len(outcome.figures) == 1 else f"{engine}: {listed}")
    return "; ".join(parts)


def row(outcome: Outcome) -> str:
    luck = outcome.luck
    command = f"bin/prove {outcome.proof.name} --minutes {max(1, round(luck.seconds / 60))} --seed {luck.seed}"
    when = f"{datetime.now(UTC).date()}, {os.cpu_count()} cores"
    return f"| {outcome.proof.claim} | {summary(outcome)} | {when}: `{command}` |"


def publish(page: Path, outcomes: Sequence[Outcome]) -> None:
    """Replaces the rows of these proofs in the table between BEGIN and END; the rows of others stay."""
    text = page.read_text(encoding="utf-8")
    section = _SECTION.search(text)
    assert section, f"{page} has no place for figures"
    rows = {found.group(1): found.group(0) for found in _ROW.finditer(section.group(1))}
    rows |= {outcome.proof.name: row(outcome) for outcome in outcomes}
    listed = [rows[proof.name] for proof in PROOFS if proof.name in rows]
    written = "\n".join([BEGIN, *_HEAD, *listed, END])
    page.write_text(_SECTION.sub(lambda _: written, text), encoding="utf-8")


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if isinstance(value, float) else str(value)
