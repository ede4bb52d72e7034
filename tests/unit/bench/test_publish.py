"""The tables of bench/README.md, and what is kept for the next run."""

import json
from pathlib import Path

import pytest

from bench import catalogue
from bench.figures import Answer, Curve, Figure, at_most
from bench.publish import BEGIN, END, publish, table

QUESTION = catalogue.QUESTIONS[0].name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "README.md").write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    return tmp_path


def page(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def answer(value: float) -> Answer:
    figure = Figure("A first page, p50", value, "x", 1.1, 1.3, at_most(1.35), "2 against 1 ms")
    curve = Curve("drawn", "It grows", "x", "y", {"one": [(1.0, 2.0), (10.0, 3.0)]}, log_x=True)
    return Answer([figure], [curve], {"a.txt": "whose time it was\n"})


def test_figures_replace_what_stood_between_the_marks(folder: Path) -> None:
    publish({QUESTION: answer(1.2)}, folder)
    assert page(folder).startswith("before\n")
    assert page(folder).endswith("after\n")
    assert "old" not in page(folder)
    assert "| A first page, p50 (2 against 1 ms) | 1.2 x | 1.1 to 1.3 |  | at most 1.35 |" in page(folder)
    assert "![It grows](charts/drawn.svg)" in page(folder)
    assert (folder / "profiles" / "a.txt").read_text(encoding="utf-8") == "whose time it was\n"


def test_the_run_before_stands_beside_the_new_one(folder: Path) -> None:
    publish({QUESTION: answer(1.2)}, folder)
    publish({QUESTION: answer(1.25)}, folder)
    assert "| 1.25 x | 1.1 to 1.3 | 1.2 | at most 1.35 |" in page(folder)


def test_other_questions_keep_their_answers(folder: Path) -> None:
    other = catalogue.QUESTIONS[1].name
    publish({QUESTION: answer(1.2)}, folder)
    publish({other: answer(7.7)}, folder)
    assert "1.2 x" in page(folder)
    assert "7.7 x" in page(folder)
    assert set(json.loads((folder / "results.json").read_text(encoding="utf-8"))) == {QUESTION, other}


def test_the_same_numbers_are_drawn_as_the_same_bytes(folder: Path) -> None:
    publish({QUESTION: answer(1.2)}, folder)
    first = (folder / "charts" / "drawn.svg").read_bytes()
    publish({QUESTION: answer(1.2)}, folder)
    assert (folder / "charts" / "drawn.svg").read_bytes() == first
    assert b"It grows" in first


def test_a_missed_goal_is_called_so_where_goals_are_judged() -> None:
    missed = answer(1.4)
    assert "MISSED" in table(missed)[0]
    assert "goal" not in table(missed, judged=False)[0]


def test_every_question_has_a_script_that_answers_it() -> None:
    assert all(callable(question.run) for question in catalogue.QUESTIONS)
