"""One send key, one message, whatever is lost, repeated or sent at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backend_flask.lib.ddb import MessageGroupNotFound, MessageTable, SendKeyReused
from backend_flask.lib.ddb_items import Member, Message, direct_group_uuid
from backend_flask.lib.uuid7 import Uuid7
from tests.messages_table import a_person, lose_answers, stored

WEEK = 7 * 86_400


class Crash(BaseException):
    """The process ends here."""


class TestClock:
    __test__ = False

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def group(table: MessageTable, me: Member, you: Member) -> str:
    return table.create_direct_message(me, you, "first").message_group_uuid


def texts(table: MessageTable, group: str) -> list[str]:
    return [each.message for each in stored(table, group)]


def crash_before(client: Any, operation: str, call: int) -> None:
    """The process ends instead of the `call`th of these operations."""
    seen: list[int] = []

    def count(**_: Any) -> None:
        seen.append(1)
        if len(seen) == call:
            raise Crash

    client.meta.events.register(f"before-send.dynamodb.{operation}", count)


# Sent again by the client


def test_the_same_key_and_message_give_the_first_message_again(table: MessageTable, me: Member, group: str) -> None:
    sent = table.create_message(me, group, "once", "a key")
    assert table.create_message(me, group, "once", "a key") == sent
    assert texts(table, group) == ["first", "once"]


def test_a_direct_message_is_sent_once_for_a_key(table: MessageTable, me: Member, you: Member) -> None:
    sent = table.create_direct_message(me, you, "once", "a key")
    assert table.create_direct_message(me, you, "once", "a key") == sent
    # By the message group's uuid it is the same request.
    assert table.create_message(me, sent.message_group_uuid, "once", "a key") == sent
    assert texts(table, sent.message_group_uuid) == ["once"]


@pytest.mark.parametrize("length", [1, 128])
def test_the_shortest_and_the_longest_key_work(table: MessageTable, me: Member, group: str, length: int) -> None:
    sent = table.create_message(me, group, "once", "~" * length)
    assert table.create_message(me, group, "once", "~" * length) == sent


def test_a_key_reused_for_another_message_is_refused(table: MessageTable, me: Member, group: str) -> None:
    table.create_message(me, group, "once", "a key")
    with pytest.raises(SendKeyReused):
        table.create_message(me, group, "another", "a key")
    assert texts(table, group) == ["first", "once"]


def test_a_key_reused_for_another_group_is_refused(table: MessageTable, me: Member, group: str) -> None:
    third = a_person()
    table.create_message(me, group, "once", "a key")
    with pytest.raises(SendKeyReused):
        table.create_direct_message(me, third, "once", "a key")
    assert texts(table, direct_group_uuid(me.uuid, third.uuid)) == []


def test_two_people_may_use_the_same_key(table: MessageTable, me: Member, you: Member, group: str) -> None:
    table.create_message(me, group, "mine", "a key")
    table.create_message(you, group, "yours", "a key")
    assert texts(table, group) == ["first", "mine", "yours"]


def test_a_stranger_does_not_use_up_a_key(table: MessageTable, group: str) -> None:
    stranger = a_person()
    with pytest.raises(MessageGroupNotFound):
        table.create_message(stranger, group, "hello", "a key")
    sent = table.create_direct_message(stranger, a_person(), "hello", "a key")
    assert sent.message == "hello"


# Time


def test_a_key_holds_for_a_week_and_can_be_used_again_after_it(
    client: Any, table: MessageTable, me: Member, group: str
) -> None:
    clock = TestClock(1_795_262_400.9)
    later = MessageTable(client, table.name, Uuid7(), clock)
    sent = later.create_message(me, group, "once", "a key")
    key = {"pk": {"S": f"KEY#{me.uuid}"}, "sk": {"S": "a key"}}
    item = client.get_item(TableName=table.name, Key=key, ConsistentRead=True)["Item"]
    assert item["expires_at"] == {"N": str(1_795_262_400 + WEEK)}
    clock.now += WEEK
    assert later.create_message(me, group, "once", "a key") == sent
    clock.now += 1
    again = later.create_message(me, group, "another", "a key")
    assert again.message_uuid > sent.message_uuid
    assert later.create_message(me, group, "another", "a key") == again
    assert texts(table, group) == ["first", "once", "another"]


# Answers that are lost


def test_a_lost_answer_to_a_message_gives_one_message(client: Any, table: MessageTable, me: Member, group: str) -> None:
    lost = lose_answers(client, "PutItem")
    sent = table.create_message(me, group, "once")
    assert lost == [200]
    assert stored(table, group)[1:] == [sent]


def test_lost_answers_to_key_and_message_give_one_message(
    client: Any, table: MessageTable, me: Member, group: str
) -> None:
    lost = lose_answers(client, "PutItem", 2)
    sent = table.create_message(me, group, "once", "a key")
    assert len(lost) == 2
    assert stored(table, group)[1:] == [sent]
    assert table.create_message(me, group, "once", "a key") == sent


@pytest.mark.parametrize("send_key", [None, "a key"])
def test_a_lost_answer_to_a_first_message_gives_one_message(
    client: Any, table: MessageTable, me: Member, you: Member, send_key: str | None
) -> None:
    lost = lose_answers(client, "TransactWriteItems")
    sent = table.create_direct_message(me, you, "once", send_key)
    assert lost == [200]
    assert stored(table, sent.message_group_uuid) == [sent]


# Crashes


def test_a_crash_between_key_and_message_is_completed_by_the_retry(
    client: Any, table: MessageTable, me: Member, group: str
) -> None:
    crash_before(client, "PutItem", 2)
    with pytest.raises(Crash):
        table.create_message(me, group, "once", "a key")
    assert texts(table, group) == ["first"]
    key = {"pk": {"S": f"KEY#{me.uuid}"}, "sk": {"S": "a key"}}
    promised = client.get_item(TableName=table.name, Key=key, ConsistentRead=True)["Item"]["message_uuid"]["S"]
    sent = table.create_message(me, group, "once", "a key")
    assert sent.message_uuid == promised
    assert stored(table, group)[1:] == [sent]


def test_a_crash_before_the_transaction_is_completed_by_the_retry(
    client: Any, table: MessageTable, me: Member, you: Member
) -> None:
    crash_before(client, "TransactWriteItems", 1)
    with pytest.raises(Crash):
        table.create_direct_message(me, you, "once", "a key")
    sent = table.create_direct_message(me, you, "once", "a key")
    assert stored(table, sent.message_group_uuid) == [sent]
    assert len(table.list_messages(you.uuid, sent.message_group_uuid, 10).items) == 1


# Many at once


@pytest.mark.parametrize("new_group", [False, True])
def test_one_key_sent_by_eight_threads_is_one_message(
    table: MessageTable, me: Member, you: Member, new_group: bool
) -> None:
    group = direct_group_uuid(me.uuid, you.uuid)
    if not new_group:
        table.create_direct_message(me, you, "first")

    def send(_: int) -> Message:
        if new_group:
            return table.create_direct_message(me, you, "once", "a key")
        return table.create_message(me, group, "once", "a key")

    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(send, range(8)))
    assert len(set(sent)) == 1
    assert [each for each in stored(table, group) if each.message == "once"] == [sent[0]]


def test_one_key_with_different_messages_at_once_keeps_one(table: MessageTable, me: Member, group: str) -> None:
    def send(number: int) -> str:
        try:
            return table.create_message(me, group, f"text {number}", "a key").message
        except SendKeyReused:
            return ""

    with ThreadPoolExecutor(8) as pool:
        kept = [text for text in pool.map(send, range(8)) if text]
    assert len(kept) == 1
    assert texts(table, group) == ["first", *kept]
