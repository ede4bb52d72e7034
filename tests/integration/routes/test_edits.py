"""One's own messages: to edit and to delete them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api import Api, Person, done, eventually, pages, refusal_of
from tests.groups import NO_SUCH_UUID, field_in_list, started

CHANGED = (412, "message_changed")
MISSING = (404, "message_not_found")


@pytest.fixture
def sent(londo: Person, gkar: Person) -> dict[str, Any]:
    """Londo's first message to gkar."""
    return londo.send("old", to=gkar)


def at(message: dict[str, Any]) -> str:
    return f"/api/messages/{message['message_group_uuid']}/{message['uuid']}"


def if_match(value: str) -> dict[str, str]:
    return {"If-Match": value}


def test_an_edited_message_has_a_new_text_and_the_same_place(londo: Person, gkar: Person, sent: dict[str, Any]) -> None:
    londo.send("next", to=gkar)
    edited = done(londo.patch(at(sent), {"message": " new "}))
    assert edited == sent | {"message": "new", "rev": 1, "edited_at": edited["edited_at"]}
    assert edited["edited_at"] > sent["created_at"]
    for person in (londo, gkar):
        assert done(person.get(f"/api/messages/{started(sent)}"))[1] == edited
    again = done(londo.patch(at(sent), {"message": "newer"}))
    assert (again["rev"], again["message"]) == (2, "newer")


def test_a_deleted_message_keeps_its_place_and_has_no_text(londo: Person, gkar: Person, sent: dict[str, Any]) -> None:
    londo.send("next", to=gkar)
    deleted = done(londo.delete(at(sent)))
    assert deleted == sent | {"message": "", "rev": 1, "deleted_at": deleted["deleted_at"]}
    assert done(londo.delete(at(sent))) == deleted
    assert done(londo.delete(at(sent), **if_match('"0"'))) == deleted
    for person in (londo, gkar):
        assert person.messages(started(sent)) == ["", "next"]
    assert refusal_of(londo.patch(at(sent), {"message": "new"})) == (409, "message_deleted")
    assert refusal_of(londo.patch(at(sent), {"message": "new"}, **if_match('"1"'))) == (409, "message_deleted")


def test_a_message_is_named_in_any_of_the_usual_ways(londo: Person, gkar: Person, sent: dict[str, Any]) -> None:
    groups = (started(sent), started(sent).upper(), gkar.at_handle, gkar.at_handle.upper())
    for rev, group in enumerate(groups, 1):
        assert done(londo.patch(f"/api/messages/{group}/{sent['uuid'].upper()}", {"message": "x"}))["rev"] == rev


@pytest.mark.parametrize("spelled", ['"0"', "0", ' "0" ', "*", " * ", '"00"'])
def test_the_version_that_is_meant_is_spelled_as_http_has_it_or_without_quotes(
    londo: Person, sent: dict[str, Any], spelled: str
) -> None:
    assert done(londo.patch(at(sent), {"message": "new"}, **if_match(spelled)))["rev"] == 1


@pytest.mark.parametrize(
    "spelled", ['W/"0"', '"0", "1"', '"x"', '""', '"', "-1", "0.0", "1e0", "\u0660", "9" * 10, '"0"x', '"0', '0"']
)
def test_what_is_no_version_is_refused(londo: Person, sent: dict[str, Any], spelled: str) -> None:
    encoded = if_match(spelled.encode().decode("latin-1"))
    for answer in (londo.patch(at(sent), {"message": "new"}, **encoded), londo.delete(at(sent), **encoded)):
        assert refusal_of(answer) == (422, ["if_match_invalid"])
    assert londo.messages(started(sent)) == ["old"]


def test_nobody_overwrites_what_they_have_not_seen(londo: Person, gkar: Person, sent: dict[str, Any]) -> None:
    edit = partial(londo.patch, at(sent))
    first = done(edit({"message": "one"}, **if_match('"0"')))
    assert refusal_of(edit({"message": "two"}, **if_match('"0"'))) == CHANGED
    assert refusal_of(edit({"message": "two"}, **if_match('"7"'))) == CHANGED
    assert refusal_of(londo.delete(at(sent), **if_match('"0"'))) == CHANGED
    assert gkar.messages(started(sent)) == ["one"]
    # The answer to the first was lost, and the client asks again.
    assert done(edit({"message": "one"}, **if_match('"0"'))) == first
    assert done(londo.delete(at(sent), **if_match('"1"')))["rev"] == 2


def test_of_those_who_edit_a_version_at_once_one_wins(londo: Person, sent: dict[str, Any]) -> None:
    londo.groups()
    texts = [f"text {number}" for number in range(8)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda text: londo.patch(at(sent), {"message": text}, **if_match('"0"')), texts))
    (won,) = [text for text, answer in zip(texts, answers, strict=True) if answer.status_code == 200]
    assert {refusal_of(answer) for answer in answers if answer.status_code != 200} == {CHANGED}
    assert londo.messages(started(sent)) == [won]


def test_of_an_edit_and_a_deletion_at_once_the_deletion_stays(londo: Person, gkar: Person) -> None:
    londo.groups()
    with ThreadPoolExecutor(2) as threads:
        for _ in range(10):
            message = londo.send("old", to=gkar)
            edited = threads.submit(londo.patch, at(message), {"message": "new"})
            assert done(threads.submit(londo.delete, at(message)).result())["message"] == ""
            assert edited.result().status_code in {200, 409}
            assert gkar.messages(londo.at_handle)[-1] == ""


def test_only_who_wrote_a_message_changes_it(londo: Person, gkar: Person, vir: Person, group: str) -> None:
    message = gkar.send("mine", group=group)
    for person in (londo, vir):
        for answer in (
            person.patch(at(message), {"message": "ours"}), person.delete(at(message)),
            person.patch(at(message), {"message": "mine"}, **if_match('"7"')),
        ):  # fmt: skip
            assert refusal_of(answer) == (403, "message_not_yours")
    done(gkar.delete(at(message)))
    assert refusal_of(londo.delete(at(message))) == (403, "message_not_yours")


def test_a_message_that_is_not_in_the_message_group_is_not_found(
    londo: Person, gkar: Person, group: str, sent: dict[str, Any]
) -> None:
    elsewhere = f"/api/messages/{group}/{sent['uuid']}"
    for path in (
        elsewhere, f"/api/messages/{group}/{NO_SUCH_UUID}", f"/api/messages/{gkar.at_handle}/{NO_SUCH_UUID}",
        f"/api/messages/{group}/~GROUP", f"/api/messages/{group}/x", f"/api/messages/{group}/{'9' * 500}",
        f"/api/messages/{group}/%00",
    ):  # fmt: skip
        assert refusal_of(londo.patch(path, {"message": "new"})) == MISSING
        assert refusal_of(londo.delete(path)) == MISSING
    assert londo.messages(started(sent)) == ["old"]


INVALID: list[tuple[object, list[str]]] = [
    ({}, ["message_blank"]),
    ({"message": " "}, ["message_blank"]),
    ({"message": 7}, ["message_invalid"]),
    ({"message": "a\x00"}, ["message_invalid"]),
    ({"message": "x" * 1025}, ["message_exceed_max_chars_1024"]),
]


@pytest.mark.parametrize(("body", "codes"), INVALID, ids=lambda value: repr(value)[:40])
def test_a_new_text_is_as_one_that_is_sent(londo: Person, sent: dict[str, Any], body: object, codes: list[str]) -> None:
    assert refusal_of(londo.patch(at(sent), body)) == (422, codes)
    assert done(londo.patch(at(sent), {"message": "x" * 1024}))["message"] == "x" * 1024


# What follows from it


def test_the_list_follows_when_it_was_the_newest(api: Api, londo: Person, gkar: Person, sent: dict[str, Any]) -> None:
    group = started(sent)
    last = gkar.send("newest", to=londo)
    api.stream(londo, gkar)
    steps: list[tuple[Callable[[], TestResponse], str]] = [
        (lambda: londo.patch(at(sent), {"message": "older"}), "newest"),
        (lambda: gkar.patch(at(last), {"message": "x" * 300}), "x" * 200),
        (lambda: gkar.patch(at(last), {"message": "edited"}), "edited"),
        (lambda: londo.delete(at(sent)), "edited"),
        (lambda: gkar.delete(at(last)), ""),
    ]
    for change, shown in steps:
        done(change())
        api.stream(londo, gkar)
        for person in (londo, gkar):
            eventually(partial(field_in_list, person, group, "message"), shown)
            assert field_in_list(person, group, "created_at") == last["created_at"]
            assert field_in_list(person, group, "last_message_uuid") == last["uuid"]


def test_an_edit_neither_reorders_the_list_nor_makes_anything_unread(
    api: Api, londo: Person, gkar: Person, vir: Person, sent: dict[str, Any]
) -> None:
    other = vir.send("hi", to=gkar)
    api.stream(londo, gkar)
    done(gkar.post(f"/api/message_groups/{started(sent)}/read", {"message_uuid": sent["uuid"]}))
    done(londo.patch(at(sent), {"message": "edited"}))
    api.stream(londo, gkar)
    eventually(partial(field_in_list, gkar, started(sent), "message"), "edited")
    assert [row["uuid"] for row in gkar.groups()] == [started(other), started(sent)]
    assert field_in_list(gkar, started(sent), "unread_count") == 0


def test_a_deleted_message_counts_as_it_did(api: Api, londo: Person, gkar: Person) -> None:
    messages = [londo.send(text, to=gkar) for text in "123"]
    group = started(messages[0])
    api.stream(londo, gkar)
    eventually(partial(field_in_list, gkar, group, "unread_count"), 3)
    done(londo.delete(at(messages[1])))
    done(londo.delete(at(messages[2])))
    api.stream(londo, gkar)
    eventually(partial(field_in_list, gkar, group, "message"), "")
    assert field_in_list(gkar, group, "unread_count") == 3
    done(gkar.post(f"/api/message_groups/{group}/read", {"message_uuid": messages[2]["uuid"]}))
    eventually(partial(field_in_list, gkar, group, "unread_count"), 0)


def test_pages_hold_deleted_messages_in_their_places(londo: Person, gkar: Person) -> None:
    messages = [londo.send(str(number), to=gkar) for number in range(7)]
    for number in (0, 3, 6):
        done(londo.delete(at(messages[number])))
    path = f"/api/messages/{started(messages[0])}"
    shown = [[message["uuid"] for message in page] for page in pages(gkar, f"{path}?limit=3")]
    uuids = [message["uuid"] for message in messages]
    assert shown == [uuids[:3:-1], uuids[3:0:-1], uuids[:1]]
    texts = [[message["message"] for message in page] for page in pages(gkar, f"{path}?limit=3")]
    assert texts == [["", "5", "4"], ["", "2", "1"], [""]]
    after = gkar.get(f"{path}?after={uuids[3]}&limit=3")
    assert [message["message"] for message in done(after)] == ["", "5", "4"]
    around = gkar.get(f"{path}?around={uuids[3]}&limit=3")
    assert [message["message"] for message in done(around)] == ["4", "", "2"]
