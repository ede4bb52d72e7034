"""The Idempotency-Key of POST /api/messages, and messages that race each other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest

from tests.api import Api, Person, code_of

T = TypeVar("T")


def at_once(*calls: Callable[[], T]) -> list[T]:
    """What calls give that start at the same instant, as near as threads can."""
    start = Barrier(len(calls))

    def run(call: Callable[[], T]) -> T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(run, calls))


def test_the_same_key_with_the_same_body_is_the_same_message(londo: Person, gkar: Person) -> None:
    first = londo.send("hi", to=gkar, key="k")
    group = first["message_group_uuid"]
    assert londo.send("hi", to=gkar, key="k") == first
    assert londo.send("hi", group=group, key="k") == first
    assert londo.send(" hi\n", group=gkar.at_handle, key="k") == first
    assert gkar.messages(group) == ["hi"]


def test_the_same_key_with_another_body_is_a_conflict(londo: Person, gkar: Person, api: Api) -> None:
    group = londo.send("hi", to=gkar, key="k")["message_group_uuid"]
    other = londo.send("hello", to=api.person("vir"))["message_group_uuid"]
    for body in (
        {"message": "hi!", "message_group_uuid": group},
        {"message": "hi!", "handle": gkar.user.handle},
        {"message": "hi", "message_group_uuid": other},
        {"message": "hi", "handle": api.person().user.handle},
    ):
        answer = londo.post("/api/messages", body, **{"Idempotency-Key": "k"})
        assert (answer.status_code, code_of(answer)) == (409, "idempotency_key_reused")
    assert londo.messages(group) == ["hi"]


def test_a_key_is_that_of_one_person(londo: Person, gkar: Person) -> None:
    group = londo.send("hi", to=gkar, key="k")["message_group_uuid"]
    assert gkar.send("hi", group=group, key="k")["user_uuid"] == gkar.user.uuid
    assert londo.messages(group) == ["hi", "hi"]


def test_different_keys_and_no_key_are_different_messages(londo: Person, gkar: Person) -> None:
    sent = [londo.send("hi", to=gkar, key=key) for key in ("a", "A", "a.", "", "")]
    assert len({message["uuid"] for message in sent}) == len(sent)


@pytest.mark.parametrize("key", ["", "k" * 129, "k\x7f", "k\u00e9", "\u00a0"], ids=repr)
def test_a_bad_key_is_refused_and_nothing_is_stored(londo: Person, gkar: Person, key: str) -> None:
    body = {"message": "hi", "handle": gkar.user.handle}
    answer = londo.post("/api/messages", body, **{"Idempotency-Key": key})
    assert (answer.status_code, answer.get_json()) == (422, ["idempotency_key_invalid"])
    assert londo.messages(gkar.at_handle) == []


@pytest.mark.parametrize("key", ["k", "k" * 128, "~!@#$%^&*()", "MSG#x", '{"a": 1}'])
def test_any_printable_key_will_do(londo: Person, gkar: Person, key: str) -> None:
    assert londo.send("hi", to=gkar, key=key) == londo.send("hi", to=gkar, key=key)


def test_an_invalid_message_does_not_use_up_its_key(londo: Person, gkar: Person) -> None:
    body: dict[str, Any] = {"message": "", "handle": gkar.user.handle}
    assert londo.post("/api/messages", body, **{"Idempotency-Key": "k"}).status_code == 422
    assert londo.send("hi", to=gkar, key="k")


def test_a_key_at_once_from_many_threads_makes_one_message(api: Api, londo: Person) -> None:
    for number in range(6):
        receiver = api.person()
        if number % 2:
            receiver.send("before", to=londo)
        sent = at_once(*[lambda to=receiver: londo.send("hi", to=to, key=f"k-{to.user.uuid}")] * 4)
        assert len({message["uuid"] for message in sent}) == 1
        assert receiver.messages(londo.at_handle).count("hi") == 1


def test_two_bodies_at_once_with_one_key_make_one_message_and_one_conflict(api: Api, londo: Person) -> None:
    for _ in range(6):
        receiver = api.person()
        calls = [
            lambda text=text, to=receiver: (
                londo.post(
                    "/api/messages", {"message": text, "handle": to.user.handle}, **{"Idempotency-Key": to.user.uuid}
                ).status_code
            )
            for text in ("one", "two")
        ]
        assert sorted(at_once(*calls)) == [200, 409]
        assert len(londo.messages(receiver.at_handle)) == 1


def test_a_crossed_first_message_makes_one_group(api: Api) -> None:
    for _ in range(12):
        pair = api.person(), api.person()
        for person in pair:
            person.groups()
        ends = [pair, pair[::-1]] * 2
        sent = at_once(*[lambda one=one, other=other: one.send("hi", to=other) for one, other in ends])
        assert len({message["message_group_uuid"] for message in sent}) == 1
        assert len({message["uuid"] for message in sent}) == 4
        assert pair[0].messages(pair[1].at_handle) == ["hi"] * 4
