"""What `bin/prove model` has found, each as short as it can be told."""

from __future__ import annotations

import pytest

from backend_flask.lib.ddb import MessageNotFound, MessageTable
from backend_flask.lib.ddb_items import NO_MESSAGE, Member, MessageGroup
from backend_flask.lib.ddb_members import Membership
from backend_flask.lib.uuid7 import Uuid7
from tests.messages_table import row_of


@pytest.fixture
def membership(table: MessageTable) -> Membership:
    return Membership(table, Uuid7())


def row(table: MessageTable, owner: Member, group: str) -> MessageGroup:
    found = row_of(table, owner.uuid, group)
    assert found
    return MessageGroup.from_item(found)


def test_nobody_marks_as_read_what_a_block_keeps_away(
    table: MessageTable, membership: Membership, me: Member, you: Member
) -> None:
    membership.block(me, you)
    unheard = table.create_direct_message(you, me, "do you hear me?")
    with pytest.raises(MessageNotFound):
        table.mark_read(me.uuid, unheard.message_group_uuid, unheard.message_uuid)
    assert row(table, me, unheard.message_group_uuid).read_up_to == NO_MESSAGE
