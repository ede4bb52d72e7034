"""What may happen to a row: each kind of damage takes one and gives it back changed."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from backend_flask.lib.ddb_items import Item, Member, Message

ZERO = "00000000-0000-0000-0000-000000000000"
LATEST = "ffffffff-ffff-7fff-bfff-ffffffffffff"
ABOUT = ("user_uuid", "user_display_name", "user_handle", "named_by", "title", "members")
SOMETIMES = ("inbox_sk", "is_hidden", "muted", "other_blocks", "ttl_seconds", "last_expires_at")


@dataclass
class Group:
    """What a person knows of one message group: what was said, as it was last changed, and what of it is gone."""

    members: list[Member]
    title: str | None
    uuid: str = ""
    said: list[Message] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    ttl_seconds: int | None = None
    blockers: set[str] = field(default_factory=set)


def shortened(text: str) -> str:
    """The longest beginning of at most 200 characters that takes at most 231 bytes."""
    return max((text[:length] for length in range(201) if len(text[:length].encode()) <= 231), key=len)


def lacks(chance: random.Random, row: Item, _: Group) -> Item:
    lost = chance.sample(sorted(row), chance.randint(1, len(row)))
    return {name: value for name, value in row.items() if name not in lost}


def differs(chance: random.Random, row: Item, _: Group) -> Item:
    """Any attribute has any value; that of the index's key must be a text."""
    name = chance.choice([*sorted(row), *ABOUT, *SOMETIMES, "read_up_to"])
    return row | {name: {"S": "x" * chance.randint(1, 40)} if name == "inbox_sk" else any_value(chance)}


def lags(chance: random.Random, row: Item, group: Group) -> Item:
    """As an older message has left it."""
    older = chance.choice(group.said)
    newest = {"S": older.message_uuid}
    return row | {
        "inbox_sk": newest,
        "last_message_uuid": newest,
        "last_sender_uuid": {"S": older.user_uuid},
        "message": {"S": shortened(older.message)},
    }


def runs_ahead(chance: random.Random, row: Item, _: Group) -> Item:
    return row | {name: {"S": LATEST} for name in chance.sample(("inbox_sk", "last_message_uuid", "read_up_to"), 2)}


def is_edited(chance: random.Random, row: Item, _: Group) -> Item:
    return row | {"last_message_rev": {"N": str(chance.randint(1, 9))}}


def is_read_elsewhere(chance: random.Random, row: Item, group: Group) -> Item:
    marker = chance.choice([*(message.message_uuid for message in group.said), ZERO, LATEST, LATEST.upper(), "", "now"])
    return row | {"read_up_to": {"S": marker}}


def is_of_somebody_else(chance: random.Random, row: Item, _: Group) -> Item:
    return row | {"user_uuid": {"S": str(uuid.UUID(int=chance.getrandbits(128), version=4))}}


def is_of_both_kinds(chance: random.Random, row: Item, _: Group) -> Item:
    return row | {name: any_value(chance) for name in ABOUT if name not in row}


def knows_more(chance: random.Random, row: Item, _: Group) -> Item:
    """An attribute that this version does not know is none of its business."""
    return row | {"colour": any_value(chance)}


def seems_blocked(chance: random.Random, row: Item, _: Group) -> Item:
    return row | {"inbox_sk": {"S": "!" + chance.choice((ZERO, LATEST, "", "x", ZERO.replace("-", "")))}}


def seems_unheard(chance: random.Random, row: Item, _: Group) -> Item:
    return row | {"other_blocks": {"BOOL": chance.random() < 0.5}}


def is_out_of_the_list(chance: random.Random, row: Item, _: Group) -> Item:
    mark = {"is_hidden": any_value(chance)} if chance.random() < 0.5 else {}
    return {name: value for name, value in row.items() if name not in {"inbox_sk", "is_hidden"}} | mark


def seems_timed(chance: random.Random, row: Item, _: Group) -> Item:
    ends = [0, 1, int(time.time()) - chance.randint(60, 20_000), int(time.time()) + 99_999]
    return row | {
        "last_expires_at": {"N": str(chance.choice(ends))},
        **({"ttl_seconds": {"N": str(chance.randint(1, 10**6))}} if chance.random() < 0.5 else {}),
    }


def is_named_by_another_message(chance: random.Random, row: Item, group: Group) -> Item:
    named_by = chance.choice([*(message.message_uuid for message in group.said), ZERO, LATEST, "", "now"])
    return row | {"named_by": {"S": named_by}, "user_display_name": {"S": "Somebody Else"}}


KINDS: list[Callable[[random.Random, Item, Group], Item]] = [
    lacks, differs, differs, lags, runs_ahead, is_edited, is_read_elsewhere, is_of_somebody_else, is_of_both_kinds,
    knows_more, seems_blocked, seems_unheard, is_out_of_the_list, seems_timed, is_named_by_another_message,
]  # fmt: skip


def any_value(chance: random.Random) -> dict[str, Any]:
    values: list[dict[str, Any]] = [
        {"S": ""}, {"S": "\u2603" * chance.randint(1, 300)}, {"S": ZERO}, {"N": str(chance.randint(-9, 9))},
        {"BOOL": True}, {"NULL": True}, {"B": b"\x00\xff"}, {"SS": ["a", "b"]}, {"NS": ["1"]}, {"L": [{"S": "x"}]},
        {"M": {"S": {"S": "x"}}},
    ]  # fmt: skip
    return chance.choice(values)
