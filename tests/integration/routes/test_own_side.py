"""A member's own affair: what is muted, hidden, looked for and unread."""

from __future__ import annotations

from functools import partial

from tests.api import Api, Person, done, eventually, refusal_of
from tests.groups import at, field_in_list, handles, is_listed, row_in_list, started


def test_to_mute_is_ones_own_affair(api: Api, londo: Person, gkar: Person, group: str) -> None:
    direct = londo.send("hi", to=gkar)["message_group_uuid"]
    for name, uuid in ((group, group), (gkar.at_handle, direct)):
        for _ in range(2):
            assert done(londo.put(at(name, "/mute"))) == {"success": True}
            assert done(londo.get(at(name)))["muted"] is True
        eventually(partial(field_in_list, londo, uuid, "muted"), wanted=True)
        assert done(gkar.get(at(uuid)))["muted"] is False
        gkar.send("unheard?", group=uuid)
        api.stream_of(uuid)
        eventually(partial(field_in_list, londo, uuid, "message"), "unheard?")
        row = row_in_list(londo, uuid)
        assert (row["muted"], row["unread"], row["unread_count"]) == (True, True, 1)
        for _ in range(2):
            assert done(londo.delete(at(name, "/mute"))) == {"success": True}
            assert done(londo.get(at(name)))["muted"] is False


def test_what_is_hidden_comes_back_with_the_next_message(
    api: Api, londo: Person, gkar: Person, vir: Person, group: str
) -> None:
    direct = gkar.send("hi", to=londo)["message_group_uuid"]
    for uuid in (group, direct):
        eventually(partial(is_listed, londo, uuid), wanted=True)
        for _ in range(2):
            assert done(londo.post(at(uuid, "/hide"), {})) == {"success": True}
        eventually(partial(is_listed, londo, uuid), wanted=False)
        assert londo.messages(uuid) == ["hi"]
        assert done(londo.get(at(uuid)))["uuid"] == uuid
        api.stream_of(uuid)
        assert not is_listed(londo, uuid)
        eventually(partial(is_listed, gkar, uuid), wanted=True)
        gkar.send("back", group=uuid)
        api.stream_of(uuid)
        eventually(partial(is_listed, londo, uuid), wanted=True)
    assert is_listed(vir, group)


def test_what_is_hidden_is_found_by_its_person(londo: Person, gkar: Person) -> None:
    group = gkar.send("hi", to=londo)["message_group_uuid"]
    done(londo.post(at(group, "/hide"), {}))
    (row,) = done(londo.get(f"/api/message_groups?with={gkar.user.handle}"))
    assert (row["uuid"], row["unread_count"]) == (group, 1)


def test_neither_an_edit_nor_a_new_title_brings_back_what_is_hidden(
    api: Api, londo: Person, gkar: Person, vir: Person, group: str
) -> None:
    sent = gkar.send("old", group=group)["uuid"]
    api.stream_of(group)
    done(londo.post(at(group, "/hide"), {}))
    eventually(partial(is_listed, londo, group), wanted=False)
    done(gkar.patch(f"/api/messages/{group}/{sent}", {"message": "new"}))
    done(vir.patch(at(group), {"title": "Five", "ttl": "1-day"}))
    done(vir.post(at(group, "/members"), handles(api.person())))
    api.stream_of(group)
    assert not is_listed(londo, group)
    londo.send("mine", group=group)
    api.stream_of(group)
    eventually(partial(field_in_list, londo, group, "display_name"), "Five")


def test_a_person_finds_the_message_group_with_another_without_starting_it(londo: Person, gkar: Person) -> None:
    find = f"/api/message_groups?with={gkar.user.handle}"
    assert done(londo.get(find)) == []
    assert gkar.groups() == []
    group = gkar.send("hi", to=londo)["message_group_uuid"]
    for handle in (gkar.user.handle, gkar.at_handle, gkar.user.handle.upper()):
        (row,) = done(londo.get(f"/api/message_groups?with={handle}"))
        assert (row["uuid"], row["unread_count"]) == (group, 1)
    assert done(londo.get(f"/api/message_groups?with={londo.user.handle}")) == []
    for nobody in ("no-one-here", "", "%00", "@", "%F0%9F"):
        assert refusal_of(londo.get(f"/api/message_groups?with={nobody}")) == (404, "user_not_found")


def test_only_what_is_unread_or_has_changed_is_listed(api: Api, londo: Person) -> None:
    others = [api.person() for _ in range(4)]
    sent = [other.send("hi", to=londo) for other in others]
    eventually(lambda: len(londo.groups()), 4)

    def listed(query: str) -> list[str]:
        return [row["uuid"] for row in done(londo.get(f"/api/message_groups?{query}"))]

    groups = [started(message) for message in reversed(sent)]
    assert listed(f"since={sent[1]['uuid']}") == groups[:2]
    assert listed(f"since={sent[3]['uuid']}") == []
    assert listed(f"since={sent[0]['uuid']}&before={sent[3]['uuid']}") == groups[1:3]
    for since, before in ((3, 0), (1, 1)):
        assert listed(f"since={sent[since]['uuid']}&before={sent[before]['uuid']}") == []
    done(londo.post(at(groups[1], "/read"), {"message_uuid": sent[2]["uuid"]}))
    eventually(lambda: listed("unread=1"), [groups[0], *groups[2:]])
    assert listed("unread=0") == groups
    answer = londo.get("/api/message_groups?unread=1&limit=2")
    assert [row["uuid"] for row in done(answer)] == [groups[0], groups[2]]
    assert "unread=1" in answer.headers["Link"]
    assert listed(f"unread=1&limit=2&before={sent[1]['uuid']}") == [groups[3]]
