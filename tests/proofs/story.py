"""What the rules of the model-based test share: the people, the reckoning, and how something is asked and judged."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from backend_flask.lib.ddb_changes import Changes
from tests.api import Api, Person
from tests.proofs.adversary import Adversary
from tests.proofs.clockwork import Clock
from tests.proofs.judge import GROUP_NOT_FOUND, Judge, Problem, Reply, text_problem
from tests.proofs.reckoning import NOTHING_READ, Answer, Group, Key, Reckoning

PEOPLE = 4
KEY_DAYS = 7
WHO = st.integers(0, PEOPLE - 1)
ANY = st.integers(0, 7)
BY_HANDLE = st.booleans()
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


class Story(RuleBasedStateMachine):
    """`api`, `adversary`, `clock` and `changes` are set by those who play."""

    api: Api
    adversary: Adversary
    clock: Clock
    changes: Changes
    played = 0

    @initialize(
        opening=st.sampled_from(["direct", "many", "both", "nobody knows anybody"]),
        senders=CHAT,
        ttl=st.sampled_from([None, None, "1-hour"]),
        is_blocked=st.sampled_from([False, False, True]),
    )
    def begin(self, opening: str, senders: list[int], ttl: str | None = None, is_blocked: bool = False) -> None:
        type(self).played += 1
        self.adversary.forget()
        self.clock.reset()
        self.begun_ms = self.clock.ms
        self.tag = f"t{uuid.uuid4().hex[:10]}x"
        self.people = [self.api.person(self.tag) for _ in range(PEOPLE)]
        self.reckoning = Reckoning()
        self.reckoning.names = {each.user.uuid: each.user.display_name for each in self.people}
        self.judge = Judge(self.reckoning, self.api.table, self.clock)
        if opening in {"direct", "both"}:
            self.send(0, 1, "handle", "short", None)
        if opening in {"many", "both"}:
            self.start_a_group_of_many(2, [0, 1], None, "short", None)
        if ttl and self.reckoning.groups:
            self.change(0, 0, None, ttl, by=False)
        self.chat(0, senders)
        if is_blocked:
            self.block(0, 1)

    def send(self, sender: int, to: int, how: str, text: str, key: str | None) -> None:
        raise NotImplementedError

    def start_a_group_of_many(
        self, creator: int, others: list[int], title: str | None, text: str, key: str | None
    ) -> None:
        raise NotImplementedError

    def chat(self, which: int, senders: list[int]) -> None:
        raise NotImplementedError

    def change(self, who: int, which: int, title: str | None, ttl: str | None, by: bool) -> None:
        raise NotImplementedError

    def block(self, who: int, whom: int) -> None:
        raise NotImplementedError

    # Who and where

    def group_at(self, which: int) -> Group | None:
        groups = self.reckoning.begun
        return groups[which % len(groups)] if groups else None

    def place(self, person: Person, group: Group | None, by_handle: bool) -> str:
        """How somebody names a message group. One that is not there has the name of none."""
        if group is None:
            return NOTHING_READ
        if by_handle and group.title is None and person.user.uuid in {each.uuid for each in group.people}:
            return f"@{group.other(person.user.uuid).handle}"
        return group.uuid

    def any_message(self, group: Group | None, nth: int) -> Answer | None:
        said = sorted(group.said) if group else []
        return group.said[said[nth % len(said)]] if group and said else None

    def is_member(self, person: Person, group: Group | None) -> bool:
        return group is not None and person.user.uuid in group.rows

    # Asking

    def ask(self, person: Person, method: str, path: str, body: object = None, **headers: str | None) -> Reply:
        self.clock.tick()
        return self.ask_now(person, method, path, body, **headers)

    def ask_now(self, person: Person, method: str, path: str, body: object = None, **headers: str | None) -> Reply:
        given = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        answer = person.request(method, path, headers=given, **({} if body is None else {"json": body}))
        return answer.status_code, answer.get_json()

    def say(self, sender: Person, body: Answer, key: str | None, *, path: str = "/api/messages") -> Reply:
        return self.ask(sender, "POST", path, body, Idempotency_Key=key)

    # What becomes of it

    def key_of(self, person: Person, key: str | None) -> Key | None:
        """What the key stands for, unless that is long ago."""
        found = self.reckoning.keys.get((person.user.uuid, key)) if key else None
        return found if found and self.clock() - found.at <= KEY_DAYS * 86_400 else None

    def is_gone(self, person: Person, key: str | None) -> bool:
        """Whether the key's message has outlived its time and was taken away: what then happens is not promised."""
        found = self.key_of(person, key)
        return found is not None and found.message_uuid not in found.group.said

    def sent(
        self, reply: Reply, sender: Person, group: Group, text: str, key: str | None, problem: Problem | None
    ) -> None:
        """An answer to a send: the problem, or the message of this key as it is now, or a new message."""
        problem = text_problem(text) or problem
        if not problem and group.title is None and self.reckoning.block_of(sender.user.uuid, self.other(sender, group)):
            problem = (409, "user_blocked")
        asked = (group.uuid, text.strip())
        first = self.key_of(sender, key)
        if not problem and first:
            if first.asked == asked:
                self.judge.is_answer(reply, (200, first.group.said[first.message_uuid]))
                return
            problem = (409, "idempotency_key_reused")
        if problem:
            self.judge.is_problem(reply, problem)
            return
        said = self.judge.new(reply, sender, group, text, self.reckoning.newest)
        self.said(group, said)
        self.remember(sender, key, (group.uuid, text.strip()), group, said)

    def said(self, group: Group, message: Answer) -> None:
        is_heard = self.reckoning.is_heard(group, message["user_uuid"])
        if group.uuid:
            group.add(message, is_heard=is_heard)
        else:
            if group not in self.reckoning.groups:
                self.reckoning.groups.append(group)
            group.begin(message, self.reckoning.names, is_heard=is_heard)
        self.judge.rows(group)

    def remember(self, sender: Person, key: str | None, asked: object, group: Group, said: Answer) -> None:
        if key:
            self.reckoning.keys[sender.user.uuid, key] = Key(asked, self.clock(), group, said["uuid"])

    def other(self, person: Person, group: Group) -> str:
        return group.other(person.user.uuid).uuid

    def changed(self, reply: Reply, person: Person, group: Group) -> None:
        """A change of the message group was answered."""
        self.judge.is_answer(reply, (200, group.whole(person.user.uuid, self.reckoning.names)))
        self.judge.rows(group)

    def of_many_problem(self, person: Person, group: Group | None) -> Problem | None:
        """Why somebody cannot change who is in a message group, or its title."""
        if group is None or not self.is_member(person, group):
            return GROUP_NOT_FOUND
        return (409, "message_group_direct") if group.title is None else None

    @contextmanager
    def meanwhile(self, operation: str, act: Callable[[], object]) -> Iterator[None]:
        """Something happens just before the first such call of the API."""
        events = self.api.table.client.meta.events
        done: list[bool] = []

        def interfere(**_: Any) -> None:
            if not done:
                done.append(True)
                act()

        events.register(f"before-call.dynamodb.{operation}", interfere)
        try:
            yield
        finally:
            events.unregister(f"before-call.dynamodb.{operation}", interfere)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    with ThreadPoolExecutor(len(calls)) as threads:
        return [each.result() for each in [threads.submit(call) for call in calls]]
