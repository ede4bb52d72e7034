"""Two people talk: the story that the whole system is for."""

from __future__ import annotations

import os
import signal
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import boto3
import requests
from botocore import UNSIGNED
from botocore.config import Config

from dev.cognito import LOCAL_PASSWORD
from dev.stack import Stack


def row_with(person: Any, handle: str) -> dict[str, Any] | None:
    rows = person.get("/api/message_groups").json()
    return next((row for row in rows if row["handle"] == handle), None)


def test_everything_is_ready(system: Stack) -> None:
    assert requests.get(f"{system.api_url}/api/ready", timeout=5).json() == {"ready": True, "silent": []}


def test_a_new_conversation_is_in_both_lists_without_waiting_for_the_stream(
    sign_in: Callable[[str], Any], until: Callable[..., Any]
) -> None:
    gkar, delenn = sign_in("gkar"), sign_in("delenn")

    sent = gkar.post("/api/messages", {"handle": "delenn", "message": "We have to talk."})

    assert sent.status_code == 200
    for reader, other in ((gkar, "delenn"), (delenn, "gkar")):
        # The index follows the rows within some tens of milliseconds, so a first look may come too early.
        row = until(partial(row_with, reader, other), seconds=1)
        assert row["uuid"] == sent.json()["message_group_uuid"]
        assert reader.get(f"/api/messages/{row['uuid']}").json()[0]["message"] == "We have to talk."


def test_a_reply_reaches_the_other_list_through_the_stream(andrew: Any, bayko: Any, until: Callable[..., Any]) -> None:
    text = f"Bring the hat {uuid.uuid4()}"
    group = row_with(andrew, "bayko")
    assert group

    bayko.post("/api/messages", {"message_group_uuid": group["uuid"], "message": text})

    seen = until(lambda: (row := row_with(andrew, "bayko")) and row["message"] == text and row)
    assert seen["unread"] is True
    assert seen["unread_count"] >= 1
    mine = until(lambda: (row := row_with(bayko, "andrewbrown")) and row["message"] == text and row)
    assert (mine["unread"], mine["unread_count"]) == (False, 0)

    andrew.post(f"/api/message_groups/{group['uuid']}/read", {"message_uuid": seen["last_message_uuid"]})

    until(lambda: row_with(andrew, "bayko")["unread"] is False)  # type: ignore[index]


def test_the_seeded_conversation_can_be_paged_back_to_its_first_message(andrew: Any) -> None:
    texts: list[str] = []
    path = "/api/messages/@bayko?limit=7"
    while path:
        page = andrew.get(path)
        texts += [message["message"] for message in page.json()]
        path = page.links.get("next", {}).get("url", "")

    assert len(texts) >= 60
    assert texts[-1] == "Are you still up for the meteor shower on Saturday?"


def test_a_message_sent_twice_under_one_key_is_stored_once(andrew: Any) -> None:
    body, key = {"handle": "londo", "message": "What is the surprise?"}, str(uuid.uuid4())

    answers = [andrew.post("/api/messages", body, Idempotency_Key=key).json() for _ in range(3)]

    assert answers[0] == answers[1] == answers[2]
    assert [message["uuid"] for message in andrew.get("/api/messages/@londo").json()].count(answers[0]["uuid"]) == 1


def test_somebody_who_signs_up_in_the_front_end_can_write_at_once(system: Stack, andrew: Any) -> None:
    cognito = boto3.client(
        "cognito-idp",
        endpoint_url=system.cognito_url,
        region_name="us-east-1",
        config=Config(signature_version=UNSIGNED),
    )
    client_id, email = system.environment()["AWS_COGNITO_USER_POOL_CLIENT_ID"], "worf@cruddur.example"
    names = {"email": email, "name": "Worf", "preferred_username": "worf"}
    attributes: Any = [{"Name": name, "Value": value} for name, value in names.items()]
    cognito.sign_up(ClientId=client_id, Username=email, Password=LOCAL_PASSWORD, UserAttributes=attributes)
    cognito.confirm_sign_up(ClientId=client_id, Username=email, ConfirmationCode="123456")
    signed_in = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": email, "PASSWORD": LOCAL_PASSWORD},
    )
    cognito.close()
    worf = type(andrew)(system.api_url, "worf", signed_in["AuthenticationResult"]["AccessToken"])

    sent = worf.post("/api/messages", {"handle": "andrewbrown", "message": "Today is a good day to write."}).json()

    assert (sent["handle"], sent["display_name"]) == ("worf", "Worf")
    assert andrew.get("/api/messages/@worf").json()[0]["uuid"] == sent["uuid"]


def test_a_stranger_finds_nothing(andrew: Any, sign_in: Callable[[str], Any]) -> None:
    group = row_with(andrew, "bayko")
    assert group

    seen = sign_in("londo").get(f"/api/messages/{group['uuid']}")

    assert seen.status_code == 404
    assert seen.content == sign_in("londo").get(f"/api/messages/{uuid.uuid4()}").content


def test_the_list_catches_up_when_the_trigger_was_killed(
    system: Stack, andrew: Any, bayko: Any, until: Callable[..., Any]
) -> None:
    trigger = next(child for child in system.children if child.name == "trigger")
    os.killpg(trigger.process.pid, signal.SIGKILL)
    trigger.process.wait()
    system.children.remove(trigger)
    text = f"While nobody listens {uuid.uuid4()}"
    bayko.post("/api/messages", {"handle": "andrewbrown", "message": text})
    assert andrew.get("/api/messages/@bayko").json()[0]["message"] == text
    assert row_with(andrew, "bayko")["message"] != text  # type: ignore[index]

    system._start_trigger()

    until(lambda: row_with(andrew, "bayko")["message"] == text)  # type: ignore[index]


def test_somebody_who_sends_too_much_is_told_when_to_go_on_by_every_process(sign_in: Callable[[str], Any]) -> None:
    gkar, body = sign_in("gkar"), {"handle": "delenn", "message": "Listen to me!"}
    begun, sent = time.monotonic(), 0
    while (answer := gkar.post("/api/messages", body)).status_code == 200 and sent < 200:
        sent += 1
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, "rate_limited", "1")
    assert 50 < sent <= 60 + time.monotonic() - begun + 1


def test_afterwards_everything_is_in_order(
    system: Stack, script: Callable[..., Any], until: Callable[..., Any]
) -> None:
    until(lambda: script("ddb/verify").returncode == 0)
    checked = script("doctor", "--folder", str(system.folder))
    assert checked.returncode == 0, checked.stdout
