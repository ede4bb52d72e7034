from pathlib import Path

from tests.proofs.catalogue import PROOFS
from tests.proofs.publish import BEGIN, END, publish, summary
from tests.proofs.referee import Luck, Outcome

MODEL, KILL = (next(proof for proof in PROOFS if proof.name == name) for name in ("model", "kill"))
LUCK = Luck(seed=3, seconds=630)


def test_figures_are_named_by_engine_only_where_there_are_several() -> None:
    one = Outcome(MODEL, LUCK, {"extenddb": {"schedules": 12345, "lag": 1.2345}})
    assert summary(one) == "12,345 schedules, 1.23 lag"
    both = Outcome(MODEL, LUCK, {"dynoxide": {"schedules": 1}, "extenddb": {"schedules": 2}})
    assert summary(both) == "extenddb: 2 schedules; dynoxide: 1 schedules"


def test_only_the_rows_of_what_was_played_are_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    publish(page, [Outcome(KILL, LUCK, {"extenddb": {"kills": 7}})])
    for schedules in (8, 9):
        publish(page, [Outcome(MODEL, LUCK, {"extenddb": {"schedules": schedules}})])
    lines = page.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("before", "after")
    rows = [line for line in lines if line.startswith("|") and "`" in line]
    assert [row.split(" | ")[1] for row in rows] == ["9 schedules", "7 kills"]
    assert all(
        f"`bin/prove {name} --minutes 10 --seed 3` |" in row for row, name in zip(rows, ("model", "kill"), strict=True)
    )
    assert "old" not in page.read_text()


def test_the_shares_of_the_proofs_are_the_whole_time() -> None:
    assert round(sum(proof.share for proof in PROOFS), 6) == 1


def test_every_proof_can_be_run() -> None:
    for proof in PROOFS:
        assert callable(proof.run)
