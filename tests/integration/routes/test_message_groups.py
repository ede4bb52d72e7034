"""Message groups of many: who starts one, what it is called, and who finds it; and what a direct one is not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from tests.api import Api, Person, done, eventually, refusal_of
from tests.groups import (
    GONE,
    NO_MESSAGE,
    NO_SUCH_UUID,
    all_but_reading_and_sending,
    at,
    field_in_list,
    handles,
    is_listed,
    members,
    row_in_list,
    started,
)

DIRECT = (409, "message_group_direct")


@pytest.mark.parametrize("others", [2, 3, 49])
def test_a_message_group_of_3_to_50_is_started_with_its_first_message(api: Api, londo: Person, others: int) -> None:
    people = [api.person("vir") for _ in range(others)]
    first = londo.start(*people, title=" Babylon ", message="Welcome")
    group = started(first)
    assert (first["message"], first["user_uuid"]) == ("Welcome", londo.user.uuid)
    for person in (londo, people[0], people[-1]):
        assert person.messages(group) == ["Welcome"]
        eventually(partial(is_listed, person, group), wanted=True)
    shown = done(people[-1].get(at(group)))
    assert {each["uuid"] for each in shown.pop("members")} == {each.user.uuid for each in (londo, *people)}
    assert shown == {
        "uuid": group, "kind": "group", "title": "Babylon", "ttl": None, "created_by": londo.user.uuid,
        "created_at": first["created_at"], "muted": False, "blocked": False, "read_up_to": NO_MESSAGE,
    }  # fmt: skip
    row = row_in_list(people[0], group)
    assert row == {
        "uuid": group, "kind": "group", "user_uuid": None, "display_name": "Babylon", "handle": None,
        "message": "Welcome", "created_at": first["created_at"], "last_message_uuid": first["uuid"],
        "last_sender_uuid": londo.user.uuid, "unread": True, "unread_count": 1, "read_up_to": NO_MESSAGE,
        "members": others + 1, "ttl": None, "muted": False, "blocked": False,
    }  # fmt: skip


def test_without_a_title_it_is_called_by_its_peoples_names(api: Api, londo: Person) -> None:
    people = [api.person("vir") for _ in range(2)]
    assert done(londo.get(at(started(londo.start(*people)))))["title"] == "Londo, Vir, Vir"
    assert done(londo.get(at(started(londo.start(*people, title=None)))))["title"] == "Londo, Vir, Vir"
    many = [api.person("lennier") for _ in range(9)]
    assert done(londo.get(at(started(londo.start(*many)))))["title"] == ("Londo" + ", Lennier" * 9)[:50]


def test_everyone_is_meant_once_and_oneself_too(londo: Person, gkar: Person, vir: Person) -> None:
    named = [gkar.at_handle, gkar.user.handle.upper(), vir.user.handle, f" {vir.at_handle} ", londo.user.handle]
    group = started(done(londo.post("/api/message_groups", {"handles": named, "message": "hi"})))
    assert members(londo, group) == {each.user.handle for each in (londo, gkar, vir)}


def test_two_message_groups_of_the_same_people_are_two(londo: Person, gkar: Person, vir: Person) -> None:
    assert started(londo.start(gkar, vir)) != started(londo.start(gkar, vir))


def test_a_send_key_starts_it_once(api: Api, londo: Person, gkar: Person, vir: Person) -> None:
    first = londo.start(gkar, vir, key="k")
    londo.request("PUT", "/api/profile/update", json={"display_name": "Emperor"})
    assert londo.start(vir, gkar, key="k") == first
    eventually(lambda: len(vir.groups()), 1)
    lennier = api.person("lennier")
    for people, more in [((gkar, lennier), {}), ((gkar, vir), {"title": "B"}), ((gkar, vir), {"message": "ho"})]:
        body = handles(*people) | {"message": "hi"} | more
        answer = londo.post("/api/message_groups", body, **{"Idempotency-Key": "k"})
        assert refusal_of(answer) == (409, "idempotency_key_reused")
    answer = londo.post("/api/messages", {"message": "hi", "handle": gkar.user.handle}, **{"Idempotency-Key": "k"})
    assert refusal_of(answer) == (409, "idempotency_key_reused")


def test_a_send_key_starts_it_once_however_concurrently(londo: Person, gkar: Person, vir: Person) -> None:
    londo.groups()
    with ThreadPoolExecutor(4) as threads:
        sent = list(threads.map(lambda _: started(londo.start(gkar, vir, key="k")), range(8)))
    assert len(set(sent)) == 1
    assert vir.messages(sent[0]) == ["hi"]


INVALID: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["handles_blank", "message_blank"]),
    ({"handles": None}, ["handles_blank"]),
    ({"handles": []}, ["handles_blank"]),
    ({"handles": "gkar"}, ["handles_invalid"]),
    ({"handles": {"gkar": 1}}, ["handles_invalid"]),
    ({"handles": 7}, ["handles_invalid"]),
    ({"handles": [7, 8]}, ["handles_invalid"]),
    ({"handles": [None]}, ["handles_invalid"]),
    ({"handles": [["x"]]}, ["handles_invalid"]),
    ({"handles": [""]}, ["handles_invalid"]),
    ({"handles": ["x"] * 50}, ["handles_exceed_max_49"]),
    ({"handles": [" "]}, ["handles_unknown"]),
    ({"handles": ["@"]}, ["handles_unknown"]),
    ({"handles": ["no-one-here", "nor-here"]}, ["handles_unknown"]),
    ({"handles": ["a\x00b", "\ud800"]}, ["handles_unknown"]),
    ({"handles": ["' OR 1=1 --", "%"]}, ["handles_unknown"]),
    ({"handles": ["\u212a", "\u017f"]}, ["handles_unknown"]),
    ({"handles": ["x" * 9999]}, ["handles_unknown"]),
    ({"title": ""}, ["title_blank"]),
    ({"title": " \t "}, ["title_blank"]),
    ({"title": " \u200b"}, ["title_blank", "title_invalid"]),
    ({"title": "x" * 51}, ["title_exceed_max_chars_50"]),
    ({"title": "a\nb"}, ["title_invalid"]),
    ({"title": "\u202eevil"}, ["title_invalid"]),
    ({"title": "a\x00"}, ["title_invalid"]),
    ({"title": 7}, ["title_invalid"]),
    ({"title": []}, ["title_invalid"]),
    ({"message": ""}, ["message_blank"]),
    ({"message": "x" * 1025}, ["message_exceed_max_chars_1024"]),
    ({"title": "", "message": ""}, ["title_blank", "message_blank"]),
    ({"handles": [], "title": "", "message": ""}, ["handles_blank", "title_blank", "message_blank"]),
]


@pytest.mark.parametrize(("change", "codes"), INVALID, ids=lambda value: repr(value)[:60])
def test_what_is_wrong_with_a_new_one_is_an_array_of_codes(
    londo: Person, gkar: Person, vir: Person, change: dict[str, Any], codes: list[str]
) -> None:
    body = change and {**handles(gkar, vir), "message": "hi"} | change
    assert refusal_of(londo.post("/api/message_groups", body)) == (422, codes)
    assert londo.groups() == vir.groups() == []


def test_one_other_is_too_few(londo: Person, gkar: Person) -> None:
    for named in ([gkar], [gkar, gkar], [gkar, londo], [londo]):
        answer = londo.post("/api/message_groups", {**handles(*named), "message": "hi"})
        assert refusal_of(answer) == (422, ["handles_too_few"])


def test_one_who_is_unknown_keeps_it_from_being_started(londo: Person, gkar: Person, vir: Person) -> None:
    named = [gkar.user.handle, vir.user.handle, "no-one-here"]
    assert refusal_of(londo.post("/api/message_groups", {"handles": named, "message": "hi"})) == (
        422, ["handles_unknown"],
    )  # fmt: skip
    assert gkar.groups() == []


def test_what_one_says_all_see_and_count(api: Api, londo: Person, gkar: Person, vir: Person, group: str) -> None:
    gkar.send("No.", group=group)
    vir.send("Yes.", group=group)
    api.stream_of(group)
    for person, unread in [(londo, 2), (gkar, 1), (vir, 0)]:
        assert person.messages(group) == ["hi", "No.", "Yes."]
        eventually(partial(field_in_list, person, group, "message"), "Yes.")
        assert row_in_list(person, group)["unread_count"] == unread


def test_a_direct_message_group_keeps_its_two_people_and_has_no_title(londo: Person, gkar: Person, vir: Person) -> None:
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    for name in (group, gkar.at_handle):
        assert refusal_of(londo.patch(at(name), {"title": "Us"})) == DIRECT
        assert refusal_of(londo.patch(at(name), {"title": "Us", "ttl": "1-day"})) == DIRECT
        assert refusal_of(londo.post(at(name, "/members"), handles(vir))) == DIRECT
        for handle in (londo.at_handle, gkar.at_handle, vir.at_handle):
            assert refusal_of(londo.delete(at(name, f"/members/{handle}"))) == DIRECT
        shown = done(londo.get(at(name)))
        assert (shown["uuid"], shown["kind"], shown["title"], shown["ttl"]) == (group, "direct", None, None)
        assert {each["uuid"] for each in shown["members"]} == {londo.user.uuid, gkar.user.uuid}


def test_of_one_that_is_yet_to_come_there_is_nothing_to_change(londo: Person, gkar: Person) -> None:
    to_come = gkar.at_handle
    assert set(all_but_reading_and_sending(londo, to_come, NO_SUCH_UUID)) == {GONE}
    for name in ("@no-one-here", "@"):
        assert refusal_of(londo.get(at(name)))[0] == 404
    assert gkar.groups() == londo.groups() == []
