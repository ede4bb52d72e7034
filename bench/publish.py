"""Keeps the answers of a run, and writes the tables of bench/README.md from them."""

from __future__ import annotations

import json
import os
import platform
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.catalogue import QUESTIONS
from bench.charts import draw
from bench.figures import Answer, Figure

FOLDER = Path(__file__).resolve().parent
BEGIN, END = "<!-- figures: bin/bench --publish -->", "<!-- end of figures -->"
_SECTION = re.compile(f"{re.escape(BEGIN)}.*{re.escape(END)}", re.DOTALL)
_HEAD = ("| figure | this run | lowest to highest | the run before | goal |", "|---|---|---|---|---|")


def table(answer: Answer, *, judged: bool = True) -> list[str]:
    """The figures for a terminal, with their goals if they are to be `judged`."""
    width = max((len(figure.name) for figure in answer.figures), default=0)
    return [f"  {figure.name:<{width}}  {_line(figure, judged)}".rstrip() for figure in answer.figures]


def publish(answers: dict[str, Answer], folder: Path = FOLDER) -> None:
    """Replaces what these questions had for an answer; the answers of the others stay. `folder` is like bench/."""
    kept = folder / "results.json"
    results = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    for name, answer in answers.items():
        results[name] = _result(answer, results.get(name, {}))
        for curve in answer.curves:
            draw(curve, folder / "charts" / f"{curve.name}.svg")
        for file, text in answer.texts.items():
            (folder / "profiles").mkdir(exist_ok=True)
            (folder / "profiles" / file).write_text(text, encoding="utf-8")
    kept.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    page = folder / "README.md"
    text = page.read_text(encoding="utf-8")
    assert _SECTION.search(text), f"{page} has no place for figures"
    page.write_text(_SECTION.sub(lambda _: _sections(results), text), encoding="utf-8")


def _result(answer: Answer, before: dict[str, Any]) -> dict[str, Any]:
    """As it is kept, with the values of the run before."""
    return {
        "when": f"{datetime.now(UTC).date()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "before": {figure["name"]: figure["value"] for figure in before.get("figures", [])},
        "figures": [asdict(figure) | {"goal": str(figure.goal or "")} for figure in answer.figures],
        "curves": [{"name": curve.name, "title": curve.title} for curve in answer.curves],
    }


def _sections(results: dict[str, Any]) -> str:
    parts = [BEGIN]
    for question in QUESTIONS:
        if question.name in results:
            found = results[question.name]
            parts += ["", f"### {question.name}: {question.asks}", "", f"{found['when']}.", "", *_HEAD]
            parts += [_row(figure, found["before"].get(figure["name"])) for figure in found["figures"]]
            for curve in found["curves"]:
                parts += ["", f"![{curve['title']}](charts/{curve['name']}.svg)"]
    return "\n".join([*parts, "", END])


def _row(figure: dict[str, Any], before: float | None) -> str:
    name = f"{figure['name']} ({figure['beside']})" if figure["beside"] else figure["name"]
    value = f"{shown(figure['value'])} {figure['unit']}".strip()
    cells = [name, value, _spread(figure["lowest"], figure["highest"]), "" if before is None else shown(before)]
    return f"| {' | '.join([*cells, figure['goal']])} |"


def _line(figure: Figure, judged: bool) -> str:
    parts = [f"{shown(figure.value):>8} {figure.unit}", _spread(figure.lowest, figure.highest)]
    if figure.goal and judged:
        parts.append(f"goal: {figure.goal}, {'MISSED' if figure.is_missed else 'met'}")
    if figure.beside:
        parts.append(f"({figure.beside})")
    return "   ".join(part for part in parts if part)


def _spread(lowest: float | None, highest: float | None) -> str:
    return "" if lowest is None or highest is None else f"{shown(lowest)} to {shown(highest)}"


def shown(value: float) -> str:
    """`1.27`, `1,204`, `0.5`."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
