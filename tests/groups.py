"""What tests of message groups share: how they are asked for, and where they are found."""

from __future__ import annotations

from typing import Any

from tests.api import Person, done, refusal_of

NO_MESSAGE = "00000000-0000-0000-0000-000000000000"
NO_SUCH_UUID = "018bcfe5-6800-7000-8000-0123456789ab"
GONE = (404, "message_group_not_found")


def started(message: dict[str, Any]) -> str:
    uuid: str = message["message_group_uuid"]
    return uuid


def at(group: str, more: str = "") -> str:
    return f"/api/message_groups/{group}{more}"


def handles(*people: Person) -> dict[str, Any]:
    return {"handles": [person.user.handle for person in people]}


def members(person: Person, group: str) -> set[str]:
    """Handles."""
    return {each["handle"] for each in done(person.get(at(group)))["members"]}


def row_in_list(person: Person, group: str) -> dict[str, Any]:
    """Empty if it is not listed."""
    return next((row for row in person.groups() if row["uuid"] == group), {})


def is_listed(person: Person, group: str) -> bool:
    return bool(row_in_list(person, group))


def field_in_list(person: Person, group: str, name: str) -> object:
    return row_in_list(person, group).get(name)


def reading_and_sending(person: Person, group: str, message: str) -> list[tuple[int, object]]:
    """What somebody hears who reads a message group in every way, and who sends to it."""
    path = f"/api/messages/{group}"
    answers = (
        person.get(path), person.get(f"{path}?before={message}"), person.get(f"{path}?after={NO_SUCH_UUID}"),
        person.get(f"{path}?around={message}"),
        person.post("/api/messages", {"message": "hi", "message_group_uuid": group}),
    )  # fmt: skip
    return [refusal_of(answer) for answer in answers]


def all_but_reading_and_sending(person: Person, group: str, message: str) -> list[tuple[int, object]]:
    path = f"/api/messages/{group}/{message}"
    answers = (
        person.get(at(group)), person.patch(at(group), {"title": "Mine"}), person.patch(at(group), {"ttl": "1-hour"}),
        person.post(at(group, "/members"), handles(person)),
        person.delete(at(group, f"/members/{person.at_handle}")), person.put(at(group, "/mute")),
        person.delete(at(group, "/mute")), person.post(at(group, "/hide"), {}),
        person.post(at(group, "/read"), {"message_uuid": message}),
        person.patch(path, {"message": "ho"}), person.delete(path),
    )  # fmt: skip
    return [refusal_of(answer) for answer in answers]


def everything(person: Person, group: str, message: str) -> list[tuple[int, object]]:
    """What somebody hears who asks for a message group in every way."""
    return reading_and_sending(person, group, message) + all_but_reading_and_sending(person, group, message)
