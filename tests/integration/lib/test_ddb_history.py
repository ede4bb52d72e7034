"""A year of history, read page by page while people go on writing."""

from collections.abc import Iterator

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_items import Member, Message
from backend_flask.lib.uuid7 import Uuid7
from tests.messages_table import a_person, stored

NOON = 1_795_262_400_000
YEAR_MS = 365 * 86_400_000


class Clock:
    ms = NOON - YEAR_MS

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def past(table: MessageTable, clock: Clock) -> MessageTable:
    """The same table at the clock's time."""
    return MessageTable(table.client, table.name, Uuid7(clock))


def pages(table: MessageTable, reader: Member, group: str, limit: int) -> Iterator[list[Message]]:
    page = table.list_messages(reader.uuid, group, limit)
    yield page.items
    while page.more:
        page = table.list_messages(reader.uuid, group, limit, before=page.items[-1].message_uuid)
        yield page.items


def test_a_year_is_paged_without_repeat_and_gap_while_new_messages_arrive(past: MessageTable, clock: Clock) -> None:
    me, you = a_person(), a_person()
    group = past.create_direct_message(me, you, "message 0").message_group_uuid
    for number in range(1, 500):
        clock.ms = NOON - YEAR_MS + number * YEAR_MS // 500
        past.create_message((me, you)[number % 2], group, f"message {number}")

    clock.ms = NOON
    read: list[Message] = []
    for page in pages(past, you, group, 37):
        read += page
        past.create_message(me, group, "meanwhile")

    assert [message.message for message in read] == [f"message {number}" for number in reversed(range(500))]
    assert [message.created_at for message in read] == sorted((each.created_at for each in read), reverse=True)
    assert {message.created_at[:7] for message in read} >= {f"2026-{month:02}" for month in range(1, 12)}
    assert len(stored(past, group)) == 500 + 14


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_every_size_of_page_gives_the_same_messages(past: MessageTable, clock: Clock, limit: int) -> None:
    me, you = a_person(), a_person()
    sent = [past.create_direct_message(me, you, "0")]
    for number in range(1, 7):
        clock.ms += 1
        sent.append(past.create_message(me, sent[0].message_group_uuid, str(number)))
    read = [message for page in pages(past, me, sent[0].message_group_uuid, limit) for message in page]
    assert read == sent[::-1]


def test_messages_of_one_millisecond_are_all_kept_in_the_order_of_sending(past: MessageTable) -> None:
    me, you = a_person(), a_person()
    sent = [past.create_direct_message(me, you, "0")]
    sent += [past.create_message((me, you)[number % 2], sent[0].message_group_uuid, str(number)) for number in range(9)]
    assert len({message.created_at for message in sent}) == 1
    read = [message for page in pages(past, you, sent[0].message_group_uuid, 2) for message in page]
    assert read == sent[::-1]


def test_a_clock_that_steps_back_does_not_put_a_message_below_older_ones(past: MessageTable, clock: Clock) -> None:
    me, you = a_person(), a_person()
    sent = [past.create_direct_message(me, you, "before")]
    clock.ms -= 3_600_000
    sent.append(past.create_message(you, sent[0].message_group_uuid, "after"))
    assert past.list_messages(me.uuid, sent[0].message_group_uuid, 10).items == sent[::-1]


@pytest.mark.parametrize("seconds_before_new_year", [1, 0])
def test_new_years_eve_is_a_day_like_any_other(past: MessageTable, clock: Clock, seconds_before_new_year: int) -> None:
    me, you = a_person(), a_person()
    clock.ms = 1_798_761_600_000 - seconds_before_new_year * 1_000  # 2027-01-01T00:00:00Z
    sent = [past.create_direct_message(me, you, "happy")]
    clock.ms += 1_000
    sent.append(past.create_message(you, sent[0].message_group_uuid, "new year"))
    assert past.list_messages(me.uuid, sent[0].message_group_uuid, 10).items == sent[::-1]
    assert sent[1].created_at.startswith("2027-01-01T00:00:0")
