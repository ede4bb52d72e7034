"""A little of `bin/prove model`, and that it would see what it is there to see."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.arena import Arena
from tests.arena import arena as arena_of
from tests.proofs import adversary, judge, model, sabotage
from tests.proofs.model import Schedule
from tests.proofs.sabotage import Sabotage
from tests.proofs.trial import Refuted, Trial


def test_every_answer_is_as_reckoned_however_the_stream_is_delivered(arena: Arena) -> None:
    figures = model.run(arena, Trial(seed=1, most_rounds=60 // model.SCHEDULES_A_ROUND), steps=10)
    assert figures["schedules"] >= 60


@pytest.mark.skipif("DDB_ENGINE" in os.environ, reason="the test above has that engine")
def test_a_second_engine_changes_nothing(tmp_path: Path) -> None:
    with arena_of(tmp_path, "dynoxide") as other:
        model.run(other, Trial(seed=2, most_rounds=1), steps=10)


@pytest.fixture(scope="module")
def staged(arena: Arena) -> Iterator[type[Schedule]]:
    with model.stage(arena) as schedule:
        yield schedule


@pytest.fixture
def schedule(staged: type[Schedule], monkeypatch: pytest.MonkeyPatch) -> Schedule:
    """Two people who know each other, and one who has started a message group with both. All are up to date."""
    monkeypatch.setattr(judge, "INDEX_PATIENCE_SECONDS", 0.2)
    played = staged()
    played.begin("both", senders=[0, 1])
    played.deliver(which=[0, 1], most=5, newest_first=False, die_after=None)
    return played


def to_each_other(played: Schedule, *senders: int) -> None:
    for sender in senders:
        played.send(sender, 1 - sender, "uuid", "short", None)


def nothing_more(_: Schedule) -> None:
    pass


def a_repeat(played: Schedule) -> None:
    played.deliver_again(which=0, newer=1, most=2, die_after=None)


def one_key(played: Schedule) -> None:
    for _ in range(2):
        played.send(0, 1, "uuid", "short", "k1")


def time_passes(played: Schedule) -> None:
    played.change(0, 0, None, "1-hour", by=False)
    to_each_other(played, 0)
    played.live_through("two days")
    played.read(1, 0, 20)


def a_block(played: Schedule) -> None:
    played.block(0, 1)
    to_each_other(played, 1, 0)
    played.read(0, 0, 20)


def an_edit(played: Schedule) -> None:
    """Of the newest message, long after it was written."""
    played.live_through("an hour")
    played.edit(0, 0, 0, len(played.reckoning.begun[0].said) - 1, "other", None, by_handle=False)


def a_late_edit(played: Schedule) -> None:
    played.edit(0, 0, 0, 1, "other", "later", by_handle=False)


def a_removal(played: Schedule) -> None:
    played.remove(2, 1, False, 0)


def a_stranger(played: Schedule) -> None:
    played.read_from(3, 0, 0, 1, 20, "before")


def a_new_member(played: Schedule) -> None:
    played.add_while_somebody_writes(2, 1, [3], 0)


def hide_and_write(played: Schedule) -> None:
    played.own_side(0, 0, "hide", by_handle=False)
    to_each_other(played, 1)


def a_mute(played: Schedule) -> None:
    played.own_side(0, 0, "mute", by_handle=True)


def two_blocks(played: Schedule) -> None:
    played.block(0, 1)
    played.block(0, 2)


def since_the_newest(played: Schedule) -> None:
    to_each_other(played, 0)
    played.deliver(which=[0], most=5, newest_first=False, die_after=None)
    played.list_what_is_newer(0, 0, len(played.reckoning.begun[0].said) - 1, 20, unread=False)


def a_rename(played: Schedule) -> None:
    to_each_other(played, 1)
    played.rename_oneself(1, 0)
    to_each_other(played, 1)
    played.deliver(which=[0], most=1, newest_first=True, die_after=None)


SHOWN_BY: dict[str, Callable[[Schedule], None]] = {
    "a row goes back to an older message": a_repeat,
    "a send key is not looked at": one_key,
    "a count is one too many": nothing_more,
    "a page lacks the oldest message": nothing_more,
    "a page shows what has expired": time_passes,
    "a page shows what a block keeps away": a_block,
    "a block is not looked at": a_block,
    "who blocks may write": a_block,
    "a time to live is not looked at": time_passes,
    "an edit takes any version for the right one": a_late_edit,
    "an edit does not reach the rows": an_edit,
    "an edit is not noted for those who are away": an_edit,
    "a removal leaves the row": a_removal,
    "anybody reads older pages": a_stranger,
    "a refresh does nothing": a_new_member,
    "a hidden message group stays hidden": hide_and_write,
    "what is muted is not": a_mute,
    "blocks are listed the wrong way round": two_blocks,
    "a list takes no notice of since": since_the_newest,
    "who was away hears of nothing new": nothing_more,
    "a name is taken from an older message": a_rename,
}


@pytest.mark.parametrize("wrong", sabotage.EVERY, ids=lambda wrong: wrong[0].says.replace(" ", "_"))
def test_what_is_broken_is_found_out(
    schedule: Schedule, monkeypatch: pytest.MonkeyPatch, wrong: tuple[Sabotage, ...]
) -> None:
    with monkeypatch.context() as sabotaged:
        for each in wrong:
            each.install(sabotaged.setattr)
        with pytest.raises(Refuted):  # noqa: PT012  # wherever it shows
            SHOWN_BY[wrong[0].says](schedule)
            schedule.teardown()


def test_what_is_not_broken_is_not(schedule: Schedule) -> None:
    for shown in SHOWN_BY.values():
        shown(schedule)
    schedule.teardown()


def test_a_message_that_never_comes_on_the_stream_is_found_out(
    schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_each_other(schedule, 0)
    monkeypatch.setattr(adversary, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(adversary.StreamReader, "read", lambda _: [])
    with pytest.raises(Refuted, match="never brought"):
        schedule.teardown()
