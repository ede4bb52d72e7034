"""People who send, edit and delete while DynamoDB fails at random, and try again until each has been answered.

The stream function meets the same faults. Once all is well, each key is one message, and rows and counts are right.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from backend_flask.clients import client_of
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Item, Message, direct_group_uuid
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.settings import load
from lambdas.cruddur_messaging_stream import handler
from tests.api import Api, Person
from tests.arena import Arena
from tests.faults import FAULTS, Fault, Wire, wire
from tests.proofs.judge import Judge
from tests.proofs.reckoning import Answer, Group, Reckoning
from tests.proofs.trial import Figures, Refuted, Trial

PEOPLE = (2, 3)
SENDS = 6
# What may go wrong goes right in the end: nobody is this unlucky.
TRIES = 100
# How many attempts of a story fail.
RATES = (0.1, 0.3, 0.5)
SENT_AGAIN = 0.2
DELIVERED_AT_ONCE = 0.2
REVISED = 0.4


@dataclass
class Story:
    """What a few people say to each other on a bad day. `function` is the table as the stream function has it."""

    api: Api
    function: MessageTable
    wire: Wire
    luck: random.Random
    counted: Counter[str]
    people: list[Person] = field(default_factory=list)
    said: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))

    def play(self) -> None:
        self.people = [self.api.person("fault") for _ in range(self.luck.choice(PEOPLE))]
        rate = self.luck.choice(RATES)
        self.wire.reset(lambda operation: self._maybe(rate, operation))
        for number in range(SENDS):
            sender, receiver = self.luck.sample(self.people, 2)
            self._send(sender, receiver, f"message {number}")
            if self.luck.random() < REVISED:
                self._revise(number)
            if self.luck.random() < DELIVERED_AT_ONCE:
                self._deliver()
        self._deliver()
        self.wire.reset()
        self._judge()

    def _maybe(self, rate: float, operation: str) -> Fault | None:
        if self.luck.random() >= rate:
            return None
        self.counted["faults"] += 1
        return self.luck.choice([fault for fault in FAULTS if operation in fault.operations])

    def _send(self, sender: Person, receiver: Person, text: str) -> None:
        """Tries with one key until it is answered, and sometimes once more."""
        group = direct_group_uuid(sender.user.uuid, receiver.user.uuid)
        by_group = bool(self.said[group]) and self.luck.random() < 0.5
        body = {"message": text, **({"message_group_uuid": group} if by_group else {"handle": receiver.user.handle})}
        key = f"{self.luck.getrandbits(64):x}"
        said = self._answer(sender, body, key)
        if self.luck.random() < SENT_AGAIN and self._answer(sender, body, key) != said:
            raise Refuted(f"a key sent again is answered in another way than {said}")
        self.said[group].append(said)
        self.counted["sends"] += 1

    def _revise(self, number: int) -> None:
        """An edit or a deletion of the version that was seen, tried until it is answered: it happens once."""
        group = self.luck.choice(sorted(self.said))
        newest = {said["uuid"]: said for said in self.said[group]}
        seen = newest[self.luck.choice(sorted(newest))]
        sender = next(person for person in self.people if person.user.uuid == seen["user_uuid"])
        path, headers = f"/api/messages/{group}/{seen['uuid']}", {"If-Match": str(seen["rev"])}
        if seen["deleted_at"] is None and self.luck.random() < 0.7:
            text, name = f"edit {number}", "edited_at"
            said = self._try(lambda: sender.request("PATCH", path, json={"message": text}, headers=headers))
        else:
            text, name = "", "deleted_at"
            said = self._try(lambda: sender.request("DELETE", path, headers=headers))
        rev = seen["rev"] + (seen["deleted_at"] is None)
        if said != {**seen, "message": text, "rev": rev, name: said[name]} or said[name] is None:
            raise Refuted(f"{seen} was changed, and answered {said}")
        self.said[group].append(said)
        self.counted["changes"] += 1

    def _answer(self, sender: Person, body: dict[str, str], key: str) -> Answer:
        return self._try(lambda: sender.post("/api/messages", body, **{"Idempotency-Key": key}))

    def _try(self, ask: Callable[[], TestResponse]) -> Answer:
        for _ in range(TRIES):
            self.counted["tries"] += 1
            answer = ask()
            if answer.status_code == 200:
                said: Answer = answer.get_json()
                return said
            if answer.status_code != 503 or "Retry-After" not in answer.headers:
                raise Refuted(f"a fault is answered {answer.status_code} {answer.text}")
        raise Refuted(f"a request is refused {TRIES} times")

    def _deliver(self) -> None:
        """All messages so far, to the stream function, until it has refused none of them."""
        records = {str(number): record for number, record in enumerate(self._records())}
        for _ in range(TRIES):
            if not records:
                return
            numbered = [_numbered(record, number) for number, record in records.items()]
            failed = {
                each["itemIdentifier"]
                for each in handler.apply({"Records": numbered}, self.function)["batchItemFailures"]
            }
            records = {number: record for number, record in records.items() if number in failed}
            self.counted["deliveries"] += 1
        raise Refuted(f"the stream function refuses good records {TRIES} times")

    def _records(self) -> Iterator[Item]:
        for group, answers in self.said.items():
            for said in answers:
                who = (said["user_uuid"], said["display_name"], said["handle"])
                when = (said["edited_at"], said["deleted_at"])
                yield Message(group, said["uuid"], *who, said["message"], said["rev"], *when).to_item()

    def _judge(self) -> None:
        people = {person.user.uuid: person.user for person in self.people}
        reckoning = Reckoning(names={uuid: user.display_name for uuid, user in people.items()})
        judge = Judge(reckoning, self.api.table)
        for uuid, answers in self.said.items():
            two = [
                one for one in people.values() if any(direct_group_uuid(one.uuid, other) == uuid for other in people)
            ]
            group = Group(uuid, two, None)
            group.begin(answers[0], reckoning.names)
            for said in answers:
                group.add(said)
            group.rows = {user.uuid: group.raised(user.uuid, group.versions) for user in two}
            reckoning.groups.append(group)
            judge.rows(group)
        for person in self.people:
            for group in reckoning.of(person.user):
                judge.reads(person, group.uuid, group.seen_by(person.user.uuid, time.time()), 100)
            judge.lists(person, 20)


def _numbered(item: Item, number: str) -> dict[str, Any]:
    keys = {name: item[name] for name in ("pk", "sk")}
    return {"eventName": "INSERT", "dynamodb": {"Keys": keys, "NewImage": item, "SequenceNumber": number}}


def run(arena: Arena, trial: Trial) -> Figures:
    """A round is a story."""
    counted: Counter[str] = Counter()
    client = client_of(load(arena.environment()), "dynamodb")
    function = MessageTable(client, arena.table_name, Uuid7())
    with closing(client), arena.api() as api, wire(api.table, function) as between:
        for seed in trial.rounds():
            # The SDK and the table wait at random before they try again, and time decides whether they may.
            random.seed(seed)
            Story(api, function, between, random.Random(seed), counted).play()  # noqa: S311
            counted["stories"] += 1
            trial.advance(1)
    return {name: counted[name] for name in ("stories", "sends", "changes", "tries", "deliveries", "faults")}
