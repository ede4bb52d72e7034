"""Long histories and long lists, written as fast as an engine takes them, and what may be asked of them."""

from __future__ import annotations

import itertools
import random
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from werkzeug.test import TestResponse

from backend_flask.clients import client_of
from backend_flask.lib.ddb import PATIENCE, MessageTable
from backend_flask.lib.ddb_items import Member, Message
from backend_flask.lib.uuid7 import Uuid7, wall_clock_ms
from backend_flask.settings import load
from tests.api import Api, Person, eventually, pages
from tests.arena import Arena, table
from tests.messages_table import a_person
from tests.proofs.trial import Refuted

# The engine is what takes the time: more writers than these only wait for each other.
WRITERS = 3
# TransactWriteItems takes no more. Two to four times as fast as BatchWriteItem: an engine commits all of them at once.
BATCH = 100
# That take as long to write as one group of a list.
MESSAGES_A_GROUP = 10
# From message to message of a history.
APART_MS = 60_000
# In the middle of what is long, so that not one and the same page is always at hand.
PLACES = 20
PATIENCE_SECONDS = 30
# Units are whole. A page of texts as long as this takes as many with the uuids of 50 members as with those of two.
TEXT = "As long as many a message is: some lines on a telephone, a question, an answer, and perhaps a smile. " * 2


@dataclass(frozen=True)
class Look:
    """What somebody asks for: one of these, by chance."""

    person: Person
    paths: tuple[str, ...]

    def ask(self) -> TestResponse:
        """Raises Refuted if it is not answered 200."""
        path = random.choice(self.paths)  # noqa: S311
        answer = self.person.get(path)
        if answer.status_code != 200:
            raise Refuted(f"{path} is answered {answer.status_code} {answer.text}")
        return answer

    def take(self) -> float:
        """How many seconds it took. Raises Refuted if there is nothing to see."""
        begun = time.perf_counter()
        answer = self.ask()
        taken = time.perf_counter() - begun
        if not answer.get_json():
            raise Refuted(f"{answer.request.path} is answered with nothing")
        return taken


class Histories:
    """Writes groups in which all messages are others', and unread.

    `advance` is told how many messages more are written; a group of a list counts as MESSAGES_A_GROUP.
    """

    def __init__(self, api: Api, made: MessageTable, advance: Callable[[int], object]) -> None:
        self.api = api
        self._table = made
        self._advance = advance

    def group(self, members: int, messages: int) -> dict[str, Look]:
        """What a member of a group with so many messages may ask for."""
        reader = self.api.person("reader")
        first = self._start(reader, members)
        self._advance(1)
        uuids = uuids_until_now(messages - 1)
        batches = [uuids[start : start + BATCH] for start in range(0, len(uuids), BATCH)]
        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(lambda batch: self._write(first, batch), batches))
        eventually(lambda: [row["last_message_uuid"] for row in reader.groups()], [first.message_uuid])
        path = f"/api/messages/{first.message_group_uuid}"
        return {
            "newest page": Look(reader, (path,)),
            "older page": Look(reader, tuple(f"{path}?before={place}" for place in places(uuids))),
            "unread count": Look(reader, ("/api/message_groups",)),
        }

    def list_of(self, groups: int, page: int) -> dict[str, Look]:
        """What somebody with so many groups may ask for, in pages that have less than half of the groups."""
        reader = self.api.person("reader")
        with ThreadPoolExecutor(WRITERS) as threads:
            firsts = list(threads.map(lambda _: self._listed(reader), range(groups)))
        all_of_them = "/api/message_groups?limit=100&counts=0"
        eventually(lambda: sum(map(len, pages(reader, all_of_them))), groups, PATIENCE_SECONDS)
        path = f"/api/message_groups?limit={page}"
        cursors = places(sorted(first.message_uuid for first in firsts))
        return {
            "list": Look(reader, (path,)),
            "list without counts": Look(reader, (f"{path}&counts=0",)),
            "older list without counts": Look(reader, tuple(f"{path}&counts=0&before={cursor}" for cursor in cursors)),
        }

    def _listed(self, reader: Person) -> Message:
        first = self._start(reader, 2)
        self._advance(MESSAGES_A_GROUP)
        return first

    def _start(self, reader: Person, members: int) -> Message:
        # Names that are equally long, for units that are equal.
        sender = Member(str(uuid.uuid4()), "Somebody Else", "somebody")
        others = [a_person() for _ in range(members - 2)]
        return self._table.create_message_group(sender, [reader.member, *others], "Big or small", TEXT)

    def _write(self, like: Message, uuids: list[str]) -> None:
        items = [replace(like, message_uuid=each).to_item() for each in uuids]
        self._table.client.transact_write_items(
            TransactItems=[{"Put": {"TableName": self._table.name, "Item": item}} for item in items]
        )
        self._advance(len(uuids))


@contextmanager
def histories(arena: Arena, advance: Callable[[int], object]) -> Iterator[Histories]:
    """On a table of its own, which has no stream: nobody reads it here, and each record in it would cost time."""
    with table(arena.dynamodb_endpoint) as made:
        made.client.update_table(TableName=made.name, StreamSpecification={"StreamEnabled": False})
        made.client.get_waiter("table_exists").wait(TableName=made.name, WaiterConfig=PATIENCE)
        own = replace(arena, table_name=made.name)
        # To write is faster if the SDK does not look at every attribute first.
        client = client_of(load(own.environment()), "dynamodb", pool=WRITERS, validate=False)
        with own.api() as api, closing(client):
            yield Histories(api, MessageTable(client, made.name, api.stores.make_id), advance)


def uuids_until_now(messages: int) -> list[str]:
    """Of a history in which somebody wrote every minute, oldest first."""
    return list(itertools.islice(_uuids(wall_clock_ms() - messages * APART_MS), messages))


def _uuids(since_ms: int) -> Iterator[str]:
    make_id = Uuid7(clock_ms=itertools.count(since_ms, APART_MS).__next__)
    while True:
        yield make_id()


def places(uuids: list[str]) -> list[str]:
    """Some of these, between the middle and the last quarter; what is before each is at least half of them."""
    middle = uuids[len(uuids) // 2 : len(uuids) // 2 + max(1, len(uuids) // 4)]
    return middle[:: max(1, len(middle) // PLACES)]
