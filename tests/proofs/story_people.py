"""The rules of the model-based test about people: blocks, names, and who is found by them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.proofs.reckoning import Block, Group, Row
from tests.proofs.story import LIMIT, TEXTS, WHO, Story


class People(Story):
    @rule(who=WHO, whom=WHO)
    def block(self, who: int, whom: int) -> None:
        one, other = self.people[who], self.people[whom]
        reply = self.ask(one, "PUT", f"/api/blocks/{other.at_handle}")
        if one is other:
            self.judge.is_problem(reply, (422, ["handle_own"]))
            return
        self.judge.is_answer(reply, (200, {"success": True}))
        self._block(who, whom)

    def _block(self, who: int, whom: int) -> None:
        one, other = self.people[who].user, self.people[whom].user
        if self.reckoning.block_of(one.uuid, other.uuid):
            return
        self.reckoning.blocks.append(Block(one.uuid, other.uuid, self.clock()))
        group = self.reckoning.direct(one, other)
        if group is None:
            group = Group("", [one, other], None)
            self.reckoning.groups.append(group)
        if one.uuid not in group.rows:
            group.rows[one.uuid] = Row(name=self.reckoning.names[other.uuid])
        group.rows[one.uuid].place = "blocked"
        if group.uuid:
            self.judge.rows(group)

    @rule(who=WHO, whom=WHO)
    def unblock(self, who: int, whom: int) -> None:
        one, other = self.people[who], self.people[whom]
        reply = self.ask(one, "DELETE", f"/api/blocks/{other.at_handle}")
        self.judge.is_answer(reply, (200, {"success": True}))
        block = self.reckoning.block_of(one.user.uuid, other.user.uuid)
        group = self.reckoning.direct(one.user, other.user)
        if block is None or group is None:
            return
        self.reckoning.blocks.remove(block)
        row = group.rows[one.user.uuid]
        row.place = "hidden" if row.shows == Row().shows else "listed"
        if group.uuid:
            self.judge.rows(group)
        else:
            del group.rows[one.user.uuid]

    @rule(sender=WHO, to=WHO)
    def block_while_they_write(self, sender: int, to: int) -> None:
        """Just before the message is stored. Where it would start the message group, it is kept away."""
        one, other = self.people[sender], self.people[to]
        group = None if one is other else self.reckoning.direct(one.user, other.user)
        if one is other or (group and (group.uuid or group.rows)):
            return
        body = {"message": TEXTS["short"], "handle": other.user.handle}
        with self.meanwhile("TransactWriteItems", lambda: self.block(to, sender)):
            reply = self.say(one, body, None)
        self.sent(reply, one, self.reckoning.direct(one.user, other.user) or Group("", [], None), "hi", None, None)

    @rule(reader=WHO, limit=LIMIT)
    def list_blocks(self, reader: int, limit: int) -> None:
        self.judge.lists_blocks(self.people[reader], limit)

    @rule(who=WHO, number=st.integers(0, 2))
    def rename_oneself(self, who: int, number: int) -> None:
        person = self.people[who]
        name = f"n{self.tag}{number} Smith"
        reply = self.ask(person, "PUT", "/api/profile/update", {"display_name": name})
        user = replace(person.user, display_name=name)
        wanted = {"uuid": user.uuid, "handle": user.handle, "display_name": name}
        self.judge.is_answer(reply, (200, wanted))
        self.people[who] = replace(person, user=user)
        self.reckoning.names[user.uuid] = name

    @rule(who=WHO, by=st.sampled_from(["handle", "beginning", "name"]), limit=LIMIT, whom=WHO)
    def search(self, who: int, by: str, limit: int, whom: int) -> None:
        """By handle, or by the beginning of a name, in any case; never oneself."""
        person, other = self.people[who], self.people[whom]
        term = {"handle": other.at_handle, "beginning": self.tag.upper(), "name": f"N{self.tag}"}[by]
        found = [each.user for each in self.people if each is not person]
        if by == "name":
            found = [each for each in found if each.display_name.lower().startswith(term.lower())]
            found.sort(key=lambda each: (each.display_name.lower(), each.handle))
        else:
            found = [each for each in found if each.handle.startswith(term.lower().removeprefix("@"))]
            found.sort(key=lambda each: each.handle)
        wanted = [
            {"uuid": each.uuid, "handle": each.handle, "display_name": each.display_name} for each in found[:limit]
        ]
        path = f"/api/users/search?term={term}&limit={limit}"
        self.judge.is_answer(self.ask(person, "GET", path), (200, wanted))
