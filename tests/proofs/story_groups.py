"""The rules of the model-based test about message groups: who is in one, what it is called, and lists of them."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.api import Person
from tests.proofs.judge import GROUP_NOT_FOUND, Problem, text_problem
from tests.proofs.reckoning import LIFETIMES, NOTHING_READ, Answer, Group, Version
from tests.proofs.story import ANY, BY_HANDLE, KEY, LIMIT, TEXT, TEXTS, WHO, Story

MAX_TITLE = 50
TITLES = {"short": "Stars", "padded": " Moons ", "long": "x" * 50, "empty": "", "too long": "x" * 51}
TITLE = st.none() | st.sampled_from(list(TITLES))
OTHERS = st.lists(WHO, min_size=1, max_size=4)


class Groups(Story):
    # Who is in it

    @rule(creator=WHO, others=OTHERS, title=TITLE, text=TEXT, key=KEY)
    def start_a_group_of_many(
        self, creator: int, others: list[int], title: str | None, text: str, key: str | None
    ) -> None:
        one = self.people[creator]
        if self.is_gone(one, key):
            return
        people = [self.people[number] for number in sorted({*others} - {creator})]
        body = {"handles": [self.people[number].user.handle for number in others], "message": TEXTS[text]}
        body |= {} if title is None else {"title": TITLES[title]}
        reply = self.say(one, body, key, path="/api/message_groups")
        codes = [*self._title_codes(title), *(text_problem(TEXTS[text]) or (0, []))[1]]
        if codes or len(people) < 2:
            self.judge.is_problem(reply, (422, codes or ["handles_too_few"]))
            return
        called = ", ".join(each.user.display_name for each in [one, *people])[:MAX_TITLE].strip(", ")
        name = called if title is None else TITLES[title].strip()
        asked = ({each.user.uuid for each in people}, "" if title is None else name, TEXTS[text].strip())
        first = self.key_of(one, key)
        if first and first.asked == asked:
            self.judge.is_answer(reply, (200, first.group.said[first.message_uuid]))
        elif first:
            self.judge.is_problem(reply, (409, "idempotency_key_reused"))
        else:
            group = Group("", [each.user for each in [one, *people]], name)
            said = self.judge.new(reply, one, group, TEXTS[text], self.reckoning.newest)
            self.said(group, said)
            self.remember(one, key, asked, group, said)

    @rule(who=WHO, which=ANY, others=OTHERS)
    def add(self, who: int, which: int, others: list[int]) -> None:
        person, group = self.people[who], self.group_at(which)
        body = {"handles": [self.people[number].at_handle for number in others]}
        reply = self.ask(person, "POST", f"/api/message_groups/{self.place(person, group, False)}/members", body)
        problem = self.of_many_problem(person, group)
        if problem or group is None or not self.is_shown(person, group):
            is_there = group is not None and self.is_shown(person, group)
            self.judge.is_problem(reply, problem if problem and is_there else GROUP_NOT_FOUND)
            return
        self._join(group, others, group.newest)
        self.changed(reply, person, group)

    def _join(self, group: Group, others: list[int], newest: Version) -> None:
        new = [self.people[number] for number in sorted({*others}) if not self.is_member(self.people[number], group)]
        group.changes += bool(new)
        for each in new:
            group.join(each.user, newest, self.clock())

    @rule(who=WHO, which=ANY, by_handle=BY_HANDLE, other=WHO)
    def remove(self, who: int, which: int, by_handle: bool, other: int) -> None:
        person, group, gone = self.people[who], self.group_at(which), self.people[other]
        path = f"/api/message_groups/{self.place(person, group, by_handle)}/members/{gone.at_handle}"
        reply = self.ask(person, "DELETE", path)
        problem = self.of_many_problem(person, group)
        if not problem and not self.is_member(gone, group):
            problem = (404, "member_not_found")
        elif not problem and group and person is not gone and person.user.uuid != group.creator:
            problem = (403, "not_the_creator")
        if problem or group is None:
            self.judge.is_problem(reply, problem or GROUP_NOT_FOUND)
            return
        self.judge.is_answer(reply, (200, {"success": True}))
        group.leave(gone.user.uuid)
        group.changes += 1
        self.judge.has_no_row(group, [gone])
        self.judge.rows(group)

    @rule(who=WHO, which=ANY)
    def leave(self, who: int, which: int) -> None:
        self.remove(who, which, False, who)

    @rule(who=WHO, which=ANY, others=OTHERS, writer=WHO)
    def add_while_somebody_writes(self, who: int, which: int, others: list[int], writer: int) -> None:
        """The message is sent, and all members have it, after it was looked up what new ones are to be shown."""
        person, group = self.people[who], self.group_at(which)
        if (
            group is None
            or who == writer
            or self.of_many_problem(person, group)
            or not self.is_member(self.people[writer], group)
        ):
            return
        before = group.newest
        reckoned_which = self.reckoning.begun.index(group)

        def interfere() -> None:
            self.send_to_any_group(writer, reckoned_which, "short", None)
            self.deliver([reckoned_which], 100, False, None)

        body = {"handles": [self.people[number].user.handle for number in others]}
        with self.meanwhile("TransactWriteItems", interfere):
            reply = self.ask(person, "POST", f"/api/message_groups/{group.uuid}/members", body)
        self._join(group, others, before)
        # Their own row was read before.
        reply[1]["read_up_to"] = group.rows[person.user.uuid].read
        self.changed(reply, person, group)

    def send_to_any_group(self, sender: int, which: int, text: str, key: str | None) -> None:
        raise NotImplementedError

    def deliver(self, which: list[int], most: int, newest_first: bool, die_after: int | None) -> None:
        raise NotImplementedError

    # What it is like

    @rule(who=WHO, which=ANY, title=TITLE, ttl=st.none() | st.sampled_from([*LIFETIMES, "off", "ever"]), by=BY_HANDLE)
    def change(self, who: int, which: int, title: str | None, ttl: str | None, by: bool) -> None:
        person, group = self.people[who], self.group_at(which)
        body = ({} if title is None else {"title": TITLES[title]}) | ({} if ttl is None else {"ttl": ttl})
        reply = self.ask(person, "PATCH", f"/api/message_groups/{self.place(person, group, by)}", body)
        problem = self._change_problem(person, group, title, ttl)
        if problem or group is None:
            self.judge.is_problem(reply, problem or GROUP_NOT_FOUND)
            return
        if title is not None:
            group.title = TITLES[title].strip()
        if ttl is not None:
            group.ttl = None if ttl == "off" else ttl
        group.changes += 1
        self.changed(reply, person, group)

    def _change_problem(
        self, person: Person, group: Group | None, title: str | None, ttl: str | None
    ) -> Problem | None:
        codes = [*self._title_codes(title), *(["ttl_blank"] if ttl == "ever" else [])]
        if title is None and ttl is None:
            codes = ["change_blank"]
        if codes:
            return 422, codes
        if group is None or not self.is_shown(person, group):
            return GROUP_NOT_FOUND
        return self.of_many_problem(person, group) if title is not None else None

    def _title_codes(self, title: str | None) -> list[str]:
        return (
            []
            if title is None
            else {"empty": ["title_blank"], "too long": ["title_exceed_max_chars_50"]}.get(title, [])
        )

    def is_shown(self, person: Person, group: Group) -> bool:
        """Not, where all that was ever said was kept from them by a block."""
        if not self.is_member(person, group):
            return False
        return group.title is not None or group.rows[person.user.uuid].shows[0] != NOTHING_READ

    @rule(who=WHO, which=ANY, by_handle=BY_HANDLE)
    def show(self, who: int, which: int, by_handle: bool) -> None:
        person, group = self.people[who], self.group_at(which)
        reply = self.ask(person, "GET", f"/api/message_groups/{self.place(person, group, by_handle)}")
        if group is None or not self.is_shown(person, group):
            self.judge.is_problem(reply, GROUP_NOT_FOUND)
        else:
            self.changed(reply, person, group)

    # One's own side

    @rule(who=WHO, which=ANY, act=st.sampled_from(["mute", "unmute", "hide"]), by_handle=BY_HANDLE)
    def own_side(self, who: int, which: int, act: str, by_handle: bool) -> None:
        person, group = self.people[who], self.group_at(which)
        path = f"/api/message_groups/{self.place(person, group, by_handle)}/{act.removeprefix('un')}"
        reply = self.ask(person, {"mute": "PUT", "unmute": "DELETE", "hide": "POST"}[act], path)
        if group is None or not self.is_member(person, group):
            self.judge.is_problem(reply, GROUP_NOT_FOUND)
            return
        self.judge.is_answer(reply, (200, {"success": True}))
        row = group.rows[person.user.uuid]
        if act != "hide":
            row.muted = act == "mute"
        elif row.place != "blocked":
            row.place = "hidden"
        self.judge.rows(group)

    # Lists

    @rule(reader=WHO, limit=LIMIT, counts=st.booleans(), unread=st.booleans())
    def list_groups(self, reader: int, limit: int, counts: bool = True, unread: bool = False) -> None:
        self.judge.lists(self.people[reader], limit, counts=counts, unread=unread)

    @rule(reader=WHO, which=ANY, nth=ANY, limit=LIMIT, unread=st.booleans())
    def list_what_is_newer(self, reader: int, which: int, nth: int, limit: int, unread: bool) -> None:
        if message := self.any_message(self.group_at(which), nth):
            self.judge.lists(self.people[reader], limit, since=message["uuid"], unread=unread)

    @rule(reader=WHO, other=WHO)
    def find_one(self, reader: int, other: int) -> None:
        """Whatever place it has in the list, and without one."""
        person, them = self.people[reader], self.people[other]
        group = None if person is them else self.reckoning.direct(person.user, them.user)
        wanted: list[Answer] = []
        if group and self.is_shown(person, group):
            wanted = [group.in_list_of(person.user.uuid, self.clock())]
        path = f"/api/message_groups?with={them.user.handle}"
        self.judge.is_answer(self.ask_now(person, "GET", path), (200, wanted))
