"""The rules of the model-based test about messages: send, edit, delete and read them."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.api import Person
from tests.proofs.judge import GROUP_NOT_FOUND, MESSAGE_NOT_FOUND, Problem, Reply, text_problem
from tests.proofs.reckoning import NOTHING_READ, Answer, Group, Mark, has_expired, instant
from tests.proofs.story import ANY, BY_HANDLE, CHAT, GOOD_TEXT, KEY, LIMIT, TEXT, TEXTS, WHO, Story, at_once
from tests.proofs.trial import Refuted

# Which version somebody means who changes a message: none, that of now, or another one.
IF_MATCH = st.sampled_from([None, None, "now", "before", "later"])


class Messages(Story):
    # Sending

    @rule(sender=WHO, to=WHO, how=st.sampled_from(["handle", "@handle", "uuid"]), text=TEXT, key=KEY)
    def send(self, sender: int, to: int, how: str, text: str, key: str | None) -> None:
        one, other = self.people[sender], self.people[to]
        if self.is_gone(one, key):
            return
        if one is other:
            wanted = text_problem(TEXTS[text]) or (422, ["user_reciever_handle_own"])
            body = {"message": TEXTS[text], "handle": other.user.handle}
            self.judge.is_problem(self.say(one, body, key), wanted)
            return
        group = self.pair(one, other)
        receiver = group.uuid if how == "uuid" and group.uuid else other.at_handle
        named = {"handle": other.user.handle} if how == "handle" else {"message_group_uuid": receiver}
        self.sent(self.say(one, {"message": TEXTS[text], **named}, key), one, group, TEXTS[text], key, None)

    @rule(sender=WHO, which=ANY, text=TEXT, key=KEY)
    def send_to_any_group(self, sender: int, which: int, text: str, key: str | None) -> None:
        one, group = self.people[sender], self.group_at(which)
        if self.is_gone(one, key):
            return
        place = self.place(one, group, by_handle=False)
        reply = self.say(one, {"message": TEXTS[text], "message_group_uuid": place}, key)
        if group is None or not self.is_member(one, group):
            self.judge.is_problem(reply, text_problem(TEXTS[text]) or GROUP_NOT_FOUND)
        else:
            self.sent(reply, one, group, TEXTS[text], key, None)

    @rule(which=ANY, senders=CHAT)
    def chat(self, which: int, senders: list[int]) -> None:
        for sender in senders:
            self.send_to_any_group(sender, which, "short", None)

    @rule(sender=WHO, to=WHO, text=GOOD_TEXT, key=st.sampled_from(["k1", "k2", "k3"]))
    def send_with_one_key_at_once(self, sender: int, to: int, text: str, key: str) -> None:
        one, other = self.people[sender], self.people[to]
        if one is other or self.is_gone(one, key):
            return
        self.clock.tick()
        body = {"message": TEXTS[text], "handle": other.user.handle}
        replies = at_once(*[lambda: self.ask_now(one, "POST", "/api/messages", body, Idempotency_Key=key)] * 3)
        if any(reply != replies[0] for reply in replies):
            raise Refuted(f"one key, sent at once, has several answers: {replies}")
        self.sent(replies[0], one, self.pair(one, other), TEXTS[text], key, None)

    @rule(one=WHO, other=WHO, text=GOOD_TEXT)
    def send_to_each_other_at_once(self, one: int, other: int, text: str) -> None:
        first, second = self.people[one], self.people[other]
        if first is second or any({b.blocker, b.blocked} <= self.uuids(one, other) for b in self.reckoning.blocks):
            return
        self.clock.tick()
        group, before = self.pair(first, second), self.reckoning.newest
        replies = at_once(
            lambda: self.ask_now(first, "POST", "/api/messages", self._to(second, text)),
            lambda: self.ask_now(second, "POST", "/api/messages", self._to(first, text)),
        )
        said = [
            self.judge.new(reply, sender, group, TEXTS[text], before)
            for reply, sender in zip(replies, (first, second), strict=True)
        ]
        if said[0]["message_group_uuid"] != said[1]["message_group_uuid"]:
            raise Refuted(f"two people who write to each other have two message groups: {said}")
        self._crossed(group, said)

    def _crossed(self, group: Group, said: list[Answer]) -> None:
        """Two first messages: either may have made the message group."""
        if group.uuid:
            for message in said:
                self.said(group, message)
            return
        self.reckoning.groups.append(group)
        made = []
        for first in said:
            group.begin(first, self.reckoning.names)
            made.append(dict(group.rows))
        started = self.ask_now(self._somebody_in(group), "GET", f"/api/message_groups/{group.uuid}")[1]
        for message in said:
            if message["user_uuid"] == started["created_by"]:
                group.creator, group.created_at = message["user_uuid"], message["created_at"]
        self.judge.rows(group, *made)

    def _somebody_in(self, group: Group) -> Person:
        return next(person for person in self.people if person.user.uuid in group.rows)

    def _to(self, person: Person, text: str) -> Answer:
        return {"message": TEXTS[text], "handle": person.user.handle}

    def pair(self, one: Person, other: Person) -> Group:
        """Their direct message group, be it there or not."""
        return self.reckoning.direct(one.user, other.user) or Group("", [one.user, other.user], None)

    def uuids(self, *which: int) -> set[str]:
        return {self.people[number].user.uuid for number in which}

    # Changing

    @rule(who=WHO, which=ANY, of=ANY, nth=ANY, text=TEXT, if_match=IF_MATCH, by_handle=BY_HANDLE)
    def edit(self, who: int, which: int, of: int, nth: int, text: str, if_match: str | None, by_handle: bool) -> None:
        person, group, message = self._chosen(who, which, of, nth)
        rev = self._rev(message, if_match)
        reply = self._revise("PATCH", person, group, message, rev, by_handle, {"message": TEXTS[text]})
        wanted = text_problem(TEXTS[text]) or self._why_not(person, group, message)
        if wanted or group is None or message is None:
            self.judge.is_problem(reply, wanted or GROUP_NOT_FOUND)
        elif message["deleted_at"]:
            self.judge.is_problem(reply, (409, "message_deleted"))
        elif rev == message["rev"] - 1 and message["message"] == TEXTS[text].strip():
            # The same edit once more.
            self.judge.is_answer(reply, (200, message))
        elif rev not in {None, message["rev"]}:
            self.judge.is_problem(reply, (412, "message_changed"))
        else:
            now = instant(self.clock())
            edited = {**message, "message": TEXTS[text].strip(), "rev": message["rev"] + 1, "edited_at": now}
            self._changed(reply, group, edited)

    @rule(who=WHO, which=ANY, of=ANY, nth=ANY, if_match=IF_MATCH, by_handle=BY_HANDLE)
    def delete(self, who: int, which: int, of: int, nth: int, if_match: str | None, by_handle: bool) -> None:
        person, group, message = self._chosen(who, which, of, nth)
        rev = self._rev(message, if_match)
        reply = self._revise("DELETE", person, group, message, rev, by_handle)
        wanted = self._why_not(person, group, message)
        if wanted or group is None or message is None:
            self.judge.is_problem(reply, wanted or GROUP_NOT_FOUND)
        elif message["deleted_at"]:
            self.judge.is_answer(reply, (200, message))
        elif rev not in {None, message["rev"]}:
            self.judge.is_problem(reply, (412, "message_changed"))
        else:
            now = instant(self.clock())
            self._changed(reply, group, {**message, "message": "", "rev": message["rev"] + 1, "deleted_at": now})

    def _chosen(self, who: int, which: int, of: int, nth: int) -> tuple[Person, Group | None, Answer | None]:
        """Mostly a message of the group, and mostly by who wrote it."""
        group = self.group_at(which)
        message = self.any_message(self.group_at(of) if of == 7 else group, nth)
        writers = [person for person in self.people if message and person.user.uuid == message["user_uuid"]]
        return writers[0] if writers and nth % 4 else self.people[who], group, message

    def _rev(self, message: Answer | None, if_match: str | None) -> int | None:
        there = message["rev"] if message else 0
        return None if if_match is None else max(0, there + {"now": 0, "before": -1, "later": 1}[if_match])

    def _revise(
        self,
        method: str,
        person: Person,
        group: Group | None,
        message: Answer | None,
        rev: int | None,
        by_handle: bool,
        body: Answer | None = None,
    ) -> Reply:
        path = f"/api/messages/{self.place(person, group, by_handle)}/{message['uuid'] if message else NOTHING_READ}"
        return self.ask(person, method, path, body, If_Match=None if rev is None else f'"{rev}"')

    def _why_not(self, person: Person, group: Group | None, message: Answer | None) -> Problem | None:
        if group is None or not self.is_member(person, group):
            return GROUP_NOT_FOUND
        if message is None or message not in group.seen_by(person.user.uuid, self.clock()):
            return MESSAGE_NOT_FOUND
        return None if message["user_uuid"] == person.user.uuid else (403, "message_not_yours")

    def _changed(self, reply: Reply, group: Group, wanted: Answer) -> None:
        self.judge.is_answer(reply, (200, wanted))
        group.add(wanted, is_heard=wanted["uuid"] not in group.unheard)
        self.judge.rows(group)

    # Reading

    @rule(reader=WHO, which=ANY, limit=LIMIT, by_handle=BY_HANDLE)
    def read(self, reader: int, which: int, limit: int, by_handle: bool = False) -> None:
        person, group = self.people[reader], self.group_at(which)
        place = self.place(person, group, by_handle)
        if group is None or not self.is_member(person, group):
            wanted = (200, []) if place.startswith("@") else GROUP_NOT_FOUND
            reply = self.ask(person, "GET", f"/api/messages/{place}?limit={limit}")
            self.judge.is_answer(reply, wanted) if wanted[0] == 200 else self.judge.is_problem(reply, wanted)
        else:
            self.judge.reads(person, place, group.seen_by(person.user.uuid, self.clock()), limit)

    @rule(reader=WHO, to=WHO, limit=LIMIT)
    def read_by_handle(self, reader: int, to: int, limit: int) -> None:
        person, other = self.people[reader], self.people[to]
        group = None if person is other else self.pair(person, other)
        self.judge.reads(person, other.at_handle, group.seen_by(person.user.uuid, self.clock()) if group else [], limit)

    @rule(
        reader=WHO, which=ANY, of=ANY, nth=ANY, limit=LIMIT, where=st.sampled_from(["before", "after", "around"]),
        by_handle=BY_HANDLE,
    )  # fmt: skip
    def read_from(
        self, reader: int, which: int, of: int, nth: int, limit: int, where: str, by_handle: bool = False
    ) -> None:
        """From any message, those of other groups included."""
        person, group, message = self.people[reader], self.group_at(which), self.any_message(self.group_at(of), nth)
        if group is None or message is None:
            return
        place = self.place(person, group, by_handle)
        if self.is_member(person, group):
            wanted = group.seen_by(person.user.uuid, self.clock())
            self.judge.reads_from(person, place, wanted, limit, where, message["uuid"])
        else:
            path = f"/api/messages/{group.uuid}?{where}={message['uuid']}"
            self.judge.is_problem(self.ask(person, "GET", path), GROUP_NOT_FOUND)

    @rule(reader=WHO, which=ANY, of=ANY, nth=ANY, by_handle=BY_HANDLE)
    def mark_read(self, reader: int, which: int, of: int, nth: int, by_handle: bool = False) -> None:
        """Up to any message, those of other groups included."""
        person, group, message = self.people[reader], self.group_at(which), self.any_message(self.group_at(of), nth)
        if group is None or message is None:
            return
        mark, me = message["uuid"], person.user.uuid
        path = f"/api/message_groups/{self.place(person, group, by_handle)}/read"
        reply = self.ask(person, "POST", path, {"message_uuid": mark})
        if not self.is_member(person, group):
            self.judge.is_problem(reply, GROUP_NOT_FOUND)
            return
        row = group.rows[me]
        is_seen = mark in group.said and group.hears(me, message)
        if mark > row.read and mark > row.shows[0] and not is_seen:
            self.judge.is_problem(reply, MESSAGE_NOT_FOUND)
            return
        self.judge.is_answer(reply, (200, {"success": True}))
        if mark > row.read:
            row.read = mark
            self.reckoning.marks.append(Mark(me, group.uuid, mark, self.clock()))
        self.judge.rows(group)

    @rule()
    def sweep(self) -> None:
        """The table takes away what has expired, days later on AWS."""
        table = self.api.table
        for group in self.reckoning.begun:
            for message in [each for each in group.said.values() if has_expired(each, self.clock())]:
                key = {"pk": {"S": f"MSG#{group.uuid}"}, "sk": {"S": message["uuid"]}}
                table.client.delete_item(TableName=table.name, Key=key)
                del group.said[message["uuid"]]
