"""kill -9 of the API in the middle of many sends: what was answered is kept, the rest is completed by its send keys."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from itertools import chain
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from backend_flask.clients import client_of
from backend_flask.lib import deadline
from backend_flask.lib.ddb_items import direct_group_uuid, send_key_key
from backend_flask.settings import load
from dev import dynamodb
from dev.processes import LOOPBACK, Child, free_port
from tests.api import Person
from tests.arena import Arena, table
from tests.proofs.trial import Figures, Refuted, Trial
from tests.servers import Caller, Server, api_server

PEOPLE = 40
SENDS_EACH = 25
# How far around the circle they sit.
FRIENDS = (-2, -1, 1, 2)
TRIES = 5
PATIENCE_SECONDS = 5.0
Said = dict[str, Any]


class Send:
    """One message, its text unlike all others, and what was answered to it."""

    def __init__(self, sender: Person, receiver: Person, key: str, met: set[str]) -> None:
        """`met` are those whom the sender has had an answer about: they have a message group for certain."""
        self.sender = sender
        self.receiver = receiver
        self.key = key
        self.met = met
        self.was_tried = False
        self.answered: Said | None = None

    @property
    def group(self) -> str:
        return direct_group_uuid(self.sender.user.uuid, self.receiver.user.uuid)

    def try_by(self, caller: Caller) -> bool:
        """Whether it was answered. A refusal is no answer: it is to be tried again."""
        is_known = self.receiver.user.uuid in self.met
        to = {"message_group_uuid": self.group} if is_known else {"handle": self.receiver.user.handle}
        self.was_tried = True
        answer = caller.send({"message": f"message {self.key}", **to}, self.key)
        if answer.status == 503:
            return False
        if answer.status != 200 or self.answered not in (None, answer.body):
            raise Refuted(f"one key is answered {self.answered}, and then {answer}")
        self.answered = answer.body
        self.met.add(self.receiver.user.uuid)
        return True


@dataclass
class Engine:
    """A DynamoDB of our own, for its clients are killed while it writes for them: ExtendDB 0.1.10 then may lock its
    database for good, which is until it is started again."""

    arena: Arena
    port: int = field(default_factory=free_port)
    restarts: int = 0
    child: Child | None = None

    def start(self) -> None:
        folder = self.arena.folder
        self.child = dynamodb.start("extenddb", folder / "kill", self.port, folder / f"kill-{self.restarts}.log")

    def stop(self) -> None:
        if self.child:
            self.child.stop()

    def revive(self, arena: Arena) -> None:
        """Starts it again on its data if it does not take a write."""
        with closing(client_of(load(arena.environment()), "dynamodb")) as client:
            deadline.start(PATIENCE_SECONDS)
            try:
                client.put_item(TableName=arena.table_name, Item=send_key_key("probe", "probe"))
            except (BotoCoreError, ClientError, deadline.DeadlineExceeded):
                self._restart()
            finally:
                deadline.clear()

    def _restart(self) -> None:
        """What hangs does not end when it is asked to."""
        if self.child:
            self.child.process.kill()
            self.child.process.wait()
        self.restarts += 1
        self.start()

    @contextmanager
    def up(self) -> Iterator[Arena]:
        """The arena, with this engine and a new table in it."""
        self.start()
        endpoint = f"http://{LOOPBACK}:{self.port}"
        try:
            with table(endpoint) as made:
                yield replace(self.arena, dynamodb_endpoint=endpoint, table_name=made.name)
        finally:
            self.stop()


def run(arena: Arena, trial: Trial) -> Figures:
    counted: Counter[str] = Counter()
    engine = Engine(arena)
    with engine.up() as own, own.api() as api:
        for seed in trial.rounds():
            luck = random.Random(seed)  # noqa: S311
            plan = _planned(luck, [api.person("kill") for _ in range(PEOPLE)])
            sends = list(chain.from_iterable(plan))
            with api_server(own) as server:
                _until_the_kill(server, plan, after=luck.randint(len(sends) // 10, len(sends) * 9 // 10))
            answered = sum(send.answered is not None for send in sends)
            in_doubt = sum(send.was_tried for send in sends) - answered
            engine.revive(own)
            with api_server(own) as server:
                _retry(server.port, plan)
                _look(server.port, sends)
            counted.update(kills=1, sends=len(sends), answered=answered, in_doubt=in_doubt)
            trial.advance(1)
    return {
        "kills": counted["kills"],
        "sends": counted["sends"],
        "answered before the kill and kept": counted["answered"],
        "in doubt and completed by their keys": counted["in_doubt"],
        "sent after it": counted["sends"] - counted["answered"] - counted["in_doubt"],
        "engine restarts": engine.restarts,
    }


def _planned(luck: random.Random, people: list[Person]) -> list[list[Send]]:
    """What each person sends, to friends who write to them as well, so that first messages cross."""
    around = [people[-offset:] + people[:-offset] for offset in FRIENDS]
    return [list(_sends_of(luck, sender, list(friends))) for sender, *friends in zip(people, *around, strict=True)]


def _sends_of(luck: random.Random, sender: Person, friends: list[Person]) -> Iterator[Send]:
    met: set[str] = set()
    for receiver in luck.choices(friends, k=SENDS_EACH):
        yield Send(sender, receiver, f"{luck.getrandbits(64):x}", met)


def _until_the_kill(server: Server, plan: list[list[Send]], after: int) -> None:
    """All send at once; the server is killed at its answer number `after`. What then fails stays unanswered."""
    answers, enough = itertools.count(1), threading.Event()

    def one_by_one(sends: list[Send]) -> None:
        with closing(Caller(server.port, sends[0].sender.token)) as caller:
            for send in sends:
                try:
                    send.try_by(caller)
                except (OSError, HTTPException):
                    if enough.is_set():
                        return
                    raise
                if next(answers) == after:
                    enough.set()
                    server.kill()

    _all_at_once(one_by_one, plan)


def _all_at_once(work: Callable[[list[Send]], None], plan: list[list[Send]]) -> None:
    with ThreadPoolExecutor(len(plan)) as threads:
        for done in [threads.submit(work, sends) for sends in plan]:
            done.result()


def _retry(port: int, plan: list[list[Send]]) -> None:
    """Every send that was not answered goes again with its key, until it is; and each person's first."""

    def one_by_one(sends: list[Send]) -> None:
        with closing(Caller(port, sends[0].sender.token)) as caller:
            for send in sends:
                if send.answered and send is not sends[0]:
                    continue
                if not any(send.try_by(caller) for _ in range(TRIES)):
                    raise Refuted(f"{send.key} is refused {TRIES} times")

    _all_at_once(one_by_one, plan)


def _look(port: int, sends: list[Send]) -> None:
    """Each message is there once, as it was answered, in the order of the uuids, its group in the list of both."""
    said: dict[str, list[Said]] = defaultdict(list)
    groups: dict[str, set[str]] = defaultdict(set)
    tokens: dict[str, str] = {}
    for send in sends:
        said[send.group].append(send.answered or {})
        for person in (send.sender, send.receiver):
            groups[person.user.uuid].add(send.group)
            tokens[person.user.uuid] = person.token
    for user_uuid, mine in groups.items():
        with closing(Caller(port, tokens[user_uuid])) as caller:
            _has_in_list(caller, mine)
            for group in mine & said.keys():
                _holds(caller, group, said.pop(group))


def _holds(caller: Caller, group: str, said: list[Said]) -> None:
    found = [message for page in caller.pages(f"/api/messages/{group}?limit=100") for message in page]
    wanted = sorted(said, key=lambda message: str(message["uuid"]), reverse=True)
    if found != wanted:
        raise Refuted(f"{group} is read as {found} instead of {wanted}")


def _has_in_list(caller: Caller, wanted: set[str]) -> None:
    """The index follows its table within milliseconds."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        rows = [row["uuid"] for page in caller.pages("/api/message_groups?limit=100&counts=0") for row in page]
        if sorted(rows) == sorted(wanted):
            return
        if time.monotonic() > give_up:
            raise Refuted(f"a list holds {rows} instead of {wanted}")
        time.sleep(0.01)
