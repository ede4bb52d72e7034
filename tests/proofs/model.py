"""People who use the API in any order, a stream that an adversary delivers, and a reckoning that predicts every answer.

A schedule is what a few people do in turn or at once, with deliveries in between. At its end the stream is drained, and
everything is looked at once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from hypothesis import Phase, seed
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from backend_flask.clients import client_of
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.settings import load
from tests.api import Api, Person
from tests.arena import Arena
from tests.proofs.adversary import Adversary, StreamReader
from tests.proofs.judge import Judge, text_problem
from tests.proofs.reckoning import NOTHING_READ, Answer, Group, Reckoning
from tests.proofs.trial import Figures, Refuted, Trial, made_up

SCHEDULES_A_ROUND = 20
STEPS = 8


WHO = st.integers(0, 2)
ANY = st.integers(0, 7)
TEXTS = {
    "short": "hi",
    "other": "ho",
    "padded": "  hi\n",
    "wide": "\xe9\U0001f642" * 120,
    "longest": "x" * 1024,
    "empty": "",
    "blank": " \t",
    "too long": "x" * 1025,
}
TEXT = st.sampled_from(list(TEXTS))
GOOD_TEXT = st.sampled_from(["short", "other", "padded", "wide"])
KEY = st.sampled_from([None, None, "k1", "k2"])
CHAT = st.lists(WHO, min_size=2, max_size=3)
LIMIT = st.sampled_from([1, 2, 3, 20])


class Schedule(RuleBasedStateMachine):
    """`api` and `adversary` are set by those who play."""

    api: Api
    adversary: Adversary
    played = 0

    @initialize(opening=st.sampled_from(["direct", "three", "both", "nobody knows anybody"]), senders=CHAT)
    def begin(self, opening: str, senders: list[int]) -> None:
        type(self).played += 1
        self.adversary.forget()
        self.people = [self.api.person("user") for _ in range(3)]
        self.reckoning = Reckoning()
        self.judge = Judge(self.reckoning, self.api.table)
        if opening in {"direct", "both"}:
            self.send(0, 1, "handle", "short", None)
        if opening in {"three", "both"}:
            self.start_a_group_of_three(2, "short")
        self.chat(0, senders)

    # Sending

    @rule(sender=WHO, to=WHO, how=st.sampled_from(["handle", "@handle", "uuid"]), text=TEXT, key=KEY)
    def send(self, sender: int, to: int, how: str, text: str, key: str | None) -> None:
        one, other = self.people[sender], self.people[to]
        group = self.reckoning.direct(one.user, other.user)
        receiver = group.uuid if how == "uuid" and group else other.at_handle
        named = {"handle": other.user.handle} if how == "handle" else {"message_group_uuid": receiver}
        text = TEXTS[text]
        problem = text_problem(text) or ((422, ["user_reciever_handle_own"]) if one is other else None)
        answer = self._send(one, {"message": text, **named}, key)
        self.judge.sent(answer, one, group, [one, other], text, key, problem)

    @rule(sender=WHO, which=ANY, text=TEXT, key=KEY)
    def send_to_any_group(self, sender: int, which: int, text: str, key: str | None) -> None:
        one, group = self.people[sender], self._group(which)
        uuid = group.uuid if group else NOTHING_READ
        text = TEXTS[text]
        problem = text_problem(text)
        if not problem and (group is None or one.user.uuid not in group.rows):
            problem = (404, "message_group_not_found")
        answer = self._send(one, {"message": text, "message_group_uuid": uuid}, key)
        self.judge.sent(answer, one, group, [], text, key, problem)

    @rule(which=ANY, senders=CHAT)
    def chat(self, which: int, senders: list[int]) -> None:
        for sender in senders:
            self.send_to_any_group(sender, which, "short", None)

    @rule(sender=WHO, to=WHO, text=GOOD_TEXT, key=st.sampled_from(["k1", "k2", "k3"]))
    def send_with_one_key_at_once(self, sender: int, to: int, text: str, key: str) -> None:
        one, other = self.people[sender], self.people[to]
        if one is other:
            return
        group = self.reckoning.direct(one.user, other.user)
        text = TEXTS[text]
        body = {"message": text, "handle": other.user.handle}
        answers = _at_once(*[lambda: self._send(one, body, key)] * 3)
        if any(answer != answers[0] for answer in answers):
            raise Refuted(f"one key, sent at once, has several answers: {answers}")
        self.judge.sent(answers[0], one, group, [one, other], text, key, None)

    @rule(one=WHO, other=WHO, text=GOOD_TEXT)
    def send_to_each_other_at_once(self, one: int, other: int, text: str) -> None:
        first, second = self.people[one], self.people[other]
        if first is second:
            return
        text = TEXTS[text]
        group = self.reckoning.direct(first.user, second.user)
        before = self.reckoning.newest
        answers = _at_once(
            lambda: self._send(first, {"message": text, "handle": second.user.handle}, None),
            lambda: self._send(second, {"message": text, "handle": first.user.handle}, None),
        )
        said = [
            self.judge.new(answer, sender, group, text, before)
            for answer, sender in zip(answers, (first, second), strict=True)
        ]
        if said[0]["message_group_uuid"] != said[1]["message_group_uuid"]:
            raise Refuted(f"two people who write to each other have two message groups: {said}")
        self.judge.add(group, [first, second], *said)

    @rule(creator=WHO, text=GOOD_TEXT)
    def start_a_group_of_three(self, creator: int, text: str) -> None:
        """By the table's own method: the API cannot do this yet."""
        members = [self.people[creator], *(each for each in self.people if each is not self.people[creator])]
        text = TEXTS[text].strip()
        made = self.api.table.create_message_group(
            members[0].member, [each.member for each in members[1:]], "Three", text
        )
        answer = {
            "uuid": made.message_uuid,
            "message_group_uuid": made.message_group_uuid,
            "user_uuid": members[0].user.uuid,
            "message": text,
            "display_name": members[0].user.display_name,
            "handle": members[0].user.handle,
            "created_at": made.created_at,
        }
        self.judge.start(Group(made.message_group_uuid, [each.user for each in members], "Three", [answer]))

    # Reading

    @rule(reader=WHO, which=ANY, limit=LIMIT)
    def read(self, reader: int, which: int, limit: int) -> None:
        person, group = self.people[reader], self._group(which)
        uuid = group.uuid if group else NOTHING_READ
        if group is None or person.user.uuid not in group.rows:
            self.judge.answers(person.get(f"/api/messages/{uuid}?limit={limit}"), (404, "message_group_not_found"))
        else:
            self.judge.reads(person, uuid, group.said, limit)

    @rule(reader=WHO, to=WHO, limit=LIMIT)
    def read_by_handle(self, reader: int, to: int, limit: int) -> None:
        person, other = self.people[reader], self.people[to]
        group = self.reckoning.direct(person.user, other.user) if person is not other else None
        self.judge.reads(person, other.at_handle, group.said if group else [], limit)

    @rule(reader=WHO, limit=LIMIT)
    def list_groups(self, reader: int, limit: int) -> None:
        self.judge.lists(self.people[reader], limit)

    @rule(reader=WHO, which=ANY, of=ANY, nth=ANY)
    def mark_read(self, reader: int, which: int, of: int, nth: int) -> None:
        """Up to any message, those of other groups included."""
        person, group, source = self.people[reader], self._group(which), self._group(of)
        if group is None or source is None:
            return
        mark = source.said[nth % len(source.said)]["uuid"]
        answer = person.post(f"/api/message_groups/{group.uuid}/read", {"message_uuid": mark})
        if person.user.uuid not in group.rows:
            self.judge.answers(answer, (404, "message_group_not_found"))
            return
        row = group.rows[person.user.uuid]
        is_there = mark in {said["uuid"] for said in group.said}
        if is_there or mark <= row.last.low or mark <= row.read.low:
            self.judge.answers(answer, (200, None))
        elif (mark > row.last.high and mark > row.read.high) or answer.status_code != 200:
            self.judge.answers(answer, (404, "message_not_found"))
        if answer.status_code == 200:
            moved = is_there or mark <= row.last.low
            row.read.reach(mark) if moved else row.read.may_reach(mark)

    # The stream

    @rule(
        which=st.lists(ANY, min_size=1, max_size=3),
        most=st.integers(1, 5),
        newest_first=st.booleans(),
        die_after=st.none() | st.integers(0, 4),
    )
    def deliver(self, which: list[int], most: int, newest_first: bool, die_after: int | None) -> None:
        groups = list({group.uuid: group for each in which if (group := self._group(each))}.values())
        uuids, lived = self.adversary.deliver([group.uuid for group in groups], most, newest_first, die_after)
        for group in groups:
            group.deliver(uuids & {said["uuid"] for said in group.said}, whole=lived)
            self.judge.rows(group)

    @rule(which=ANY, newer=st.integers(0, 3), most=st.integers(1, 5), die_after=st.none() | st.integers(0, 2))
    def deliver_again(self, which: int, newer: int, most: int, die_after: int | None) -> None:
        if group := self._group(which):
            self.adversary.repeat(group.uuid, newer, most, die_after)
            self.judge.rows(group)

    def teardown(self) -> None:
        if not hasattr(self, "reckoning"):
            return
        everything = {said["uuid"] for group in self.reckoning.groups for said in group.said}
        self.adversary.drain(everything)
        for group in self.reckoning.groups:
            group.deliver({said["uuid"] for said in group.said}, whole=True)
            self.judge.rows(group)
            member = next(person for person in self.people if person.user.uuid in group.rows)
            self.judge.reads(member, group.uuid, group.said, 100)
        for reader in range(len(self.people)):
            self.list_groups(reader, 20)

    # How the above is done

    def _group(self, which: int) -> Group | None:
        groups = self.reckoning.groups
        return groups[which % len(groups)] if groups else None

    def _send(self, sender: Person, body: Answer, key: str | None) -> tuple[int, Any]:
        answer = sender.post("/api/messages", body, **({"Idempotency-Key": key} if key else {}))
        return answer.status_code, answer.get_json()


def _at_once(*calls: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return [each.result() for each in [threads.submit(call) for call in calls]]


@contextmanager
def stage(arena: Arena) -> Iterator[type[Schedule]]:
    """Schedules on these engines."""
    in_force = load(arena.environment())
    with arena.api() as api:
        # A table of the function's own, which dies in the middle of its calls.
        table = MessageTable(client_of(in_force, "dynamodb"), arena.table_name, Uuid7())
        reader = StreamReader(table, client_of(in_force, "dynamodbstreams"))

        class Staged(Schedule):
            pass

        Staged.api, Staged.adversary = api, Adversary(table, reader)
        yield Staged


def run(arena: Arena, trial: Trial, steps: int = STEPS) -> Figures:
    """Each round is SCHEDULES_A_ROUND schedules. Of those that fail, the shortest is looked for and printed."""
    play = made_up(SCHEDULES_A_ROUND, [Phase.generate, Phase.shrink], stateful_step_count=steps)
    played = 0
    with stage(arena) as schedule:
        for number in trial.rounds():
            schedule.played = 0
            run_state_machine_as_test(seed(number)(schedule), settings=play)
            played += schedule.played
            trial.advance(schedule.played)
    return {"schedules": played}
