"""Batches of good records among spoiled ones and anything else: the good ones are applied, and the bad ones are named.

What must be named is told here from the record alone, by other words than those of the stream function.
"""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import Phase, given
from hypothesis import seed as seeded
from hypothesis import strategies as st

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import GROUP_SK, Message
from lambdas.cruddur_messaging_stream import handler
from tests.arena import Arena
from tests.messages_table import a_person, row_of
from tests.proofs import corpora
from tests.proofs.trial import Figures, Refuted, Trial, made_up
from tests.stream_records import SECRET, Record, record

BATCHES_A_ROUND = 40
LONGEST_BATCH = 6
PHASES = (Phase.generate, Phase.shrink)
DOCUMENTED = [
    each
    for kind in json.loads((Path(__file__).parents[1] / "unit/lambdas/events.json").read_text(encoding="utf-8"))
    for each in kind["event"]["Records"]
]

LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(corpora.STRINGS) | st.text(max_size=9)
)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["S", "N", "B", "pk", "sk", "Keys", "NewImage", "dynamodb", ""]), inner)
    ),
    max_leaves=8,
) | st.just([[[[[[]]]]]] * 40)
WHERE = st.integers(0, 60)
CHANGE = st.tuples(st.sampled_from(["drop", "retype", "swap"]), WHERE, WHERE, ANYTHING)


@dataclass(frozen=True)
class Slot:
    """What stands at one place of a batch. `changes` are made to it; a good one has none."""

    kind: str
    group: int
    name: str
    changes: tuple[tuple[str, int, int, Any], ...] = ()
    value: Any = None


GROUPS, NAMES = st.integers(0, 1), st.sampled_from(["INSERT", "MODIFY"])
GOOD = st.builds(Slot, st.just("good"), GROUPS, NAMES)
SPOILED = st.builds(Slot, st.just("ours"), GROUPS, NAMES, st.lists(CHANGE, min_size=1, max_size=3).map(tuple))
OTHERS = st.builds(
    Slot, st.just("documented"), GROUPS, NAMES, st.lists(CHANGE, max_size=2).map(tuple), st.sampled_from(DOCUMENTED)
)
ODD = st.builds(Slot, st.just("anything"), GROUPS, NAMES, value=ANYTHING)
BATCHES = st.lists(GOOD | GOOD | SPOILED | SPOILED | OTHERS | ODD, max_size=LONGEST_BATCH)


class Watched:
    """A table that remembers which messages it has applied."""

    def __init__(self, table: MessageTable) -> None:
        self._table = table
        self.applied: set[tuple[str, str]] = set()

    def update_message_groups(self, messages: Iterable[Message]) -> None:
        given = list(messages)
        self._table.update_message_groups(given)
        self.applied |= {(f"MSG#{each.message_group_uuid}", each.message_uuid) for each in given}

    def refresh_message_group(self, group_uuid: str) -> None:
        self._table.refresh_message_group(group_uuid)
        self.applied.add((f"MSG#{group_uuid}", GROUP_SK))


def run(arena: Arena, trial: Trial) -> Figures:
    seen: Counter[str] = Counter()
    with arena.api() as api:
        for seed in trial.rounds():
            Round(api.table, seen).play(seed)
            trial.advance(BATCHES_A_ROUND)
    return {"batches": seen["batches"], "records": seen["records"], "good": seen["good"], "named": seen["named"]}


class Round:
    """Two message groups with as many messages as a batch has places, of which no row knows yet."""

    def __init__(self, table: MessageTable, seen: Counter[str]) -> None:
        self.table = table
        self.seen = seen
        me = a_person()
        self.members, self.said = [], []
        for other in (a_person(), a_person()):
            said = [table.create_direct_message(me, other, SECRET)]
            said += [
                table.create_message((me, other)[number % 2], said[0].message_group_uuid, SECRET)
                for number in range(LONGEST_BATCH)
            ]
            self.members.append((me, other))
            self.said.append(said)
        self.rows = [
            row_of(table, member.uuid, said[0].message_group_uuid)
            for members, said in zip(self.members, self.said, strict=True)
            for member in members
        ]
        self.names = {text for members in self.members for member in members for text in (member.display_name, SECRET)}

    def play(self, seed: int) -> None:
        @seeded(seed)
        @made_up(BATCHES_A_ROUND, PHASES)
        @given(BATCHES)
        def hand_over(batch: list[Slot]) -> None:
            self.hand_over(batch)

        hand_over()

    def hand_over(self, batch: list[Slot]) -> None:
        for row in self.rows:
            self.table.client.put_item(TableName=self.table.name, Item=row)
        # Nothing but JSON comes to Lambda.
        records = json.loads(json.dumps([self._record(place, slot) for place, slot in enumerate(batch)]))
        table, lines = Watched(self.table), list[object]()
        with patch.object(handler, "_log", lambda *said, **fields: lines.append((said, fields))):
            answer = handler.apply({"Records": records}, table)  # type: ignore[arg-type]
        named = [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
        self._expect(answer, {"batchItemFailures": [{"itemIdentifier": number} for number in named]}, "answer")
        wanted = [number_of(each) for each in records if not is_none_of_ours(each) and of(each) not in table.applied]
        self._expect(sorted(named), sorted(wanted), "named")
        for group in {slot.group for slot in batch if slot.kind == "good"}:
            self._is_applied(
                group, [place for place, slot in enumerate(batch) if (slot.kind, slot.group) == ("good", group)]
            )
        self._expect([name for name in self.names if name in str(lines)], [], "in the log")
        self.seen.update(
            batches=1, records=len(batch), named=len(named), good=sum(each.kind == "good" for each in batch)
        )

    def _record(self, place: int, slot: Slot) -> Any:
        if slot.kind == "anything":
            return slot.value
        message = self.said[slot.group][place + 1]
        made = record(message.to_item(), 10**20 + place, slot.name) if slot.value is None else copy.deepcopy(slot.value)
        for change in slot.changes:
            spoil(made, *change)
        return made

    def _is_applied(self, group: int, places: list[int]) -> None:
        newest = self.said[group][max(places) + 1]
        for member in self.members[group]:
            row = row_of(self.table, member.uuid, newest.message_group_uuid) or {}
            if row["last_message_uuid"]["S"] < newest.message_uuid:
                raise Refuted(f"a good record was not applied: {row} lacks {newest}")

    def _expect(self, found: object, wanted: object, what: str) -> None:
        if found != wanted:
            raise Refuted(f"{what}: wanted {wanted}, found {found}")


def spoil(made: Record, how: str, where: int, other: int, value: Any) -> None:
    """Drops a part of a record, at any depth, puts anything in its place, or lets it change places with another."""
    parts = list(_parts(made))
    if not parts:
        return
    holder, name = parts[where % len(parts)]
    if how == "drop":
        del holder[name]
    elif how == "retype":
        holder[name] = copy.deepcopy(value)
    else:
        second, second_name = parts[other % len(parts)]
        holder[name], second[second_name] = copy.deepcopy(second[second_name]), copy.deepcopy(holder[name])


def _parts(node: Any) -> Iterable[tuple[Any, Any]]:
    names = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    for name in names:
        yield node, name
        yield from _parts(node[name])


def is_none_of_ours(each: Any) -> bool:
    """Whether a record is whole as far as it says that it is of no message and of no message group that has changed,
    or of something that was removed."""
    match each:
        case {"eventName": "REMOVE"}:
            return True
        case {"eventName": "INSERT", "dynamodb": {"Keys": {"pk": {"S": str(pk)}, "sk": {"S": "~GROUP"}}}}:
            return is_text(pk)
        case {"eventName": "INSERT" | "MODIFY", "dynamodb": {"Keys": {"pk": {"S": str(pk)}, "sk": {"S": str(sk)}}}}:
            return is_text(pk + sk) and not pk.startswith("MSG#")
    return False


def of(each: Any) -> tuple[object, object] | None:
    """The key of the message that a record brings, or of the message group that has changed."""
    match each:
        case {"eventName": "MODIFY", "dynamodb": {"Keys": {"pk": {"S": str(pk)}, "sk": {"S": "~GROUP"}}}}:
            return pk, GROUP_SK
        case {"dynamodb": {"NewImage": {"pk": {"S": str(pk)}, "sk": {"S": str(sk)}}}}:
            return pk, sk
    return None


def number_of(each: Any) -> str:
    match each:
        case {"dynamodb": {"SequenceNumber": str(number)}} if 0 < len(number) <= 40 and set(number) <= set(
            "0123456789"
        ):
            return number
    return ""


def is_text(text: str) -> bool:
    """UTF-8 has no half surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
