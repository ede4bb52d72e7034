"""What a damaged row is after its repair, as a person writes it down from the messages.

Shares no line with the repair: whatever it expects is spelled out attribute by attribute.
"""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime

from backend_flask.lib.ddb_items import Item, Member
from tests.proofs.harm import ZERO, Group, shortened

SUMMARY = ("message", "last_message_uuid", "last_message_rev", "last_sender_uuid", "last_expires_at")


def reckon(group: Group, owner: str, rows: dict[str, Item]) -> Item:
    """The row of `owner`, if the members' rows are as damaged as they are now."""
    there = rows[owner]
    stored = [message for message in group.said if message.message_uuid not in group.gone]
    seen = [message for message in stored if not message.only_sender or message.user_uuid == owner]
    shown: Item = {"message": {"S": ""}, "last_message_rev": {"N": "0"}}
    shown |= {name: {"S": ZERO} for name in ("last_message_uuid", "last_sender_uuid")}
    if seen:
        newest = seen[-1]
        shown = {
            "message": {"S": shortened(newest.message)},
            "last_message_uuid": {"S": newest.message_uuid},
            "last_message_rev": {"N": str(newest.rev)},
            "last_sender_uuid": {"S": newest.user_uuid},
            **({"last_expires_at": {"N": str(newest.expires_at)}} if newest.expires_at is not None else {}),
        }
    is_stored = text(there, "last_message_uuid") in {message.message_uuid for message in stored}
    if not is_stored and shows_what_has_expired(there, text(shown, "last_message_uuid")):
        shown = {name: there[name] for name in SUMMARY}
    last = text(shown, "last_message_uuid")
    at = datetime.fromtimestamp((uuid.UUID(last).int >> 80) / 1000, UTC)
    own = [message.message_uuid for message in seen if message.user_uuid == owner]
    marker = text(there, "read_up_to")
    return {
        # Whatever else a row holds is nobody's business but its owner's.
        **{name: value for name, value in there.items() if name in {"colour", "muted"}},
        "pk": {"S": f"GRP#{owner}"},
        "sk": {"S": group.uuid},
        **shown,
        "last_message_at": {"S": at.isoformat(timespec="milliseconds").replace("+00:00", "Z")},
        "read_up_to": {"S": max([min(marker, last) if is_uuid(marker) else ZERO, *own])},
        **_place(there, last, is_direct=group.title is None),
        **_about(group, owner, rows, last),
        **({"ttl_seconds": {"N": str(group.ttl_seconds)}} if group.ttl_seconds is not None else {}),
    }


def shows_what_has_expired(there: Item, newest: str) -> bool:
    """Whether a row knows of a message, newer than all that are left, that had its time and is over."""
    last, ends = text(there, "last_message_uuid"), there.get("last_expires_at", {}).get("N", "x")
    if not is_uuid(last) or last <= newest or not ends.isdigit():
        return False
    types = [list(there.get(name, {})) for name in ("message", "last_sender_uuid", "last_message_rev")]
    sent = (uuid.UUID(last).int >> 80) // 1000
    return types == [["S"], ["S"], ["N"]] and sent <= int(ends) <= time.time()


def _place(there: Item, last: str, is_direct: bool) -> Item:
    place = text(there, "inbox_sk")
    if is_direct and blocks(there):
        return {"inbox_sk": {"S": place}}
    stays_hidden = "is_hidden" in there and not place and text(there, "last_message_uuid") == last
    if last == ZERO or stays_hidden:
        return {"is_hidden": {"BOOL": True}}
    return {"inbox_sk": {"S": last}}


def _about(group: Group, owner: str, rows: dict[str, Item], last: str) -> Item:
    if group.title is not None:
        return {"title": {"S": group.title}, "members": {"N": str(len(group.members))}}
    (other,) = (member for member in group.members if member.uuid != owner)
    about = {"user_uuid": other.uuid, **_names(group, other)}
    there, named_by = rows[owner], text(rows[owner], "named_by")
    if text(there, "user_uuid") == other.uuid:
        kept: tuple[str, ...] = ()
        if about["named_by"] == ZERO:
            # A name of the same person may have been right when it was written.
            kept = ("user_display_name", "user_handle")
        is_stored = named_by in {message.message_uuid for message in group.said} - group.gone
        if is_uuid(named_by) and about["named_by"] < named_by <= last and not is_stored:
            # From a message that is gone.
            kept = ("user_display_name", "user_handle", "named_by")
        about |= {name: text(there, name) for name in kept if text(there, name)}
    mark: Item = {"other_blocks": {"BOOL": True}} if blocks(rows[other.uuid]) else {}
    return {name: {"S": value} for name, value in about.items()} | mark


def _names(group: Group, other: Member) -> dict[str, str]:
    """Those of the other person's newest message that the owner sees."""
    for message in reversed(group.said):
        if message.user_uuid == other.uuid and message.message_uuid not in group.gone and not message.only_sender:
            return {
                "user_display_name": message.user_display_name,
                "user_handle": message.user_handle,
                "named_by": message.message_uuid,
            }
    return {"user_display_name": other.display_name, "user_handle": other.handle, "named_by": ZERO}


def blocks(row: Item) -> bool:
    place = text(row, "inbox_sk")
    return place.startswith("!") and is_uuid(place[1:])


def text(item: Item, name: str) -> str:
    found: str = item.get(name, {}).get("S", "")
    return found


def is_uuid(text: str) -> bool:
    digits = text.replace("-", "")
    return [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12] and set(digits) <= set("0123456789abcdef")
