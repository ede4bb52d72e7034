"""Draws curves as SVG, which a browser and GitHub show, and which change only where the numbers do."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

from bench.figures import Curve

mpl.use("svg")
# Without these, two drawings of the same numbers would differ.
mpl.rcParams["svg.hashsalt"] = "cruddur"
mpl.rcParams["svg.fonttype"] = "none"
_NO_DATE = {"Date": None}


def draw(curve: Curve, path: Path) -> None:
    from matplotlib.figure import Figure as Drawing  # noqa: PLC0415  # after the backend was chosen

    path.parent.mkdir(parents=True, exist_ok=True)
    drawing = Drawing(figsize=(7, 4), layout="constrained")
    axes = drawing.add_subplot()
    for name, points in curve.lines.items():
        axes.plot([x for x, _ in points], [y for _, y in points], marker="o", label=name)
    axes.set(title=curve.title, xlabel=curve.x, ylabel=curve.y)
    if curve.log_x:
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    drawing.savefig(path, metadata=_NO_DATE)
