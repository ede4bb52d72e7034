"""Holds answers of the API, and rows of the table, against the reckoning."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

from backend_flask.lib.ddb import MessageTable
from tests.api import Person
from tests.messages_table import row_of
from tests.proofs.reckoning import LIFETIMES, Answer, Group, Reckoning, Row, instant, seconds_in
from tests.proofs.trial import Refuted

INDEX_PATIENCE_SECONDS = 3.0
# A status, and the code of a problem or the codes of an invalid request.
Problem = tuple[int, Any]
Reply = tuple[int, Any]
GROUP_NOT_FOUND: Problem = (404, "message_group_not_found")
MESSAGE_NOT_FOUND: Problem = (404, "message_not_found")


@dataclass
class Judge:
    """Every method raises Refuted if an answer, or a row of the table, is another one than was reckoned."""

    reckoning: Reckoning
    table: MessageTable
    clock: Callable[[], float] = time.time

    # Answers

    def is_answer(self, reply: Reply, wanted: Reply) -> None:
        if reply != wanted:
            raise Refuted(f"answered {reply} instead of {wanted}")

    def is_problem(self, reply: Reply, wanted: Problem) -> None:
        """The status and the code, or None for the code of a success."""
        status, body = reply
        if (status, body if isinstance(body, list) else body.get("code")) != wanted:
            raise Refuted(f"answered {reply} instead of {wanted}")

    def new(self, reply: Reply, sender: Person, group: Group, text: str, before: str) -> Answer:
        """A message that is later than `before`."""
        status, body = reply
        if status != 200:
            raise Refuted(f"a message is answered {reply}")
        sent_at = seconds_in(body["uuid"])
        wanted = {
            "uuid": body["uuid"],
            "message_group_uuid": group.uuid or body["message_group_uuid"],
            "user_uuid": sender.user.uuid,
            "display_name": sender.user.display_name,
            "handle": sender.user.handle,
            "message": text.strip(),
            "created_at": instant(sent_at),
            "rev": 0,
            "edited_at": None,
            "deleted_at": None,
            "expires_at": instant(int(sent_at) + LIFETIMES[group.ttl]) if group.ttl else None,
        }
        if body != wanted or body["uuid"] <= before:
            raise Refuted(f"a message is answered {reply} instead of {wanted}, later than {before}")
        return cast(Answer, body)

    # Lists

    def reads(self, person: Person, group: str, wanted: list[Answer], limit: int) -> None:
        """All pages of a message group, newest first."""
        shown = walk(person, f"/api/messages/{group}?limit={limit}", limit)
        self._is_list(shown, wanted, "a group is read as")

    def reads_from(self, person: Person, group: str, wanted: list[Answer], limit: int, place: str, uuid: str) -> None:
        """A page before, after or around a message, and all that follows it both ways."""
        path = f"/api/messages/{group}?limit={limit}&{place}={uuid}"
        page, links = page_at(person, path, limit)
        older = walk(person, links["next"], limit) if "next" in links else []
        newer = walk(person, links["prev"], limit, "prev") if "prev" in links else []
        if place == "before":
            wanted = [message for message in wanted if message["uuid"] < uuid]
        elif place == "after":
            wanted = [message for message in wanted if message["uuid"] > uuid]
        self._is_list([*newer, *page, *older], wanted, f"{place} {uuid} a group is read as")
        if place == "around" and [m["uuid"] for m in wanted if m["uuid"] == uuid] != [
            m["uuid"] for m in page if m["uuid"] == uuid
        ]:
            raise Refuted(f"{uuid} is not on the page around it: {page}")

    def lists(self, person: Person, limit: int, *, counts: bool = True, since: str = "", unread: bool = False) -> None:
        """The index follows its table within milliseconds, so what is wrong at first is looked at again."""
        me, now = person.user.uuid, self.clock()
        groups = [group for group in self.reckoning.listed(person.user) if group.rows[me].shows[0] > since]
        wanted = [group.in_list_of(me, now, counts=counts) for group in groups]
        wanted = [row for row in wanted if row["unread"] or not unread]
        path = f"/api/message_groups?limit={limit}&counts={int(counts)}&unread={int(unread)}"
        path += f"&since={since}" if since else ""
        self.eventually(lambda: walk(person, path, limit), wanted, "a list of message groups is")

    def lists_blocks(self, person: Person, limit: int) -> None:
        mine = [block for block in self.reckoning.blocks if block.blocker == person.user.uuid]
        wanted = [
            {
                "uuid": other.uuid,
                "handle": other.handle,
                "display_name": group.rows[person.user.uuid].name,
                "blocked_at": instant(block.at),
            }
            for block in sorted(mine, key=lambda block: block.at, reverse=True)
            for group in self.reckoning.groups
            if group.title is None and {each.uuid for each in group.people} == {block.blocker, block.blocked}
            for other in [group.other(person.user.uuid)]
        ]
        path = f"/api/blocks?limit={limit}"
        self.eventually(lambda: walk(person, path, limit), wanted, "a list of blocks is")

    def eventually(self, look: Callable[[], list[Answer]], wanted: list[Answer], what: str) -> None:
        give_up = time.monotonic() + INDEX_PATIENCE_SECONDS
        while (shown := look()) != wanted:
            if time.monotonic() > give_up:
                self._is_list(shown, wanted, what)
            time.sleep(0.005)

    def _is_list(self, shown: list[Answer], wanted: list[Answer], what: str) -> None:
        if shown != wanted:
            raise Refuted(f"{what}\n{_lines(shown)}\ninstead of\n{_lines(wanted)}")

    # Rows

    def rows(self, group: Group, *others: dict[str, Row]) -> None:
        """Each is as reckoned, or as in one of `others`: then the reckoning goes on from there."""
        for user_uuid, reckoned in group.rows.items():
            found = self.row(group, user_uuid)
            choices = [reckoned, *(rows[user_uuid] for rows in others)]
            if found not in choices:
                raise Refuted(f"the row of {user_uuid} in {group.uuid} is {found}, where {choices} was reckoned")
            group.rows[user_uuid] = choices[choices.index(found)]

    def row(self, group: Group, user_uuid: str) -> Row | None:
        item = row_of(self.table, user_uuid, group.uuid)
        if item is None:
            return None
        place = item.get("inbox_sk", {}).get("S", "")
        shows = item["last_message_uuid"]["S"]
        if place not in {"", shows} and not place.startswith("!"):
            raise Refuted(f"a row has its place at {place}, and shows {shows}")
        return Row(
            (shows, int(item["last_message_rev"]["N"])),
            item["read_up_to"]["S"],
            "blocked" if place.startswith("!") else "listed" if place else "hidden",
            "muted" in item,
            item["user_display_name"]["S"] if group.title is None else "",
            item["named_by"]["S"] if group.title is None else Row().named_by,
        )

    def has_no_row(self, group: Group, people: Iterable[Person]) -> None:
        for person in people:
            if person.user.uuid not in group.rows and row_of(self.table, person.user.uuid, group.uuid):
                raise Refuted(f"{person.user.uuid} is no member of {group.uuid}, and has a row")


def text_problem(text: str, most: int = 1024) -> Problem | None:
    """What is wrong with the text of a message."""
    trimmed = text.strip()
    codes = ["message_blank"] if not trimmed else [f"message_exceed_max_chars_{most}"] if len(trimmed) > most else []
    return (422, codes) if codes else None


def page_at(person: Person, path: str, limit: int) -> tuple[list[Answer], dict[str, str]]:
    """A page of a list, and where its links lead to."""
    answer = person.get(path)
    if answer.status_code != 200:
        raise Refuted(f"{path} is answered {answer.status_code} {answer.text}")
    page: list[Answer] = answer.get_json()
    if len(page) > limit:
        raise Refuted(f"{path} is answered with {len(page)} items")
    links = re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers.get("Link", ""))
    return page, {relation: address for address, relation in links}


def walk(person: Person, path: str, limit: int, way: str = "next") -> list[Answer]:
    """All pages of a list, one after the other; what is found on the way to newer ones stands in front."""
    found: list[Answer] = []
    following: str | None = path
    while following:
        page, links = page_at(person, following, limit)
        found = [*page, *found] if way == "prev" else [*found, *page]
        following = links.get(way)
    return found


def _lines(answers: list[Answer]) -> str:
    return "\n".join(map(str, answers)) or "nothing"
