"""What happens to messages after they were sent, and who is told of it: whoever may see it, and nobody else."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from tests.api import Api, Person, eventually
from tests.integration.live.conftest import Listen, Send
from tests.listening import Listening
from tests.servers import Caller, Server


def ask(server: Server, person: Person, method: str, path: str, body: object = None) -> Any:
    with closing(Caller(server.port, person.token)) as caller:
        answer = caller.ask(method, path, body)
    assert answer.status == 200, answer
    return answer.body


def kinds(listening: Listening) -> list[str]:
    return [told.kind for told in listening.told]


def test_an_edit_and_a_deletion_are_told_to_both(
    here: Server, there: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    listening = [listen(there, person).ready() for person in (londo, gkar)]
    sent = send(here, londo, gkar, "hi")
    path = f"/api/messages/{sent['message_group_uuid']}/{sent['uuid']}"
    # What is told is the message as it is by then, so each version waits until it was told.
    for one in listening:
        one.wait_for(2)
    edited = ask(here, londo, "PATCH", path, {"message": "ho"})
    for one in listening:
        one.wait_for(3)
    deleted = ask(here, londo, "DELETE", path)
    for one in listening:
        assert [told.data for told in one.wait_for(4)[1:]] == [sent, edited, deleted]
        assert kinds(one) == ["ready", "message", "edited", "deleted"]


def test_what_was_edited_while_somebody_was_away_is_told_once_as_it_is_now(
    api: Api, here: Server, there: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    sent = send(here, londo, gkar, "old")
    api.stream(londo, gkar)
    away = listen(there, gkar).ready()
    away.close()
    group = sent["message_group_uuid"]
    path = f"/api/messages/{group}/{sent['uuid']}"
    ask(here, londo, "PATCH", path, {"message": "newer"})
    edited = ask(here, londo, "PATCH", path, {"message": "newest"})
    ask(here, gkar, "POST", f"/api/message_groups/{group}/read", {"message_uuid": sent["uuid"]})
    api.stream(londo, gkar)
    again = listen(there, gkar, away.last_id)
    again.wait_for(2)
    heard = {told.kind: told.data for told in again.told if told.data != sent}
    assert heard == {"edited": edited, "read": {"message_group_uuid": group, "read_up_to": sent["uuid"]}}


def test_a_group_of_many_is_told_and_who_has_left_is_not(
    api: Api, here: Server, there: Server, londo: Person, gkar: Person, listen: Listen
) -> None:
    vir = api.person("vir")
    listening = {who.user.handle: listen(there, who).ready() for who in (londo, gkar, vir)}
    body = {"handles": [gkar.user.handle, vir.user.handle], "message": "welcome"}
    group = ask(here, londo, "POST", "/api/message_groups", body)["message_group_uuid"]
    for one in listening.values():
        assert one.wait_for(2)[1].data["message"] == "welcome"
    ask(here, vir, "DELETE", f"/api/message_groups/{group}/members/@{vir.user.handle}")
    ask(here, londo, "POST", "/api/messages", {"message": "without vir", "message_group_uuid": group})
    for one in (listening[londo.user.handle], listening[gkar.user.handle]):
        assert one.wait_for(3)[2].data["message"] == "without vir"
    assert listening[vir.user.handle].texts == ["welcome"]


def test_who_is_blocked_hears_themselves_and_is_not_heard(
    here: Server, there: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    sender, other = listen(there, londo).ready(), listen(there, gkar).ready()
    sent = send(here, londo, gkar, "heard")
    for one in (sender, other):
        one.wait_for(2)
    ask(here, gkar, "PUT", f"/api/blocks/{londo.at_handle}")
    unheard = send(here, londo, gkar, "unheard")
    sender.wait_for(3)
    path = f"/api/messages/{sent['message_group_uuid']}/{unheard['uuid']}"
    ask(here, londo, "PATCH", path, {"message": "still not"})
    sender.wait_for(4)
    assert sender.texts == ["heard", "unheard", "still not"]
    ask(here, gkar, "DELETE", f"/api/blocks/{londo.at_handle}")
    send(here, londo, gkar, "heard again")
    eventually(lambda: other.texts, ["heard", "heard again"])


def test_what_is_refused_is_not_told(
    api: Api, here: Server, there: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    """Nor does a stranger who tries become a reason for anybody to hear of something."""
    sent, stranger = send(here, londo, gkar, "hi"), api.person("stranger")
    api.stream(londo, gkar)
    listening = listen(there, gkar).ready()
    before = listening.texts
    path = f"/api/messages/{sent['message_group_uuid']}/{sent['uuid']}"
    for person, method, body in ((gkar, "PATCH", {"message": "x"}), (stranger, "PATCH", {"message": "x"})):
        with closing(Caller(here.port, person.token)) as caller:
            assert caller.ask(method, path, body).status in {403, 404}
    with closing(Caller(here.port, stranger.token)) as caller:
        body = {"message": "x", "message_group_uuid": sent["message_group_uuid"]}
        assert caller.send(body).status == 404
    last = send(here, londo, gkar, "last")
    eventually(lambda: listening.texts[-1:], [last["message"]])
    assert set(listening.texts) <= {*before, "hi", "last"}
    assert set(kinds(listening)) == {"ready", "message"}
