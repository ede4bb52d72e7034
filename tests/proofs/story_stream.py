"""The rules of the model-based test about the stream and about time, and what must hold at the end of all stories."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import SimpleNamespace
from unittest import mock

from hypothesis import strategies as st
from hypothesis.stateful import rule

from backend_flask.lib import ddb_verify, ddb_wanted
from backend_flask.lib.ddb_changes import Happened
from backend_flask.lib.ddb_items import Item, Member
from tests.api import Person
from tests.messages_table import items_of
from tests.proofs import judge
from tests.proofs.adversary import Place, Told
from tests.proofs.clockwork import LIVED_THROUGH
from tests.proofs.reckoning import Answer, Group, Row, seconds_in
from tests.proofs.story import ANY, Story
from tests.proofs.trial import Refuted

# What somebody's device is told: the kind, the message group, the message, and how often it was changed.
News = tuple[str, str, str, int]


class Stream(Story):
    @rule(
        which=st.lists(ANY, min_size=1, max_size=3),
        most=st.integers(1, 5),
        newest_first=st.booleans(),
        die_after=st.none() | st.integers(0, 4),
    )
    def deliver(self, which: list[int], most: int, newest_first: bool, die_after: int | None) -> None:
        groups = list({group.uuid: group for each in which if (group := self.group_at(each))}.values())
        told, lived = self.adversary.deliver([group.uuid for group in groups], most, newest_first, die_after)
        for group in groups:
            states = self._after(group, told[group.uuid])
            if lived:
                group.rows = states[-1]
            self.judge.rows(group, *states)

    def _after(self, group: Group, told: Told) -> list[dict[str, Row]]:
        """The rows after each step of an invocation: what was told of messages, and then of the message group."""
        known = told.versions & set(group.versions)
        raised = {uuid: group.raised(uuid, known) for uuid in group.rows}
        if not told.has_changed:
            return [raised]
        newest = {group.newest} & set(group.versions)
        return [raised, {uuid: group.raised(uuid, known | newest) for uuid in group.rows}]

    @rule(which=ANY, newer=st.integers(0, 3), most=st.integers(1, 5), die_after=st.none() | st.integers(0, 2))
    def deliver_again(self, which: int, newer: int, most: int, die_after: int | None) -> None:
        if group := self.group_at(which):
            has_changed = self.adversary.repeat(group.uuid, newer, most, die_after)
            self.judge.rows(group, *self._after(group, Told(set(), has_changed)))

    @rule(span=st.sampled_from(list(LIVED_THROUGH)))
    def live_through(self, span: str) -> None:
        self.clock.live_through(LIVED_THROUGH[span])

    # At the end

    def teardown(self) -> None:
        if not hasattr(self, "reckoning"):
            return
        self.adversary.drain(set(self._changes()))
        for group in self.reckoning.begun:
            group.rows = self._after(group, Told(set(group.versions), group.changes > 0))[-1]
            self.judge.rows(group)
            self.judge.has_no_row(group, self.people)
            for person in self.people:
                if person.user.uuid in group.rows:
                    wanted = group.seen_by(person.user.uuid, self.clock())
                    self.judge.reads(person, group.uuid, wanted, 100)
        self._is_sound()
        for person in self.people:
            self.judge.lists(person, 20)
            self.judge.lists_blocks(person, 20)
            for since_ms in (self.begun_ms, (self.begun_ms + self.clock.ms) // 2):
                self._catches_up(person, since_ms)

    def _changes(self) -> Iterator[Place]:
        """All that the stream must have brought."""
        for group in self.reckoning.begun:
            yield from ((group.uuid, message_uuid, rev) for message_uuid, rev in group.versions)
            yield from ((group.uuid, "~GROUP", rev) for rev in range(1, group.changes + 1))

    def _is_sound(self) -> None:
        """bin/ddb/verify finds nothing to repair, by the time of the story."""
        people = {
            each.user.uuid: Member(each.user.uuid, each.user.display_name, each.user.handle) for each in self.people
        }

        def names(uuids: Sequence[str]) -> dict[str, Member]:
            return {each: people[each] for each in uuids if each in people}

        with mock.patch.object(ddb_wanted, "time", SimpleNamespace(time=self.clock)):
            found = list(ddb_verify.differences(self.api.table, names, iter(self._items())))
        if found:
            raise Refuted("\n".join(f"{each}: {each.found} instead of {each.wanted}" for each in found))

    def _items(self) -> list[Item]:
        """All that is stored of these people and their message groups."""
        table, items = self.api.table, []
        for person in self.people:
            items += table.query("pk = :pk", {":pk": f"GRP#{person.user.uuid}"}, ConsistentRead=True)
        for group in self.reckoning.begun:
            items += items_of(table, group.uuid)
        return items

    # What a device has missed

    def _catches_up(self, person: Person, since_ms: int) -> None:
        """All that has happened since, in its last version, and of what may not be seen nothing. The index may lag."""
        wanted = set(self._missed(person, since_ms / 1000))
        give_up = time.monotonic() + judge.INDEX_PATIENCE_SECONDS
        while missing := wanted - {_news(each) for each in self.changes.catch_up(person.user.uuid, since_ms)}:
            if time.monotonic() > give_up:
                raise Refuted(f"{person.user.uuid}, who comes back to what happened since {since_ms}, misses {missing}")
            time.sleep(0.005)
        found = self.changes.catch_up(person.user.uuid, since_ms)
        for each in found:
            self._may_see(person, each)
        if len({each.version for each in found}) < len(found) or found != sorted(found, key=lambda one: one.at_uuid):
            raise Refuted(f"something is told twice, or out of order: {found}")

    def _missed(self, person: Person, since: float) -> Iterator[News]:
        me = person.user.uuid
        for group in self.reckoning.listed(person.user):
            for message in group.seen_by(me, self.clock()):
                at = max(_changed_at(message))
                if at >= since and (at >= group.since.get(me, 0) or seconds_in(message["uuid"]) >= since):
                    yield _kind(message), group.uuid, message["uuid"], message["rev"]
        for mark in self.reckoning.marks:
            if mark.user_uuid == me and mark.at >= since:
                yield "read", mark.group_uuid, mark.message_uuid, 0

    def _may_see(self, person: Person, happened: Happened) -> None:
        if happened.message is None:
            return
        group = next(
            (each for each in self.reckoning.of(person.user) if each.uuid == happened.message_group_uuid), None
        )
        seen = {each["uuid"]: each for each in group.seen_by(person.user.uuid, self.clock())} if group else {}
        there = seen.get(happened.message_uuid)
        if there is None or (happened.message.message, happened.message.rev) != (there["message"], there["rev"]):
            raise Refuted(f"{person.user.uuid} is told of {happened}, and may see {there}")


def _changed_at(message: Answer) -> list[float]:
    """The instants at which somebody has done something to it."""
    texts = [message[name] for name in ("created_at", "edited_at", "deleted_at") if message[name]]
    return [datetime.fromisoformat(text).timestamp() for text in texts]


def _kind(message: Answer) -> str:
    return "deleted" if message["deleted_at"] else "edited" if message["rev"] else "message"


def _news(happened: Happened) -> News:
    rev = happened.message.rev if happened.message else 0
    return happened.kind, happened.message_group_uuid, happened.message_uuid, rev
