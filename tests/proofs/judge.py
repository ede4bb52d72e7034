"""Holds answers of the API against the reckoning, and keeps the reckoning up to what was answered."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any, cast

from backend_flask.lib.ddb import MessageTable
from tests.api import Person, next_link
from tests.messages_table import row_of
from tests.proofs.reckoning import Answer, Group, Reckoning
from tests.proofs.trial import Refuted

INDEX_PATIENCE_SECONDS = 3.0
# A status, and the code of a problem or the codes of an invalid request.
Problem = tuple[int, Any]


@dataclass
class Judge:
    """Every method raises Refuted if an answer, or a row of the table, is another one than was reckoned."""

    reckoning: Reckoning
    table: MessageTable

    def sent(
        self,
        answer: tuple[int, Any],
        sender: Person,
        group: Group | None,
        people: list[Person],
        text: str,
        key: str | None,
        problem: Problem | None,
    ) -> None:
        """An answer to a send: the problem, or the first answer to this key, or a new message.

        `group` is None where the message starts one, of `people`.
        """
        first = self.reckoning.keys.get((sender.user.uuid, key)) if key else None
        if not problem and first:
            is_same = group and group.uuid == first["message_group_uuid"] and text.strip() == first["message"]
            problem = None if is_same else (409, "idempotency_key_reused")
            if is_same and answer != (200, first):
                raise Refuted(f"a key sent again answers {answer} instead of {first}")
        if problem:
            self._is_problem(answer, problem)
        elif not first:
            said = self.new(answer, sender, group, text, self.reckoning.newest)
            self.add(group, people, said)
            if key:
                self.reckoning.keys[sender.user.uuid, key] = said

    def new(self, answer: tuple[int, Any], sender: Person, group: Group | None, text: str, before: str) -> Answer:
        """A message that is later than `before`."""
        status, body = answer
        if status != 200:
            raise Refuted(f"a message is answered {answer}")
        wanted = {
            "uuid": body["uuid"],
            "message_group_uuid": group.uuid if group else body["message_group_uuid"],
            "user_uuid": sender.user.uuid,
            "display_name": sender.user.display_name,
            "handle": sender.user.handle,
            "message": text.strip(),
            "created_at": _instant(body["uuid"]),
        }
        if body != wanted or body["uuid"] <= before:
            raise Refuted(f"a message is answered {answer} instead of {wanted}, later than {before}")
        return cast(Answer, body)

    def add(self, group: Group | None, people: list[Person], *said: Answer) -> None:
        if group:
            group.add(*said)
            return
        made = Group(said[0]["message_group_uuid"], [person.user for person in people], None)
        made.add(*said)
        self.start(made)

    def start(self, group: Group) -> None:
        self.reckoning.start(group)
        self.rows(group)

    def reads(self, person: Person, group: str, said: list[Answer], limit: int) -> None:
        shown = _walk(person, f"/api/messages/{group}?limit={limit}")
        if shown != said[::-1]:
            raise Refuted(f"a group is read as {shown} instead of {said[::-1]}")

    def lists(self, person: Person, limit: int) -> None:
        """The index follows its table within milliseconds, so what is wrong at first is looked at again."""
        give_up = time.monotonic() + INDEX_PATIENCE_SECONDS
        path = f"/api/message_groups?limit={limit}"
        while problem := self.reckoning.problem_with_list(person.user, _walk(person, path)):
            if time.monotonic() > give_up:
                raise Refuted(f"a list of message groups {problem}")
            time.sleep(0.005)

    def rows(self, group: Group) -> None:
        """The rows themselves, of which none may ever be missing."""
        for user_uuid, row in group.rows.items():
            found = row_of(self.table, user_uuid, group.uuid)
            if found is None:
                raise Refuted(f"the row of {user_uuid} in {group.uuid} is missing")
            last, read = found["last_message_uuid"]["S"], found["read_up_to"]["S"]
            if not row.last.allow(last) or not row.read.allow(read):
                raise Refuted(f"a row has {last}, read up to {read}, where {row} was reckoned")

    def answers(self, answer: Any, wanted: Problem) -> None:
        """The status and the code, or None for the code of a success."""
        self._is_problem((answer.status_code, answer.get_json()), wanted)

    def _is_problem(self, answer: tuple[int, Any], wanted: Problem) -> None:
        status, body = answer
        if (status, body if isinstance(body, list) else body.get("code")) != wanted:
            raise Refuted(f"answered {answer} instead of {wanted}")


def _instant(uuid7: str) -> str:
    """The first 48 bits are the milliseconds since 1970 (RFC 9562, section 5.7)."""
    seconds, milliseconds = divmod(uuid.UUID(uuid7).int >> 80, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{milliseconds:03}Z"


def text_problem(text: str) -> Problem | None:
    """What is wrong with the text of a message."""
    trimmed = text.strip()
    codes = ["message_blank"] if not trimmed else ["message_exceed_max_chars_1024"] if len(trimmed) > 1024 else []
    return (422, codes) if codes else None


def _walk(person: Person, path: str) -> list[Answer]:
    """All pages of a list, one after the other."""
    found: list[Answer] = []
    following: str | None = path
    while following:
        answer = person.get(following)
        if answer.status_code != 200:
            raise Refuted(f"{following} is answered {answer.status_code} {answer.text}")
        found += answer.get_json()
        following = next_link(answer)
    return found
