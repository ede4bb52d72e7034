"""A little of `bin/prove kill`, and that it would see what it is there to see."""

from __future__ import annotations

import random
import signal

import psutil
import pytest

from dev.processes import StackError
from tests.api import Api
from tests.arena import Arena
from tests.proofs import kill
from tests.proofs.kill import Engine, Send
from tests.proofs.trial import Refuted, Trial
from tests.servers import Answer, Caller, api_server, trigger


def test_what_was_answered_before_a_kill_is_kept_and_the_rest_is_completed(arena: Arena) -> None:
    figures = kill.run(arena, Trial(seed=1, most_rounds=1))
    assert figures["sends"] == 1000
    assert 90 <= figures["answered before the kill and kept"] < 1000


def test_an_engine_that_takes_no_writes_any_more_goes_on_with_its_data(arena: Arena) -> None:
    engine = Engine(arena)
    with engine.up() as own, own.api() as api:
        sent = api.person().send("before", to=(reader := api.person()))
        engine.revive(own)
        assert engine.restarts == 0
        assert engine.child
        engine.child.process.send_signal(signal.SIGSTOP)
        engine.revive(own)
        assert engine.restarts == 1
        assert reader.messages(sent["message_group_uuid"]) == ["before"]


def test_a_server_that_does_not_come_up_says_why_and_leaves_nothing_behind(arena: Arena) -> None:
    before = psutil.Process().children()
    with pytest.raises(StackError, match="CONNECTION_URL is missing"), api_server(arena, CONNECTION_URL=""):
        pass
    with pytest.raises(StackError, match="LOG_LEVEL cannot be"), trigger(arena, LOG_LEVEL="loud"):
        pass
    assert psutil.Process().children() == before


class Replies(Caller):
    """Gives the same pages, whatever is asked."""

    def __init__(self, *pages: list[dict[str, str]]) -> None:
        self.given = pages

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answer:  # noqa: ARG002
        return Answer(200, self.given[0], None)


@pytest.mark.parametrize("shown", [["b"], ["b", "a", "a"], ["a", "b"], ["c", "b", "a"]])
def test_a_message_lost_doubled_or_out_of_order_is_found_out(shown: list[str]) -> None:
    with pytest.raises(Refuted):
        kill._holds(Replies([{"uuid": uuid} for uuid in shown]), "group", [{"uuid": "a"}, {"uuid": "b"}])


def test_another_answer_to_the_same_key_is_found_out(arena: Arena) -> None:
    with arena.api() as api:
        send = _a_send(api)
        assert send.try_by(Replies([{"uuid": "a"}]))
        with pytest.raises(Refuted):
            send.try_by(Replies([{"uuid": "b"}]))


def _a_send(api: Api) -> Send:
    return kill._planned(random.Random(1), [api.person() for _ in range(len(kill.FRIENDS) + 1)])[0][0]  # noqa: S311
