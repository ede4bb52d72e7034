"""Has proofs played, each player in a process and on engines of its own, and says how it went."""

from __future__ import annotations

import logging
import multiprocessing
import queue
import signal
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.arena import arena
from tests.proofs.catalogue import Proof
from tests.proofs.trial import Figures, Trial

PATIENCE_SECONDS = 30.0
# No player has so many rounds.
APART = 10_000_000


@dataclass(frozen=True)
class Luck:
    """What decides how a proof is played."""

    seed: int
    seconds: float
    most_rounds: int | None = None


@dataclass
class Outcome:
    """`luck` decided how it was played. `figures` by engine. `trouble` is why it did not hold, and empty if it did."""

    proof: Proof
    luck: Luck
    figures: dict[str, Figures] = field(default_factory=dict)
    trouble: str = ""
    failed_engine: str = ""
    failed_seed: int = 0


def play(proof: Proof, engines: tuple[str, ...], luck: Luck, advance: Callable[[int], object]) -> Outcome:
    """Plays a proof on all engines at once. `advance` is told how many more units are done, and now and then 0."""
    outcome = Outcome(proof, luck)
    context = multiprocessing.get_context("spawn")
    news: Any = context.Queue()
    lots = [
        (engine, replace(luck, seed=luck.seed + number * APART))
        for engine in engines
        for number in range(proof.players)
    ]
    players = [context.Process(target=_player, args=[proof, engine, own, news]) for engine, own in lots]
    for player in players:
        player.start()
    try:
        for kind, engine, value in _news(news, players):
            if kind == "advance":
                advance(value)
            elif kind == "figures":
                outcome.figures[engine] = _together(outcome.figures.get(engine, {}), value)
            else:
                outcome.failed_engine = engine
                outcome.failed_seed, outcome.trouble = value
                _interrupt_all(players)
                break
    except BaseException:
        _interrupt_all(players)
        raise
    finally:
        _wait_for_all(players)
    return outcome


def _together(one: Figures, other: Figures) -> Figures:
    """The figures of two players of one proof, who count the same things."""
    return {name: value + one.get(name, 0) if isinstance(value, int) else value for name, value in other.items()}


def _news(news: Any, players: list[Any]) -> Iterator[tuple[str, str, Any]]:
    """What the players say, until each has come to its end."""
    wanted = len(players)
    while wanted:
        try:
            said = news.get(timeout=0.2)
        except queue.Empty:
            said = ("advance", "", 0)
            if not any(player.is_alive() for player in players) and news.empty():
                said = ("failed", "", (0, "a player ended without a word"))
        wanted -= said[0] == "figures"
        yield said


def _interrupt_all(players: list[Any]) -> None:
    """They stop their engines then."""
    for player in players:
        if player.is_alive() and player.pid:
            player.terminate()


def _wait_for_all(players: list[Any]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    for player in players:
        player.join(max(0.0, give_up - time.monotonic()))
        player.kill()


def _player(proof: Proof, engine: str, luck: Luck, news: Any) -> None:
    # Ctrl-C reaches the whole process group; the referee passes it on, once.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    # Faults are expected here, thousands of them.
    logging.disable(logging.CRITICAL)
    trial = Trial(luck.seed, luck.seconds, luck.most_rounds, advance=lambda done: news.put(("advance", engine, done)))
    try:
        with tempfile.TemporaryDirectory(prefix="cruddur-proof-") as folder, arena(Path(folder), engine) as made:
            figures = proof.run(made, trial)
        news.put(("figures", engine, figures))
    except KeyboardInterrupt:
        pass
    except BaseException:  # noqa: BLE001  # whatever it is, the referee is to hear of it
        news.put(("failed", engine, (trial.last_seed, traceback.format_exc())))


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
