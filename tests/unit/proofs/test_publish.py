from pathlib import Path

from tests.proofs.catalogue import PROOFS, Proof
from tests.proofs.publish import BEGIN, END, publish, summary
from tests.proofs.referee import Outcome

PROOF = Proof("model", "the claim", "schedules", 1.0)


def test_figures_are_named_by_engine_only_where_there_are_several() -> None:
    assert summary(Outcome(PROOF, {"extenddb": {"schedules": 12345, "lag": 1.2345}})) == "12,345 schedules, 1.23 lag"
    both = Outcome(PROOF, {"dynoxide": {"schedules": 1}, "extenddb": {"schedules": 2}})
    assert summary(both) == "extenddb: 2 schedules; dynoxide: 1 schedules"


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for _ in range(2):
        publish(page, [Outcome(PROOF, {"extenddb": {"schedules": 7}})], seed=3, minutes=30)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n`bin/prove --minutes 30 --seed 3` on ")
    assert text.endswith(f"| the claim | 7 schedules | `bin/prove model` |\n{END}\nafter\n")
    assert "old" not in text


def test_the_shares_of_the_proofs_are_the_whole_time() -> None:
    assert round(sum(proof.share for proof in PROOFS), 6) == 1


def test_every_proof_can_be_run() -> None:
    for proof in PROOFS:
        assert callable(proof.run)
