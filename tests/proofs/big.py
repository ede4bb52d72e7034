"""What is big costs the same to read as what is small: a group of very many messages, a group of as many members as
there may be, and a list of very many groups.

Calls and read units are the same, and the latency is within MOST_RATIO.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain

from backend_flask.clients import client_of
from backend_flask.lib.ddb import Item, Message, MessageTable
from backend_flask.lib.metering import Meter, meter
from backend_flask.settings import load
from tests.api import Api, Person, eventually, pages
from tests.arena import Arena, table
from tests.messages_table import a_person
from tests.proofs.trial import Figures, Refuted, Trial

MOST_RATIO = 1.2
# Fewer rounds say nothing of latency.
ROUNDS_TO_TELL = 7
ASKS_A_ROUND = 15
FEW_MESSAGES, FEW_GROUPS = 150, 30
WRITERS = 6
# BatchWriteItem takes no more.
BATCH = 25
BATCH_TRIES = 20
# Units are whole. A page of texts as long as this takes as many with the uuids of 50 members as with those of two.
TEXT = "As long as many a message is: some lines on a telephone, a question, an answer, and perhaps a smile. " * 2


@dataclass(frozen=True)
class Sizes:
    members: int = 50
    groups: int = 2_000
    messages: int = 100_000


@dataclass(frozen=True)
class Look:
    """What somebody asks for."""

    person: Person
    path: str

    def take(self) -> float:
        """How many seconds it took."""
        begun = time.perf_counter()
        answer = self.person.get(self.path)
        taken = time.perf_counter() - begun
        if answer.status_code != 200 or not answer.get_json():
            raise Refuted(f"{self.path} is answered {answer.status_code} {answer.text}")
        return taken


@dataclass(frozen=True)
class Pair:
    """`of` is what is big, `name` what is asked of it."""

    of: str
    name: str
    big: Look
    small: Look

    def ratio(self) -> float:
        """Of the medians, asked in turn, so that what else goes on is on both sides."""
        taken = [(self.big.take(), self.small.take()) for _ in range(ASKS_A_ROUND)]
        return statistics.median(big for big, _ in taken) / statistics.median(small for _, small in taken)


Ratios = dict[Pair, list[float]]


def run(arena: Arena, trial: Trial, sizes: Sizes | None = None) -> Figures:
    with table(arena.dynamodb_endpoint) as made:
        own = replace(arena, table_name=made.name)
        # To write is faster if the SDK does not look at every attribute first.
        client = client_of(load(own.environment()), "dynamodb", pool=WRITERS, validate=False)
        with own.api() as api, closing(client):
            begun = time.monotonic()
            pairs = _pairs(
                Seeds(api, MessageTable(client, made.name, api.stores.make_id), trial.advance), sizes or Sizes()
            )
            seeded_in = time.monotonic() - begun
            counted = meter(api.table.client)
            for pair in pairs:
                _cost_the_same(counted, pair)
            ratios = _ratios(trial, pairs)
    rounds = len(ratios[pairs[0]])
    slower = {pair: statistics.median(found) for pair, found in ratios.items()}
    if rounds >= ROUNDS_TO_TELL and _too_slow(ratios):
        raise Refuted(f"what is big takes longer than what is small: {[(p.of, p.name, n) for p, n in slower.items()]}")
    figures: Figures = {"reads": 2 * ASKS_A_ROUND * rounds * len(pairs), "s to write it all": round(seeded_in)}
    for of in dict.fromkeys(pair.of for pair in pairs):
        slowest = max(ratio for pair, ratio in slower.items() if pair.of == of)
        figures[f"times the latency of a small one at most: {of}"] = round(slowest, 2)
    return figures


def _ratios(trial: Trial, pairs: list[Pair]) -> Ratios:
    """Of each round. A long trial plays some more if its time was too short, or if noise may be the reason."""
    ratios: Ratios = defaultdict(list)
    more = 0 if trial.most_rounds else 2 * ROUNDS_TO_TELL
    for _ in chain(trial.rounds(), range(more)):
        if trial.elapsed > trial.seconds and len(ratios[pairs[0]]) >= ROUNDS_TO_TELL and not _too_slow(ratios):
            break
        for pair in pairs:
            ratios[pair].append(pair.ratio())
            trial.advance(2 * ASKS_A_ROUND)
    return ratios


def _too_slow(ratios: Ratios) -> bool:
    return max(map(statistics.median, ratios.values())) > MOST_RATIO


def _cost_the_same(counted: Meter, pair: Pair) -> None:
    costs = []
    for look in (pair.big, pair.small):
        look.take()
        counted.reset()
        look.take()
        costs.append((sorted(counted.calls), counted.read_units))
    if costs[0] != costs[1]:
        raise Refuted(f"{pair.of}, {pair.name}: big costs {costs[0]}, small {costs[1]}")


def _pairs(seeds: Seeds, sizes: Sizes) -> list[Pair]:
    found = []
    for of, members, messages in [
        (f"{sizes.messages:,} messages", 2, sizes.messages),
        (f"{sizes.members} members", sizes.members, FEW_MESSAGES),
    ]:
        big, small = seeds.group(members, messages), seeds.group(2, FEW_MESSAGES)
        found += [Pair(of, name, big[name], small[name]) for name in big]
    busy, quiet = seeds.reader_of(sizes.groups), seeds.reader_of(FEW_GROUPS)
    paths = {"list": "/api/message_groups", "list without counts": "/api/message_groups?counts=0"}
    of = f"{sizes.groups:,} groups"
    return found + [Pair(of, name, Look(busy, path), Look(quiet, path)) for name, path in paths.items()]


class Seeds:
    """Writes groups in which all messages are others', and unread."""

    def __init__(self, api: Api, made: MessageTable, advance: Callable[[int], object]) -> None:
        self._api = api
        self._table = made
        self._advance = advance

    def group(self, members: int, messages: int) -> dict[str, Look]:
        """What a member of a group like this may ask for."""
        reader = self._api.person("reader")
        first = self._start(reader, members)
        with ThreadPoolExecutor(WRITERS) as threads:
            batches = threads.map(lambda _: self._write(first), range(messages // BATCH))
            uuids = sorted(uuid for batch in batches for uuid in batch)
        self._table.update_message_groups([replace(first, message_uuid=uuids[-1])])
        eventually(lambda: [row["last_message_uuid"] for row in reader.groups()], [uuids[-1]])
        path = f"/api/messages/{first.message_group_uuid}"
        return {
            "newest page": Look(reader, path),
            "older page": Look(reader, f"{path}?before={uuids[len(uuids) // 2]}"),
            "unread count": Look(reader, "/api/message_groups"),
        }

    def reader_of(self, groups: int) -> Person:
        reader = self._api.person("reader")
        with ThreadPoolExecutor(WRITERS) as threads:
            list(threads.map(lambda _: self._start(reader, 2), range(groups)))
        path = "/api/message_groups?limit=100&counts=0"
        eventually(lambda: sum(len(page) for page in pages(reader, path)), groups)
        return reader

    def _start(self, reader: Person, members: int) -> Message:
        sender, *others = [a_person() for _ in range(members - 1)]
        self._advance(0)
        return self._table.create_message_group(sender, [reader.member, *others], "Big or small", TEXT)

    def _write(self, like: Message) -> list[str]:
        """A batch of messages."""
        messages = [replace(like, message_uuid=self._api.stores.make_id()) for _ in range(BATCH)]
        _put_all(self._table, [message.to_item() for message in messages])
        self._advance(0)
        return [message.message_uuid for message in messages]


def _put_all(made: MessageTable, items: list[Item]) -> None:
    """BatchWriteItem gives back what it had no room for."""
    left = {made.name: [{"PutRequest": {"Item": item}} for item in items]}
    for _ in range(BATCH_TRIES):
        left = made.client.batch_write_item(RequestItems=left)["UnprocessedItems"]
        if not left:
            return
        time.sleep(0.1)
    raise TimeoutError("DynamoDB does not take the messages")
