"""Message groups of many: who is in one, who comes and who goes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from backend_flask.lib.ddb_items import GROUP_SK, message_key, row_key
from tests.api import Api, Person, done, eventually, refusal_of
from tests.groups import (
    GONE,
    NO_SUCH_UUID,
    at,
    everything,
    field_in_list,
    handles,
    is_listed,
    members,
    row_in_list,
    started,
)


def test_any_member_renames_it_for_all(londo: Person, gkar: Person, vir: Person, group: str) -> None:
    shown = done(vir.patch(at(group), {"title": " Five "}))
    assert (shown["title"], len(shown["members"])) == ("Five", 3)
    for person in (londo, gkar, vir):
        assert done(person.get(at(group)))["title"] == "Five"
        eventually(partial(field_in_list, person, group, "display_name"), "Five")
    done(gkar.patch(at(group.upper()), {"title": "é" * 50}))
    assert done(vir.get(at(group)))["title"] == "é" * 50


CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["change_blank"]),
    ({"title": None, "ttl": None}, ["change_blank"]),
    ({"name": "x"}, ["change_blank"]),
    ({"title": ""}, ["title_blank"]),
    ({"title": "x" * 51}, ["title_exceed_max_chars_50"]),
    ({"title": {}}, ["title_invalid"]),
    ({"ttl": ""}, ["ttl_blank"]),
    ({"ttl": 7}, ["ttl_blank"]),
    ({"ttl": "2-days"}, ["ttl_blank"]),
    ({"ttl": []}, ["ttl_blank"]),
    ({"title": "\n\n", "ttl": "x"}, ["title_blank", "ttl_blank"]),
    ({"title": "Fine", "ttl": "x"}, ["ttl_blank"]),
]


@pytest.mark.parametrize(("body", "codes"), CHANGES, ids=lambda value: repr(value)[:60])
def test_what_is_wrong_with_a_change_is_an_array_of_codes(
    londo: Person, group: str, body: dict[str, Any], codes: list[str]
) -> None:
    assert refusal_of(londo.patch(at(group), body)) == (422, codes)
    assert done(londo.get(at(group)))["title"] == "Babylon"


def test_a_new_member_sees_all_and_has_nothing_unread(
    api: Api, londo: Person, gkar: Person, vir: Person, group: str
) -> None:
    lennier = api.person("lennier")
    gkar.send("before", group=group)
    shown = done(vir.post(at(group, "/members"), handles(lennier, gkar)))
    assert {each["handle"] for each in shown["members"]} == {p.user.handle for p in (londo, gkar, vir, lennier)}
    assert lennier.messages(group) == ["hi", "before"]
    eventually(partial(is_listed, lennier, group), wanted=True)
    row = row_in_list(lennier, group)
    assert (row["message"], row["unread"], row["unread_count"], row["members"]) == ("before", False, 0, 4)
    londo.send("after", group=group)
    api.stream_of(group)
    eventually(partial(field_in_list, lennier, group, "unread_count"), 1)
    eventually(partial(field_in_list, londo, group, "members"), 4)
    assert done(lennier.post(at(group, "/members"), handles(lennier)))["members"] == shown["members"]


def test_there_is_room_for_50(api: Api, londo: Person) -> None:
    people = [api.person("vir") for _ in range(48)]
    group, last, late = started(londo.start(*people)), api.person("na"), api.person("too")
    full = londo.post(at(group, "/members"), handles(last, late))
    assert refusal_of(full) == (409, "message_group_full")
    assert len(members(londo, group)) == 49
    assert len(done(londo.post(at(group, "/members"), handles(last)))["members"]) == 50
    assert len(done(londo.post(at(group, "/members"), handles(last, people[0])))["members"]) == 50
    assert refusal_of(londo.post(at(group, "/members"), handles(late))) == (409, "message_group_full")
    assert refusal_of(late.get(at(group))) == GONE
    done(people[0].delete(at(group, f"/members/{people[0].at_handle}")))
    assert len(done(londo.post(at(group, "/members"), handles(late)))["members"]) == 50


def test_people_who_add_at_once_all_add(api: Api, londo: Person, gkar: Person, vir: Person, group: str) -> None:
    new = [api.person("drazi") for _ in range(6)]
    for person in (londo, gkar, vir):
        person.groups()
    with ThreadPoolExecutor(3) as threads:
        answers = list(
            threads.map(
                lambda pair: pair[0].post(at(group, "/members"), handles(pair[1])),
                zip((londo, gkar, vir) * 2, new, strict=True),
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    everyone = {person.user.handle for person in (londo, gkar, vir, *new)}
    for person in (londo, *new):
        assert members(person, group) == everyone
        eventually(partial(field_in_list, person, group, "members"), 9)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ({}, ["handles_blank"]),
        ({"handles": []}, ["handles_blank"]),
        ({"handles": "x"}, ["handles_invalid"]),
        ({"handles": ["no-one-here"]}, ["handles_unknown"]),
        ({"handles": ["x"] * 50}, ["handles_exceed_max_49"]),
    ],
)
def test_who_is_added_must_be_somebody(londo: Person, group: str, body: object, codes: list[str]) -> None:
    assert refusal_of(londo.post(at(group, "/members"), body)) == (422, codes)


def test_who_leaves_hears_of_it_no_more(api: Api, londo: Person, gkar: Person, vir: Person, group: str) -> None:
    mine = gkar.send("mine", group=group)["uuid"]
    assert done(gkar.delete(at(group, f"/members/{gkar.at_handle}"))) == {"success": True}
    assert set(everything(gkar, group, mine)) == {GONE}
    londo.send("without you", group=group)
    api.stream_of(group)
    eventually(partial(is_listed, gkar, group), wanted=False)
    assert api.table.client.get_item(
        TableName=api.table.name, Key=row_key(gkar.user.uuid, group), ConsistentRead=True
    ).get("Item") is None  # fmt: skip
    assert members(londo, group) == {londo.user.handle, vir.user.handle}
    assert vir.messages(group) == ["hi", "mine", "without you"]
    eventually(partial(field_in_list, vir, group, "members"), 2)


def test_the_creator_takes_others_out_and_nobody_else_does(
    api: Api, londo: Person, gkar: Person, vir: Person, group: str
) -> None:
    out = at(group, f"/members/{vir.at_handle}")
    for person in (gkar, vir):
        answer = person.delete(at(group, f"/members/{(londo if person is vir else vir).at_handle}"))
        assert refusal_of(answer) == (403, "not_the_creator")
    done(londo.delete(out.replace(vir.user.handle, vir.user.handle.upper())))
    assert set(everything(vir, group, NO_SUCH_UUID)) == {GONE}
    assert refusal_of(londo.delete(out)) == (404, "member_not_found")
    assert refusal_of(londo.delete(at(group, "/members/@no-one-here"))) == (404, "user_not_found")
    assert refusal_of(gkar.delete(at(group, f"/members/{api.person().at_handle}"))) == (404, "member_not_found")


def test_the_creator_may_leave_and_nobody_takes_their_place(
    londo: Person, gkar: Person, vir: Person, group: str
) -> None:
    done(londo.delete(at(group, f"/members/{londo.at_handle}")))
    assert set(everything(londo, group, NO_SUCH_UUID)) == {GONE}
    assert done(gkar.get(at(group)))["created_by"] == londo.user.uuid
    assert refusal_of(gkar.delete(at(group, f"/members/{vir.at_handle}"))) == (403, "not_the_creator")
    done(gkar.post(at(group, "/members"), handles(londo)))
    done(londo.delete(at(group, f"/members/{vir.at_handle}")))
    assert members(gkar, group) == {londo.user.handle, gkar.user.handle}


def test_who_comes_back_sees_all_again(londo: Person, gkar: Person, group: str) -> None:
    done(gkar.put(at(group, "/mute")))
    done(gkar.delete(at(group, f"/members/{gkar.at_handle}")))
    londo.send("meanwhile", group=group)
    done(londo.post(at(group, "/members"), handles(gkar)))
    assert gkar.messages(group) == ["hi", "meanwhile"]
    shown = done(gkar.get(at(group)))
    assert (shown["muted"], shown["title"]) == (False, "Babylon")
    eventually(partial(field_in_list, gkar, group, "unread_count"), 0)


def test_when_all_have_left_nobody_finds_it(api: Api, londo: Person, gkar: Person, vir: Person, group: str) -> None:
    everyone = (vir, londo, gkar)
    for person in everyone:
        done(person.delete(at(group, f"/members/{person.at_handle}")))
    for person in everyone:
        assert set(everything(person, group, NO_SUCH_UUID)) == {GONE}
    item = api.table.client.get_item(TableName=api.table.name, Key=message_key(group, GROUP_SK))["Item"]
    assert "member_uuids" not in item


def test_two_who_leave_at_once_both_leave(londo: Person, gkar: Person, vir: Person, group: str) -> None:
    for person in (gkar, vir):
        person.groups()
    with ThreadPoolExecutor(2) as threads:
        left = threads.map(lambda person: person.delete(at(group, f"/members/{person.at_handle}")), (gkar, vir))
    assert {answer.status_code for answer in left} == {200}
    assert members(londo, group) == {londo.user.handle}
    assert londo.send("alone", group=group)["message"] == "alone"
