"""Puts the figures of a run of the proofs into the docs, so that nobody has to type them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.proofs.referee import Outcome

BEGIN, END = "<!-- figures: bin/prove --publish -->", "<!-- end of figures -->"
_SECTION = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)


def summary(outcome: Outcome) -> str:
    """`1,200 schedules, 3 kills`, with the engine in front where there is more than one."""
    parts = []
    for engine, figures in sorted(outcome.figures.items(), reverse=True):
        listed = ", ".join(f"{_shown(value)} {name}" for name, value in figures.items())
        parts.append(listed if len(outcome.figures) == 1 else f"{engine}: {listed}")
    return "; ".join(parts)


def table(outcomes: Sequence[Outcome]) -> str:
    rows = [
        f"| {outcome.proof.claim} | {summary(outcome)} | `bin/prove {outcome.proof.name}` |" for outcome in outcomes
    ]
    return "\n".join(["| what was tried to break | figures | command |", "|---|---|---|", *rows])


def publish(page: Path, outcomes: Sequence[Outcome], seed: int, minutes: int) -> None:
    """Replaces what stands between BEGIN and END."""
    text = page.read_text(encoding="utf-8")
    when = datetime.now(UTC).date()
    how = f"`bin/prove --minutes {minutes} --seed {seed}` on {when}, on {os.cpu_count()} cores:"
    section = f"{BEGIN}\n{how}\n\n{table(outcomes)}\n{END}"
    page.write_text(_SECTION.sub(lambda _: section, text), encoding="utf-8")


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3g}" if isinstance(value, float) else str(value)
