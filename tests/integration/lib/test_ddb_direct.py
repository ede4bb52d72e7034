"""D: one look at the sender's own row decides what a send to a person costs; who is asked before; and who races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from backend_flask.lib.ddb import MessageTable, SendKeyReused
from backend_flask.lib.ddb_items import Member, direct_group_uuid, row_key, send_key_key
from backend_flask.lib.metering import Meter, meter
from tests.messages_table import a_person, row_of, stored

KEYS = pytest.mark.parametrize("send_key", [None, "a key"])


class Refused(Exception):
    """As a limit refuses."""


@dataclass
class Till:
    """Notes what is taken, by whether it is a new group, and what is given back."""

    taken: list[bool] = field(default_factory=list)
    given_back: int = 0
    meanwhile: Callable[[], object] = lambda: None

    def take(self, is_new: bool) -> Callable[[], None]:
        self.taken.append(is_new)
        self.meanwhile()
        return self._give_back

    def _give_back(self) -> None:
        self.given_back += 1


@pytest.fixture
def spent(client: Any) -> Meter:
    return meter(client)


def costs(spent: Meter, send: Callable[[], object]) -> tuple[list[str], float, float]:
    spent.reset()
    send()
    return spent.calls[:], spent.read_units, spent.write_units


@KEYS
def test_a_group_that_is_there_costs_what_a_message_in_it_costs(
    table: MessageTable, me: Member, you: Member, spent: Meter, send_key: str | None
) -> None:
    group = table.create_direct_message(me, you, "first").message_group_uuid
    to_group = costs(spent, lambda: table.create_message(you, group, "hello", send_key and "another"))
    assert costs(spent, lambda: table.create_direct_message(you, me, "hello", send_key)) == to_group
    assert to_group[0] == ["GetItem", "PutItem"] + ["PutItem"] * bool(send_key)


@KEYS
def test_a_new_group_costs_two_looks_and_one_transaction(
    table: MessageTable, me: Member, you: Member, spent: Meter, send_key: str | None
) -> None:
    calls, read, write = costs(spent, lambda: table.create_direct_message(me, you, "hello", send_key))
    assert calls == ["GetItem"] + ["PutItem"] * bool(send_key) + ["GetItem", "TransactWriteItems"]
    assert read == 2
    assert 8 <= write - bool(send_key) <= 12


@KEYS
def test_who_started_the_group_and_tries_again_starts_none(
    table: MessageTable, me: Member, you: Member, send_key: str | None
) -> None:
    till = Till()
    sent = [table.create_direct_message(me, you, "hello", send_key, till.take) for _ in range(3)]
    assert (till.taken, till.given_back) == ([True, False, False], 0)
    assert len(stored(table, sent[0].message_group_uuid)) == len(set(sent)) == (1 if send_key else 3)


@KEYS
def test_a_group_that_another_starts_after_the_look_is_gone_on_in(
    table: MessageTable, me: Member, you: Member, spent: Meter, send_key: str | None
) -> None:
    first = []

    def start_it() -> None:
        first.append(table.create_direct_message(you, me, "I was first"))
        spent.reset()

    till = Till(meanwhile=start_it)
    sent = table.create_direct_message(me, you, "hello", send_key, till.take)
    assert spent.calls == ["PutItem"] * bool(send_key) + ["GetItem", "TransactWriteItems", "GetItem", "PutItem"]
    assert (till.taken, till.given_back) == ([True], 1)
    assert stored(table, sent.message_group_uuid) == [*first, sent]


def test_of_many_who_start_one_group_all_but_one_get_it_back(table: MessageTable, me: Member, you: Member) -> None:
    till = Till()
    people = [(me, you), (you, me)] * 4
    with ThreadPoolExecutor(8) as pool:
        sent = list(
            pool.map(lambda pair: table.create_direct_message(pair[0], pair[1], "hello", None, till.take), people)
        )
    assert till.given_back == till.taken.count(True) - 1
    assert len(stored(table, sent[0].message_group_uuid)) == 8


def test_one_key_sent_at_once_starts_one_group_and_no_more_is_taken(
    table: MessageTable, me: Member, you: Member
) -> None:
    till = Till()
    with ThreadPoolExecutor(8) as pool:
        sent = set(pool.map(lambda _: table.create_direct_message(me, you, "once", "a key", till.take), range(8)))
    assert till.given_back == till.taken.count(True) - 1
    assert stored(table, direct_group_uuid(me.uuid, you.uuid)) == [*sent]


def test_a_key_used_for_something_else_gives_back_what_was_taken(table: MessageTable, me: Member, you: Member) -> None:
    till = Till()
    table.create_direct_message(me, a_person(), "hello", "a key")
    with pytest.raises(SendKeyReused):
        table.create_direct_message(me, you, "hello", "a key", till.take)
    assert (till.taken, till.given_back) == ([True], 1)
    assert stored(table, direct_group_uuid(me.uuid, you.uuid)) == []


def test_who_is_refused_leaves_nothing_behind_and_may_use_the_key_later(
    table: MessageTable, me: Member, you: Member, spent: Meter
) -> None:
    def refuse(_: bool) -> Callable[[], None]:
        raise Refused

    for group_is_there in (False, True):
        spent.reset()
        with pytest.raises(Refused):
            table.create_direct_message(me, you, f"hello {group_is_there}", f"{group_is_there}", refuse)
        assert (spent.calls, spent.write_units) == (["GetItem"], 0)
        key = send_key_key(me.uuid, f"{group_is_there}")
        assert "Item" not in table.client.get_item(TableName=table.name, Key=key, ConsistentRead=True)
        sent = table.create_direct_message(me, you, f"hello {group_is_there}", f"{group_is_there}")
        assert stored(table, sent.message_group_uuid)[-1] == sent


def test_who_has_lost_their_row_can_send_all_the_same(table: MessageTable, me: Member, you: Member) -> None:
    till = Till()
    first = table.create_direct_message(me, you, "first")
    table.client.delete_item(TableName=table.name, Key=row_key(me.uuid, first.message_group_uuid))
    sent = table.create_direct_message(me, you, "second", None, till.take)
    assert (till.taken, till.given_back) == ([True], 1)
    assert stored(table, first.message_group_uuid) == [first, sent]
    assert row_of(table, me.uuid, first.message_group_uuid) is None, "bin/ddb/verify makes it anew"
