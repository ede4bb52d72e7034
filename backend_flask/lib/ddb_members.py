"""Who is in a message group, what it is called, how long its messages live, and what a member does with their own side.

| what | method | calls |
|---|---|---|
| a message group, one's own side of it | `read`, `read_row` | 2 GetItem, 1 GetItem |
| title, time to live | `change` | 2 GetItem + 1 TransactWriteItems |
| add members | `add` | 1 GetItem + 1 Query + 1 TransactWriteItems |
| remove a member, leave | `remove` | 2 GetItem + 1 TransactWriteItems |
| mute, hide | `mute`, `hide` | 1 UpdateItem |
| block, unblock | `block`, `unblock` | 1 or 2 GetItem + 1 TransactWriteItems; 1 PutItem where no message group is |
| whom I block | `list_blocks` | 1 Query |

A message group is reached through one's own row, so that to a stranger one that is there takes no longer than none.

A change of a message group is one transaction over the group item and the rows of all its members, on condition that
the group item is what it was when it was read (`rev`). So a row never contradicts the group, whoever dies in between.
A message that is sent meanwhile may not find the new member: the stream function brings all rows up when it sees that
the group item has changed.

A block is a mark on two rows. On one's own, `inbox_sk` names the block: it is out of the list, and listed elsewhere. On
the other person's, `other_blocks` makes what they send reach nobody, which they cannot see. Where there is no message
group yet, one's own row is made without one, and the first message meets it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backend_flask.lib.ddb import (
    INBOX_INDEX,
    MAX_MEMBERS,
    DamagedMessageGroup,
    MessageGroupNotFound,
    MessageTable,
    Page,
    page_of,
)
from backend_flask.lib.ddb_items import (
    BLOCKED,
    GROUP_SK,
    NO_MESSAGE,
    Group,
    Item,
    Member,
    Message,
    MessageGroup,
    direct_group_uuid,
    empty_row,
    is_begun,
    is_blocked,
    message_key,
    row_key,
)
from backend_flask.lib.ddb_rows import if_blocked

_ATTEMPTS = 8
_WAIT_SECONDS = 0.05

_NO_REV = "(attribute_not_exists(rev) OR rev = :rev)"

Action = dict[str, Any]


class DirectMessageGroup(Exception):
    """A direct message group has its two people for good, and no title."""


class MessageGroupFull(Exception):
    """A message group has at most MAX_MEMBERS members."""


class NotTheCreator(Exception):
    """Only who has started a message group takes others out of it."""


class MemberNotFound(Exception):
    """The message group has no such member."""


@dataclass(frozen=True, slots=True)
class _Revision:
    """A change to make: the group as it is and as it will be, an update of its item, one of the rows of those who are
    members before and after, and what to do beside."""

    before: Group
    after: Group
    update: str
    values: Item
    rows: tuple[str, Item]
    beside: Sequence[Action] = ()


@dataclass(frozen=True)
class Membership:
    """Errors of AWS come through as botocore raises them. `make_id` makes the uuids of blocks."""

    table: MessageTable
    make_id: Callable[[], str]
    sleep: Callable[[float], None] = time.sleep

    def read(self, user_uuid: str, group_uuid: str) -> Group:
        """Raises MessageGroupNotFound, also for who is no member."""
        self.table.require_member(user_uuid, group_uuid)
        return _for_member(self.table.read_group(group_uuid), user_uuid)

    def read_row(self, user_uuid: str, group_uuid: str) -> MessageGroup:
        """The user's own side. Raises MessageGroupNotFound."""
        found = self.table.find_message_group(user_uuid, group_uuid, counts=False)
        if not found.items:
            raise MessageGroupNotFound
        return found.items[0]

    # The message group, for all its members

    def change(
        self, user_uuid: str, group_uuid: str, *, title: str | None = None, ttl_seconds: int | None = None
    ) -> Group:
        """Changes what is not None: the title, and how long messages live that are sent from now on, 0 for good.

        Raises MessageGroupNotFound, or DirectMessageGroup for a title.
        """
        sets: Item = {}
        if title is not None:
            sets["title"] = {"S": title}
        if ttl_seconds:
            sets["ttl_seconds"] = {"N": str(ttl_seconds)}
        update = _setting(sets, "ttl_seconds" if ttl_seconds == 0 else "")
        values = {f":{name}": value for name, value in sets.items()}

        def plan() -> _Revision | Group:
            group = self.read(user_uuid, group_uuid)
            if not update:
                return group
            after = group if title is None else replace(_of_many(group), title=title)
            after = after if ttl_seconds is None else replace(after, ttl_seconds=ttl_seconds or None)
            return _Revision(group, after, update, values, (update, values))

        return self._revise(plan)

    def add(self, user_uuid: str, group_uuid: str, people: Sequence[Member]) -> Group:
        """Members see all that was written, and nothing of it is unread to a new one. Who is a member stays one.

        Raises MessageGroupNotFound, DirectMessageGroup or MessageGroupFull.
        """

        def plan() -> _Revision | Group:
            self.table.require_member(user_uuid, group_uuid)
            group, newest = self.table.head(group_uuid)
            group = _of_many(_for_member(group, user_uuid))
            new = [person for person in people if person.uuid not in group.member_uuids]
            if not new:
                return group
            all_uuids = group.member_uuids | {person.uuid for person in new}
            if len(all_uuids) > MAX_MEMBERS:
                raise MessageGroupFull
            rows = [_row_of_new(person, group, newest, len(all_uuids)) for person in new]
            joined: Item = {":people": {"SS": sorted(person.uuid for person in new)}}
            puts = [{"Put": {"Item": row}} for row in rows]
            after = replace(group, member_uuids=all_uuids)
            return _Revision(group, after, "ADD member_uuids :people", joined, _count(all_uuids), puts)

        return self._revise(plan)

    def remove(self, user_uuid: str, group_uuid: str, member_uuid: str) -> Group:
        """Takes a member out, oneself or, by the creator, another. They keep no row.

        Raises MessageGroupNotFound, DirectMessageGroup, MemberNotFound or NotTheCreator.
        """

        def plan() -> _Revision | Group:
            group = _of_many(self.read(user_uuid, group_uuid))
            if member_uuid not in group.member_uuids:
                raise MemberNotFound
            if user_uuid not in {member_uuid, group.created_by}:
                raise NotTheCreator
            left = group.member_uuids - {member_uuid}
            gone: Item = {":people": {"SS": [member_uuid]}}
            delete = {"Delete": {"Key": row_key(member_uuid, group_uuid)}}
            after = replace(group, member_uuids=left)
            return _Revision(group, after, "DELETE member_uuids :people", gone, _count(left), [delete])

        return self._revise(plan)

    def _revise(self, plan: Callable[[], _Revision | Group]) -> Group:
        """Reads, plans and writes, once more if somebody else has changed the message group in between. A plan that is
        a message group says that there is nothing to change."""
        missing: set[str] = set()
        for attempt in range(_ATTEMPTS):
            revision = plan()
            if isinstance(revision, Group):
                return revision
            group = revision.before
            owners = sorted(group.member_uuids & revision.after.member_uuids - missing)
            refused = self.table.transact(
                {"Update": _group_update(group, revision)},
                *({"Update": _there(row_key(owner, group.uuid), *revision.rows)} for owner in owners),
                *revision.beside,
            )
            if not refused:
                return replace(revision.after, rev=group.rev + 1)
            # A row that is missing is for `bin/ddb/verify --repair`; the others must not wait for it.
            missing |= {owners[place - 1] for place in refused if place}
            self.sleep(random.uniform(0, _WAIT_SECONDS * 2**attempt))  # noqa: S311
        raise DamagedMessageGroup("a message group does not come to rest")

    # One's own side

    def mute(self, user_uuid: str, group_uuid: str, *, muted: bool) -> None:
        """Raises MessageGroupNotFound."""
        values: Item = {":yes": {"BOOL": True}} if muted else {}
        self._update_own(user_uuid, group_uuid, "SET muted = :yes" if muted else "REMOVE muted", values)

    def hide(self, user_uuid: str, group_uuid: str) -> None:
        """Takes a message group out of the list until the next message. Raises MessageGroupNotFound."""
        blocked, update = if_blocked(no=True), "SET is_hidden = :yes REMOVE inbox_sk"
        values: Item = {":yes": {"BOOL": True}} | blocked["ExpressionAttributeValues"]
        self._update_own(user_uuid, group_uuid, update, values, f" AND {blocked['ConditionExpression']}")

    def _update_own(self, user_uuid: str, group_uuid: str, update: str, values: Item, condition: str = "") -> None:
        condition = f"attribute_exists(pk){condition}"
        self.table.update_if(row_key(user_uuid, group_uuid), update, condition, values, gone=MessageGroupNotFound)

    # Blocks

    def block(self, me: Member, other: Member) -> None:
        """The other person's messages to me alone reach me no more. Raises ValueError if the two are one."""
        if me.uuid == other.uuid:
            raise ValueError("nobody blocks themself")
        key = row_key(me.uuid, direct_group_uuid(me.uuid, other.uuid))
        theirs = row_key(other.uuid, key["sk"]["S"])
        mark = BLOCKED + self.make_id()
        for _ in range(_ATTEMPTS):
            row = self._get(key)
            if row is None:
                if self.table.put_if_absent(_row_of_block(key["sk"]["S"], me, other, mark)) is None:
                    return
                continue
            if is_blocked(row):
                return
            set_mark = {"Key": key, "UpdateExpression": "SET inbox_sk = :mark REMOVE is_hidden", **if_blocked(no=True)}
            set_mark["ExpressionAttributeValues"] |= {":mark": {"S": mark}}
            tell = _there(theirs, "SET other_blocks = :yes", {":yes": {"BOOL": True}})
            refused = self.table.transact({"Update": set_mark}, {"Update": tell})
            # A row that is missing is for `bin/ddb/verify --repair`, which sees the block by this one.
            if refused == [1]:
                refused = self.table.transact({"Update": set_mark})
            if not refused:
                return
        raise DamagedMessageGroup(f"{key['sk']['S']} does not come to rest")

    def unblock(self, me_uuid: str, other_uuid: str) -> None:
        """What the other person has sent meanwhile stays unseen. Somebody who is not blocked is left as they are."""
        group_uuid = direct_group_uuid(me_uuid, other_uuid)
        key, theirs = row_key(me_uuid, group_uuid), row_key(other_uuid, group_uuid)
        group_key = message_key(group_uuid, GROUP_SK)
        for _ in range(_ATTEMPTS):
            row = self._get(key)
            if row is None or not is_blocked(row):
                return
            if self._get(group_key) is None:
                absent = {"Key": group_key, "ConditionExpression": "attribute_not_exists(pk)"}
                actions = [{"Delete": {"Key": key, **if_blocked()}}, {"ConditionCheck": absent}]
            else:
                untell = _there(theirs, "REMOVE other_blocks", {})
                actions = [{"Update": _back_in_list(key, is_begun(row))}, {"Update": untell}]
            refused = self.table.transact(*actions)
            if refused == [1] and "Update" in actions[1]:
                refused = self.table.transact(actions[0])
            if not refused:
                return
        raise DamagedMessageGroup(f"{group_uuid} does not come to rest")

    def list_blocks(self, user_uuid: str, limit: int, before: str | None) -> Page[MessageGroup]:
        """My sides of the direct message groups with those whom I block, the last block first; the index may lag."""
        values = {":pk": f"GRP#{user_uuid}", ":from": BLOCKED, ":to": BLOCKED + (before or "~")}
        items = self.table.query(
            "pk = :pk AND inbox_sk BETWEEN :from AND :to", values, Limit=limit + 2, IndexName=INBOX_INDEX
        )
        return page_of(
            [item for item in items if item["inbox_sk"]["S"] != values[":to"]], limit, MessageGroup.from_item
        )

    def _get(self, key: Item) -> Item | None:
        found: Item | None = self.table.client.get_item(TableName=self.table.name, Key=key, ConsistentRead=True).get(
            "Item"
        )
        return found


def _for_member(group: Group, user_uuid: str) -> Group:
    if user_uuid not in group.member_uuids:
        raise MessageGroupNotFound
    return group


def _of_many(group: Group) -> Group:
    if group.title is None:
        raise DirectMessageGroup
    return group


def _setting(sets: Item, removed: str) -> str:
    parts = ["SET " + ", ".join(f"{name} = :{name}" for name in sets)] if sets else []
    return " ".join([*parts, f"REMOVE {removed}"] if removed else parts)


def _count(member_uuids: frozenset[str]) -> tuple[str, Item]:
    return "SET members = :members", {":members": {"N": str(len(member_uuids))}}


def _group_update(group: Group, revision: _Revision) -> Action:
    """On condition that the group item is what was read; those of old have no `rev`."""
    update = revision.update
    return {
        "Key": message_key(group.uuid, GROUP_SK),
        "UpdateExpression": "SET rev = :next" + (f", {update[4:]}" if update.startswith("SET ") else f" {update}"),
        "ConditionExpression": "attribute_exists(pk) AND " + ("rev = :rev" if group.rev else _NO_REV),
        "ExpressionAttributeValues": {
            **revision.values,
            ":rev": {"N": str(group.rev)},
            ":next": {"N": str(group.rev + 1)},
        },
    }


def _there(key: Item, update: str, values: Item) -> Action:
    """An update of what must be there."""
    return {
        "Key": key,
        "UpdateExpression": update,
        "ConditionExpression": "attribute_exists(pk)",
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _back_in_list(key: Item, is_begun: bool) -> Action:
    """A row whose block ends, if it has a message or none as it was seen."""
    update = "SET inbox_sk = last_message_uuid" if is_begun else "SET is_hidden = :yes REMOVE inbox_sk"
    blocked = if_blocked()
    return {
        "Key": key,
        "UpdateExpression": update,
        "ConditionExpression": blocked["ConditionExpression"]
        + f" AND last_message_uuid {'<>' if is_begun else '='} :no",
        "ExpressionAttributeValues": {
            **blocked["ExpressionAttributeValues"],
            ":no": {"S": NO_MESSAGE},
            **({} if is_begun else {":yes": {"BOOL": True}}),
        },
    }


def _row_of_new(person: Member, group: Group, newest: Message | None, members: int) -> Item:
    empty = empty_row(group.uuid, None, group.title)
    row = MessageGroup.of(newest, person, [person], group.title) if newest else empty
    joined = replace(row, read_up_to=row.last_message_uuid, members=members, ttl_seconds=group.ttl_seconds)
    return joined.to_item(person.uuid)


def _row_of_block(group_uuid: str, me: Member, other: Member, mark: str) -> Item:
    return replace(empty_row(group_uuid, other, None), inbox_sk=mark).to_item(me.uuid)
