"""Blocks: whom I block I do not hear, nor do I write to them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from tests.api import Api, Person, done, eventually, next_link, pages, refusal_of
from tests.groups import at, field_in_list, is_listed, row_in_list, started

BLOCKED = (409, "user_blocked")


def block(who: Person, whom: Person) -> None:
    assert done(who.put(f"/api/blocks/{whom.at_handle}")) == {"success": True}


def unblock(who: Person, whom: Person) -> None:
    assert done(who.delete(f"/api/blocks/{whom.at_handle}")) == {"success": True}


def blocked(who: Person) -> list[str]:
    return [each["uuid"] for each in done(who.get("/api/blocks"))]


def test_whom_i_block_i_do_not_hear(api: Api, londo: Person, gkar: Person) -> None:
    first = gkar.send("before", to=londo)
    group, path = started(first), f"/api/messages/{started(first)}"
    eventually(partial(is_listed, londo, group), wanted=True)
    block(londo, gkar)
    unheard = gkar.send("unheard", to=londo)
    gkar.send("nor this", group=group)
    api.stream(londo, gkar)
    eventually(partial(is_listed, londo, group), wanted=False)
    for query in ("", "?limit=1", f"?around={unheard['uuid']}", f"?before={unheard['uuid']}"):
        assert [message["message"] for message in done(londo.get(path + query))] == ["before"], query
    assert done(londo.get(f"{path}?after={first['uuid']}")) == []
    assert done(londo.get("/api/message_groups?unread=1")) == []
    one = f"{path}/{unheard['uuid']}"
    for answer in (londo.delete(one), londo.patch(one, {"message": "x"})):
        assert refusal_of(answer) == (404, "message_not_found")
    assert gkar.messages(group) == ["before", "unheard", "nor this"]
    (found,) = done(londo.get(f"/api/message_groups?with={gkar.user.handle}"))
    assert (found["blocked"], found["message"], found["unread_count"]) == (True, "before", 1)
    assert done(londo.get(at(group)))["blocked"] is True
    assert done(gkar.get(at(group)))["blocked"] is False


def test_what_was_sent_meanwhile_stays_unseen(api: Api, londo: Person, gkar: Person) -> None:
    group = started(gkar.send("before", to=londo))
    block(londo, gkar)
    unheard = gkar.send("unheard", to=londo)
    unblock(londo, gkar)
    done(gkar.patch(f"/api/messages/{group}/{unheard['uuid']}", {"message": "still"}))
    api.stream(londo, gkar)
    eventually(partial(field_in_list, londo, group, "message"), "before")
    assert londo.messages(group) == ["before"]
    gkar.send("heard", to=londo)
    api.stream(londo, gkar)
    eventually(partial(field_in_list, londo, group, "message"), "heard")
    assert londo.messages(group) == ["before", "heard"]
    assert field_in_list(londo, group, "unread_count") == 2
    assert gkar.messages(group) == ["before", "still", "heard"]
    assert londo.send("back", to=gkar)["message_group_uuid"] == group


def test_an_edit_of_a_message_from_before_still_shows(api: Api, londo: Person, gkar: Person) -> None:
    first = gkar.send("before", to=londo)
    block(londo, gkar)
    done(gkar.patch(f"/api/messages/{started(first)}/{first['uuid']}", {"message": "edited"}))
    api.stream(londo, gkar)
    assert londo.messages(started(first)) == ["edited"]
    eventually(partial(is_listed, londo, started(first)), wanted=False)
    done(gkar.delete(f"/api/messages/{started(first)}/{first['uuid']}"))
    assert londo.messages(started(first)) == [""]


def test_nobody_writes_to_whom_they_block(londo: Person, gkar: Person, vir: Person) -> None:
    group = started(gkar.send("hi", to=londo))
    block(londo, gkar)
    block(londo, vir)
    key = {"Idempotency-Key": "k"}
    for body in (
        {"handle": gkar.user.handle}, {"message_group_uuid": group}, {"message_group_uuid": gkar.at_handle},
        {"handle": vir.user.handle},
    ):  # fmt: skip
        for headers in ({}, key):
            assert refusal_of(londo.post("/api/messages", {"message": "hi", **body}, **headers)) == BLOCKED
    assert gkar.messages(group) == ["hi"]
    assert vir.groups() == []
    unblock(londo, gkar)
    unblock(londo, vir)
    assert londo.send("hello", to=gkar, key="k")["message_group_uuid"] == group
    assert vir.messages(londo.at_handle) == []


def test_who_was_blocked_before_they_ever_wrote_starts_nothing_for_me(api: Api, londo: Person, gkar: Person) -> None:
    block(londo, gkar)
    group = started(gkar.send("hello", to=londo))
    api.stream(londo, gkar)
    assert londo.groups() == []
    assert done(londo.get(f"/api/messages/{gkar.at_handle}")) == []
    assert done(londo.get(f"/api/message_groups?with={gkar.user.handle}")) == []
    for answer in (
        londo.get(at(group)), londo.patch(at(group), {"ttl": "1-hour"}), londo.get(at(gkar.at_handle)),
    ):  # fmt: skip
        assert refusal_of(answer) == (404, "message_group_not_found")
    assert done(gkar.get(at(group)))["ttl"] is None
    unblock(londo, gkar)
    assert londo.groups() == []
    gkar.send("and now?", to=londo)
    api.stream(londo, gkar)
    eventually(partial(field_in_list, londo, group, "unread_count"), 1)
    assert londo.messages(gkar.at_handle) == ["and now?"]


def test_message_groups_of_many_are_not_affected(api: Api, londo: Person, gkar: Person, group: str) -> None:
    block(londo, gkar)
    gkar.send("to all", group=group)
    londo.send("to all too", group=group)
    api.stream_of(group)
    for person in (londo, gkar):
        assert person.messages(group) == ["hi", "to all", "to all too"]
        eventually(partial(field_in_list, person, group, "message"), "to all too")
    assert row_in_list(londo, group)["blocked"] is False


def test_two_who_block_each_other_hear_each_other_only_when_both_think_better_of_it(
    api: Api, londo: Person, gkar: Person
) -> None:
    group = started(londo.send("hi", to=gkar))
    block(londo, gkar)
    block(gkar, londo)
    for person in (londo, gkar):
        assert refusal_of(person.post("/api/messages", {"message": "x", "message_group_uuid": group})) == BLOCKED
    unblock(gkar, londo)
    gkar.send("sorry", to=londo)
    unblock(londo, gkar)
    londo.send("me too", to=gkar)
    gkar.send("friends?", to=londo)
    api.stream(londo, gkar)
    assert londo.messages(group) == ["hi", "me too", "friends?"]
    assert gkar.messages(group) == ["hi", "sorry", "me too", "friends?"]
    assert blocked(londo) == blocked(gkar) == []


def test_whom_i_block_is_listed_the_last_one_first_page_by_page(api: Api, londo: Person, gkar: Person) -> None:
    others = [api.person("vir") for _ in range(5)]
    others[1].send("hi", to=londo)
    for other in others:
        block(londo, other)
        block(londo, other)
    everybody = [other.user.uuid for other in reversed(others)]
    eventually(partial(blocked, londo), everybody)
    for limit in (1, 2, 3, 5, 20):
        found = [each["uuid"] for page in pages(londo, f"/api/blocks?limit={limit}") for each in page]
        assert found == everybody
    assert next_link(londo.get("/api/blocks?limit=5")) is None
    first = done(londo.get("/api/blocks"))[0]
    assert first == {
        "uuid": others[4].user.uuid, "handle": others[4].user.handle, "display_name": "Vir",
        "blocked_at": first["blocked_at"],
    }  # fmt: skip
    times = [each["blocked_at"] for each in done(londo.get("/api/blocks"))]
    assert times == sorted(times, reverse=True)
    for other in others[::2]:
        unblock(londo, other)
        unblock(londo, other)
    eventually(partial(blocked, londo), [others[3].user.uuid, others[1].user.uuid])
    assert blocked(gkar) == blocked(others[0]) == []


def test_nobody_blocks_themself_or_somebody_who_is_not_there(londo: Person) -> None:
    own = f"/api/blocks/{londo.at_handle}"
    for path in (own, own.upper().replace("/API/BLOCKS", "/api/blocks")):
        assert refusal_of(londo.put(path)) == (422, ["handle_own"])
    assert done(londo.delete(own)) == {"success": True}
    for handle in ("no-one-here", "%00", "a%0Ab", "é", "x" * 500, "%F0%9F"):
        for answer in (londo.put(f"/api/blocks/@{handle}"), londo.delete(f"/api/blocks/@{handle}")):
            assert refusal_of(answer) == (404, "user_not_found")
    assert blocked(londo) == []


@pytest.mark.parametrize("has_begun", [True, False])
def test_blocks_and_messages_at_once_leave_one_or_the_other(api: Api, has_begun: bool) -> None:
    """What was answered before the block is seen, what is sent after it is not; and nothing breaks."""
    with ThreadPoolExecutor(4) as threads:
        for _ in range(8):
            londo, gkar = api.person("londo"), api.person("gkar")
            for person in (londo, gkar):
                person.groups()
            if has_begun:
                gkar.send("before", to=londo)
            blocking = [threads.submit(block, londo, gkar) for _ in range(2)]
            sending = [threads.submit(gkar.send, "meanwhile", londo) for _ in range(2)]
            for block_made in blocking:
                block_made.result()
            for message_sent in sending:
                message_sent.result()
            gkar.send("after", to=londo)
            api.stream(londo, gkar)
            assert "after" not in londo.messages(gkar.at_handle)
            assert len(gkar.messages(londo.at_handle)) == 3 + has_begun
            eventually(partial(blocked, londo), [gkar.user.uuid])
            eventually(londo.groups, [])
            unblock(londo, gkar)
            gkar.send("at last", to=londo)
            assert londo.messages(gkar.at_handle)[-1] == "at last"
