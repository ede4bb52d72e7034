"""bin/prove and its referee."""

import subprocess
from pathlib import Path

from tests.proofs.catalogue import Proof
from tests.proofs.referee import Luck, play

ROOT = Path(__file__).resolve().parents[3]


def prove(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([ROOT / "bin/prove", *words], capture_output=True, text=True, timeout=60, check=False)


def test_a_short_run_says_what_it_tried() -> None:
    ended = prove("damage", "--minutes", "1", "--rounds", "1", "--seed", "7")
    assert (ended.returncode, ended.stderr) == (0, "")
    first, claim, figures = ended.stdout.splitlines()
    assert first == "seed 7, 1 min"
    assert claim.startswith("damage: ")
    assert figures.startswith("  holds: ")


def test_a_proof_that_fails_is_an_outcome_with_its_reason() -> None:
    outcome = play(Proof("no_such_proof", "", "", 1.0), ("extenddb",), Luck(seed=7, seconds=1), lambda _: None)
    assert outcome.failed_engine == "extenddb"
    assert "no_such_proof" in outcome.trouble
    assert outcome.figures == {}


def test_what_cannot_be_is_said_in_one_line() -> None:
    for words, said in [
        (["nothing"], "no proof called nothing"),
        (["damage", "--publish", "--rounds", "1"], "leave --rounds and --engine out"),
    ]:
        ended = prove(*words)
        assert ended.returncode == 1
        assert said in ended.stderr
        assert len(ended.stderr.splitlines()) == 1
