"""One direct message group per pair, and transactions that meet."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backend_flask.lib.ddb import MAX_MEMBERS, MessageTable
from backend_flask.lib.ddb_items import Member, MessageGroup, direct_group_uuid, message_key
from backend_flask.lib.metering import meter
from backend_flask.lib.uuid7 import Uuid7
from tests.messages_table import a_person, error, eventually, refuse, row_of, stored

CONFLICT = error("TransactionConflictException")


def cancelled(*reasons: str) -> dict[str, Any]:
    return error("TransactionCanceledException", CancellationReasons=[{"Code": reason} for reason in reasons])


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def patient(client: Any, table: MessageTable, waits: list[float]) -> MessageTable:
    """A table that notes its waits instead of waiting."""
    return MessageTable(client, table.name, Uuid7(), sleep=waits.append)


def members_of(table: MessageTable, group_uuid: str) -> set[str]:
    found = table.client.get_item(TableName=table.name, Key=message_key(group_uuid, "~GROUP"), ConsistentRead=True)
    return set(found["Item"]["member_uuids"]["SS"])


def listed(table: MessageTable, owner: Member, newest: str) -> list[str]:
    """The owner's message groups, once the newest of them shows this message."""
    rows = eventually(
        lambda: table.list_message_groups(owner.uuid, 10, counts=False).items,
        lambda found: [each.last_message_uuid for each in found[:1]] == [newest],
    )
    return [each.uuid for each in rows]


def test_first_messages_that_cross_make_one_group(table: MessageTable) -> None:
    me, you = a_person(), a_person()
    people = [(me, you), (you, me)] * 8

    with ThreadPoolExecutor(16) as pool:
        sent = list(pool.map(lambda pair: table.create_direct_message(pair[0], pair[1], "hello"), people))

    (group,) = {message.message_group_uuid for message in sent}
    assert group == direct_group_uuid(me.uuid, you.uuid)
    assert members_of(table, group) == {me.uuid, you.uuid}
    assert {message.message_uuid for message in stored(table, group)} == {message.message_uuid for message in sent}
    assert len(stored(table, group)) == 16
    table.update_message_groups(stored(table, group))
    newest = max(message.message_uuid for message in sent)
    for owner, other in ((me, you), (you, me)):
        item = row_of(table, owner.uuid, group)
        assert item
        row = MessageGroup.from_item(item)
        assert (row.other, row.last_message_uuid) == (other, newest)
        assert listed(table, owner, newest) == [group]


def test_an_attempt_to_start_the_group_again_changes_nothing_of_it(table: MessageTable) -> None:
    me, you = a_person(), a_person()
    sent = table.create_direct_message(me, you, "hello")
    renamed = Member(you.uuid, "Somebody Else", "else")
    before = [row_of(table, each.uuid, sent.message_group_uuid) for each in (me, you)]
    table.create_direct_message(renamed, me, "hello again")
    assert [row_of(table, each.uuid, sent.message_group_uuid) for each in (me, you)] == before


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (cancelled("TransactionConflict", "None", "None", "None"), 1),
        (cancelled("None", "TransactionConflict", "None", "TransactionConflict"), 3),
        (error("TransactionInProgressException"), 2),
    ],
)
def test_a_conflict_of_transactions_is_tried_again(
    client: Any, patient: MessageTable, waits: list[float], fault: dict[str, Any], times: int
) -> None:
    refused = refuse(client, "TransactWriteItems", fault, times)
    sent = patient.create_direct_message(a_person(), a_person(), "hello")
    assert stored(patient, sent.message_group_uuid) == [sent]
    assert len(refused) == times
    if fault != error("TransactionInProgressException"):
        # The SDK itself tries this one again, so that less or nothing is left to us.
        assert len(waits) == times


def test_a_conflict_that_does_not_end_is_given_up_and_nothing_is_written(
    client: Any, patient: MessageTable, waits: list[float]
) -> None:
    me, you = a_person(), a_person()
    refused = refuse(client, "TransactWriteItems", cancelled("TransactionConflict", "None", "None", "None"))
    with pytest.raises(client.exceptions.TransactionCanceledException):
        patient.create_direct_message(me, you, "hello")
    assert len(refused) == 4
    assert len(waits) == 3
    assert sum(waits) <= 1
    assert stored(patient, direct_group_uuid(me.uuid, you.uuid)) == []


def test_a_conflict_on_a_row_is_tried_again(client: Any, patient: MessageTable, waits: list[float]) -> None:
    me, you = a_person(), a_person()
    sent = patient.create_direct_message(me, you, "hello")
    newer = patient.create_message(me, sent.message_group_uuid, "newer")
    refused = refuse(client, "UpdateItem", CONFLICT, 2)
    patient.update_message_groups([newer])
    assert len(refused) == len(waits) == 2
    for owner in (me, you):
        row = row_of(patient, owner.uuid, sent.message_group_uuid)
        assert row
        assert row["message"] == {"S": "newer"}


def test_a_conflict_on_a_row_that_does_not_end_is_given_up(
    client: Any, patient: MessageTable, waits: list[float]
) -> None:
    sent = patient.create_direct_message(a_person(), a_person(), "hello")
    refused = refuse(client, "UpdateItem", CONFLICT)
    with pytest.raises(ClientError, match="TransactionConflict"):
        patient.mark_read(sent.user_uuid, sent.message_group_uuid, Uuid7()())
    assert len(refused) == 4
    assert len(waits) == 3


@pytest.mark.parametrize("operation", ["PutItem"])
def test_a_conflict_on_a_message_is_tried_again(
    client: Any, patient: MessageTable, waits: list[float], operation: str
) -> None:
    # Two retries of one send key may meet: one in its transaction, one in its put of the same message.
    me = a_person()
    sent = patient.create_direct_message(me, a_person(), "hello")
    refused = refuse(client, operation, CONFLICT, 1)
    newer = patient.create_message(me, sent.message_group_uuid, "newer", "a key")
    assert len(refused) == len(waits) == 1
    assert stored(patient, sent.message_group_uuid) == [sent, newer]


def test_another_reason_of_a_cancelled_transaction_is_not_tried_again(
    client: Any, patient: MessageTable, waits: list[float]
) -> None:
    refused = refuse(client, "TransactWriteItems", cancelled("ValidationError", "None", "None", "None"))
    with pytest.raises(client.exceptions.TransactionCanceledException):
        patient.create_direct_message(a_person(), a_person(), "hello")
    assert len(refused) == 1
    assert waits == []


# Groups of three and more


def test_the_largest_group_is_made_in_one_transaction(client: Any, table: MessageTable) -> None:
    people = [a_person() for _ in range(MAX_MEMBERS)]
    spent = meter(client)
    first = table.create_message_group(people[0], people[1:], "Everybody", "welcome")
    assert spent.calls == ["TransactWriteItems"]
    assert members_of(table, first.message_group_uuid) == {person.uuid for person in people}
    for person in (people[0], people[1], people[-1]):
        item = row_of(table, person.uuid, first.message_group_uuid)
        assert item
        row = MessageGroup.from_item(item)
        assert (row.title, row.members, row.other, row.message) == ("Everybody", MAX_MEMBERS, None, "welcome")
        assert row.unread == (person is not people[0])


def test_every_member_of_the_largest_group_gets_the_newest_message(client: Any, table: MessageTable) -> None:
    people = [a_person() for _ in range(MAX_MEMBERS)]
    first = table.create_message_group(people[0], people[1:], "Everybody", "welcome")
    newer = table.create_message(people[7], first.message_group_uuid, "thanks")
    spent = meter(client)
    table.update_message_groups([first, newer])
    assert spent.calls == ["GetItem"] + ["UpdateItem"] * MAX_MEMBERS
    rows = [row_of(table, person.uuid, first.message_group_uuid) for person in people]
    assert all(row and row["message"] == {"S": "thanks"} for row in rows)


def test_two_groups_of_the_same_people_are_two(table: MessageTable) -> None:
    people = [a_person() for _ in range(3)]
    groups = {table.create_message_group(people[0], people[1:], "Twice", "hello").message_group_uuid for _ in range(2)}
    assert len(groups) == 2


def test_a_group_of_more_members_than_fit_is_refused_and_nothing_is_written(client: Any, table: MessageTable) -> None:
    people = [a_person() for _ in range(MAX_MEMBERS + 1)]
    spent = meter(client)
    with pytest.raises(ValueError, match="50"):
        table.create_message_group(people[0], people[1:], "Too many", "hello")
    assert spent.calls == []


def test_members_that_are_one_person_are_refused(client: Any, table: MessageTable) -> None:
    me = a_person()
    spent = meter(client)
    with pytest.raises(ValueError, match="member"):
        table.create_message_group(me, [me, a_person()], "Twice", "hello")
    with pytest.raises(ValueError, match="member"):
        table.create_direct_message(me, me, "hello", "a key")
    assert spent.calls == []
