"""What people hear of each other, through two processes that know of each other only by Postgres."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.api import FRONTEND, Api, Person, eventually
from tests.integration.live.conftest import Listen, Send
from tests.listening import Told
from tests.servers import Caller, Server

SOON_SECONDS = 2


def lines_of(log: Path, person: Person) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line.get("user_uuid") == person.user.uuid and line["route"].endswith("/stream")]


def test_a_message_reaches_both_people_at_each_process_and_no_stranger(
    api: Api, here: Server, there: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    vir = listen(there, api.person("vir")).ready()
    listening = [listen(server, person).ready() for server in (here, there) for person in (londo, gkar)]
    sent = send(here, londo, gkar, "hi")
    for one in listening:
        assert [(told.kind, told.data) for told in one.wait_for(2, SOON_SECONDS)] == [("ready", {}), ("message", sent)]
    assert [told.kind for told in vir.told] == ["ready"]


def test_what_is_told_of_is_there_to_be_read(
    api: Api, here: Server, there: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    """An event comes after the commit, never before."""
    listening = listen(there, gkar).ready()
    for number in range(20):
        send(here, londo, gkar, str(number))
        told = listening.wait_for(number + 2)[-1]
        group = told.data["message_group_uuid"]
        assert api.table.list_messages(gkar.user.uuid, group, 1).items[0].message_uuid == told.data["uuid"]
    assert listening.texts == [str(number) for number in range(20)]


def test_my_read_marker_is_told_to_my_other_windows_alone(
    here: Server, there: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    sent = send(here, londo, gkar, "hi")
    mine, others = listen(there, gkar).ready(), listen(there, londo).ready()
    group, read = sent["message_group_uuid"], sent["uuid"]
    with closing(Caller(here.port, gkar.token)) as caller:
        assert caller.ask("POST", f"/api/message_groups/{group}/read", {"message_uuid": read}).status == 200
    moved = Told("read", "", {"message_group_uuid": group, "read_up_to": read})
    # The hint at the message may have come after they were ready.
    eventually(lambda: [replace(told, id="") for told in mine.told if told.kind not in {"ready", "message"}], [moved])
    assert {told.kind for told in others.told} <= {"ready", "message"}


def test_fifty_people_at_two_processes_each_hear_all_and_only_theirs(
    api: Api, here: Server, there: Server, londo: Person, listen: Listen, send: Send
) -> None:
    people = [api.person("many") for _ in range(50)]
    listening = [listen((here, there)[number % 2], person).ready() for number, person in enumerate(people)]
    for number, person in enumerate(people):
        for word in ("hi", "ho"):
            send((there, here)[number % 3 == 0], londo, person, f"{word} {number}")
    for number, one in enumerate(listening):
        one.wait_for(3)
        assert sorted(one.texts) == [f"hi {number}", f"ho {number}"]


def test_who_comes_back_hears_what_was_missed_once_and_in_order_at_any_process(
    here: Server, there: Server, londo: Person, gkar: Person, listen: Listen, send: Send, api: Api
) -> None:
    first = listen(here, gkar).ready()
    for text in ("1", "2"):
        send(here, londo, gkar, text)
    first.wait_for(3)
    first.close()
    for text in ("3", "4", "5"):
        send(there, londo, gkar, text)
    api.stream(londo, gkar)
    again = listen(there, gkar, first.last_id)
    again.wait_for(3)
    send(here, londo, gkar, "6")
    again.wait_for(4)
    assert first.texts + again.texts == ["1", "2", "3", "4", "5", "6"]
    assert "ready" not in [told.kind for told in again.told]


def test_an_answer_is_a_stream_that_nobody_keeps_or_collects(here: Server, gkar: Person, listen: Listen) -> None:
    begun = time.monotonic()
    listening = listen(here, gkar)
    assert time.monotonic() - begun < 1
    headers = {name: listening.headers[name] for name in ("Content-Type", "Cache-Control", "X-Accel-Buffering")}
    assert headers == {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    assert listening.ready().text.startswith("retry: ")


def test_a_browser_may_listen_and_say_where_it_was(api: Api) -> None:
    asked = {
        "Origin": FRONTEND,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,last-event-id",
    }
    answer = api.request("OPTIONS", "/api/messages/stream", headers=asked)
    assert {"authorization", "last-event-id"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))


@pytest.mark.parametrize(
    ("last_id", "status", "code"),
    [("17", 422, ["last_event_id_invalid"]), ("1a1ffa1cbbb.0123456", 422, ["last_event_id_invalid"])],
)
def test_a_last_event_id_that_is_none_of_ours_is_refused(
    api: Api, londo: Person, last_id: str, status: int, code: object
) -> None:
    answer = londo.request("GET", "/api/messages/stream", headers={"Last-Event-ID": last_id})
    assert (answer.status_code, answer.get_json()) == (status, code)
    assert len(api.stores.live.hub) == 0


def test_an_id_from_before_all_that_is_remembered_is_told_to_begin_anew(
    here: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    listening = listen(here, gkar, "17b00000000.")
    assert [told.kind for told in listening.wait_for(1)] == ["reset"]
    send(here, londo, gkar, "after")
    listening.wait_for(2)
    assert listening.texts == ["after"]


def test_a_stream_is_one_line_in_the_log_when_it_ends(
    here: Server, londo: Person, gkar: Person, listen: Listen, send: Send
) -> None:
    listening = listen(here, gkar).ready()
    send(here, londo, gkar, "secret")
    listening.wait_for(2)
    assert lines_of(here.child.log, gkar) == []
    listening.close()
    send(here, londo, gkar, "to notice that nobody reads")
    send(here, londo, gkar, "and that it is so")
    eventually(lambda: len(lines_of(here.child.log, gkar)), 1)
    (line,) = lines_of(here.child.log, gkar)
    assert (line["route"], line["status"], line["method"]) == ("/api/messages/stream", 200, "GET")
    assert 2 <= line["events"] <= 4
    assert line["ddb_calls"] >= 1
    assert "secret" not in here.child.log.read_text()


def test_to_ask_for_the_head_alone_opens_nothing(api: Api, londo: Person) -> None:
    answer = londo.request("HEAD", "/api/messages/stream")
    assert (answer.status_code, answer.data) == (200, b"")
    answer.close()
    assert len(api.stores.live.hub) == 0
