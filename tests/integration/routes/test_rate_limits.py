"""Whoever sends too much too fast hears 429 and when to try again, from whichever process; nothing is written then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from backend_flask.lib.metering import Meter, meter
from backend_flask.services import rate_limits
from tests.api import FRONTEND, Api, Person
from tests.arena import Arena
from tests.limits import NO_GROUP_LEFT, NO_MESSAGE_LEFT, refused, use_up, used

KEY = {"Idempotency-Key": "k"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy must not look like a Postgres that fails."""
    monkeypatch.setattr(rate_limits, "WAIT_SECONDS", 4)


@pytest.fixture(scope="module")
def limited(arena: Arena) -> Iterator[Api]:
    with arena.api(RATE_LIMITS="on") as made:
        yield made


@pytest.fixture(scope="module")
def another(arena: Arena) -> Iterator[Api]:
    """A second process, as far as Postgres can tell."""
    with arena.api(RATE_LIMITS="on") as made:
        yield made


@pytest.fixture
def londo(limited: Api) -> Person:
    return limited.person("londo")


@pytest.fixture
def gkar(limited: Api) -> Person:
    return limited.person("gkar")


def post(
    person: Person, to: Person | None = None, group: str | None = None, headers: dict[str, str] | None = None
) -> TestResponse:
    body = {"message": "hi", **({"handle": to.user.handle} if to else {"message_group_uuid": group})}
    return person.post("/api/messages", body, **(headers or {}))


def written(person: Person, *partitions: str) -> int:
    """How many items lie in these partitions of the table."""
    query = person.api.table.client.query
    return sum(
        query(
            TableName=person.api.table.name,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
            ConsistentRead=True,
        )["Count"]
        for pk in partitions
    )


def everything_of(person: Person, group: str) -> int:
    return written(person, f"KEY#{person.user.uuid}", f"GRP#{person.user.uuid}", f"MSG#{group}")


def test_after_a_burst_it_is_one_a_second_from_every_process(limited: Api, another: Api) -> None:
    londo, gkar = limited.person("londo"), limited.person("gkar")
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    elsewhere = replace(londo, api=another)
    begun, sent = time.monotonic(), 1
    while (answer := post((londo, elsewhere)[sent % 2], group=group)).status_code == 200:
        sent += 1
    assert 60 <= sent <= 60 + time.monotonic() - begun + 1
    assert refused(answer) == 1
    assert post(gkar, group=group).status_code == 200, "what one sends takes nothing from the other"


def test_a_message_too_many_leaves_nothing_behind(londo: Person, gkar: Person) -> None:
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    use_up(londo, messages=NO_MESSAGE_LEFT)
    before = everything_of(londo, group)
    for answer in (
        post(londo, group=group),
        post(londo, to=gkar),
        post(londo, group=group, headers=KEY),
        post(londo, to=gkar, headers=KEY),
        post(londo, to=londo.api.person("vir"), headers=KEY),
        post(londo, group="018bcfe5-6800-7000-8000-0123456789ab"),
    ):
        assert 25 <= refused(answer) <= 30
    assert everything_of(londo, group) == before
    assert NO_MESSAGE_LEFT - 5 < used(londo)[0] <= NO_MESSAGE_LEFT
    use_up(londo, messages=58)
    assert post(londo, group=group, headers=KEY).status_code == 200


def test_reading_is_never_limited(londo: Person, gkar: Person) -> None:
    sent = londo.send("hi", to=gkar)
    use_up(londo, messages=NO_MESSAGE_LEFT, groups=NO_GROUP_LEFT)
    assert londo.messages(sent["message_group_uuid"]) == ["hi"]
    assert londo.messages(gkar.at_handle) == ["hi"]
    read = f"/api/message_groups/{sent['message_group_uuid']}/read"
    assert londo.post(read, {"message_uuid": sent["uuid"]}).status_code == 200


def test_a_front_end_can_read_when_to_try_again(londo: Person) -> None:
    use_up(londo, messages=NO_MESSAGE_LEFT)
    answer = post(londo, to=londo.api.person("vir"), headers={"Origin": FRONTEND})
    assert refused(answer) > 0
    assert answer.headers["Access-Control-Allow-Origin"] == FRONTEND
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]


def test_what_is_not_valid_costs_nothing(londo: Person, gkar: Person) -> None:
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    use_up(londo)
    for body in ({"message": "", "handle": gkar.user.handle}, {"message": "hi", "handle": "nobody-here"},
                 {"message": "hi", "handle": londo.user.handle}, {"message": "hi", "message_group_uuid": "no-uuid"},
                 {"message": "x" * 1025, "message_group_uuid": group}):  # fmt: skip
        assert londo.post("/api/messages", body).status_code in {404, 422}
    assert max(used(londo)) <= 0


def test_a_retry_with_the_same_key_counts_like_any_message(londo: Person, gkar: Person) -> None:
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    use_up(londo)
    for _ in range(3):
        londo.send("once", group=group, key="k")
    assert 1 < used(londo)[0] <= 3
    use_up(londo, messages=NO_MESSAGE_LEFT)
    assert refused(post(londo, group=group, headers=KEY)) > 0


def test_a_key_that_was_used_for_something_else_uses_up_no_new_group(londo: Person, gkar: Person) -> None:
    londo.send("hi", to=gkar, key="k")
    before = used(londo)[1]
    stranger = londo.api.person("stranger")
    assert post(londo, to=stranger, headers=KEY).status_code == 409
    assert used(londo)[1] <= before


def test_a_flood_that_makes_postgres_look_slow_is_limited_all_the_same(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "WAIT_SECONDS", 0)
    with arena.api(RATE_LIMITS="on") as own:
        londo, gkar = own.person("londo"), own.person("gkar")
        group = londo.send("hi", to=gkar)["message_group_uuid"]
        begun = time.monotonic()
        with ThreadPoolExecutor(8) as threads:
            statuses = [answer.status_code for answer in threads.map(lambda _: post(londo, group=group), range(80))]
        assert set(statuses) == {200, 429}
        assert statuses.count(200) <= 60 + time.monotonic() - begun + 1


def test_of_people_to_write_to_first_there_are_ten_however_they_are_asked(limited: Api, another: Api) -> None:
    londo, others = limited.person("londo"), [limited.person("other") for _ in range(16)]
    elsewhere = replace(londo, api=another)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: post((londo, elsewhere)[n % 2], to=others[n]), range(16)))
    assert [answer.status_code for answer in answers].count(200) == 10
    assert all(50 < refused(answer) <= 60 for answer in answers if answer.status_code != 200)
    begun = [other for other in others if other.messages(londo.at_handle)]
    assert len(begun) == 10


def test_a_group_that_is_there_uses_up_no_new_group(londo: Person, gkar: Person) -> None:
    londo.send("first", to=gkar)
    assert 50 < used(londo)[1] <= 60
    use_up(londo)
    for _ in range(3):
        londo.send("hi", to=gkar)
    messages, groups = used(londo)
    assert 1 < messages <= 3
    assert groups <= 0


def test_where_no_group_may_be_new_one_that_is_there_goes_on(londo: Person, gkar: Person) -> None:
    group = londo.send("first", to=gkar)["message_group_uuid"]
    vir = londo.api.person("vir")
    use_up(londo, groups=NO_GROUP_LEFT)
    assert londo.send("second", to=gkar, key="k")["message_group_uuid"] == group
    assert londo.send("second", to=gkar, key="k")["message_group_uuid"] == group
    assert gkar.messages(group) == ["first", "second"]
    used_by_two, before = used(londo)[0], everything_of(londo, group)
    assert 25 <= refused(post(londo, to=vir, headers={"Idempotency-Key": "new"})) <= 30
    assert everything_of(londo, group) == before
    assert vir.messages(londo.at_handle) == []
    assert used(londo)[0] <= used_by_two
    use_up(londo, messages=NO_MESSAGE_LEFT, groups=NO_GROUP_LEFT + 3600)
    assert refused(post(londo, to=gkar)) <= 30


def test_a_first_attempt_that_was_refused_is_made_up_for_with_the_same_key(londo: Person) -> None:
    for limits in ({"messages": NO_MESSAGE_LEFT}, {"groups": NO_GROUP_LEFT}):
        vir = londo.api.person("vir")
        use_up(londo, **limits)
        assert refused(post(londo, to=vir, headers={"Idempotency-Key": vir.user.uuid})) > 0
        use_up(londo)
        sent = londo.send("hi", to=vir, key=vir.user.uuid)
        use_up(londo, groups=NO_GROUP_LEFT)
        assert londo.send("hi", to=vir, key=vir.user.uuid) == sent, "what has started a group starts none again"
        assert NO_GROUP_LEFT - 5 < used(londo)[1] <= NO_GROUP_LEFT


def test_of_first_messages_that_cross_one_made_the_group(limited: Api, another: Api) -> None:
    for _ in range(5):
        londo, gkar = limited.person("londo"), limited.person("gkar")
        pairs = [(londo, gkar), (replace(gkar, api=another), londo)]
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda pair: post(*pair), pairs))
        assert len({answer.get_json()["message_group_uuid"] for answer in answers}) == 1
        assert sorted(used(person)[1] > 0 for person in (londo, gkar)) == [False, True]


@pytest.fixture
def cost(limited: Api) -> Iterator[Callable[[Callable[[], Any]], tuple[list[str], list[str]]]]:
    """Gives the calls to DynamoDB and the queries of Postgres that this takes."""
    calls: Meter = meter(limited.table.client)
    queries: list[str] = []
    limited.stores.db.on_query = queries.append

    def count(ask: Callable[[], Any]) -> tuple[list[str], list[str]]:
        calls.reset()
        queries.clear()
        ask()
        return calls.calls[:], [query.removeprefix("rate_limits/") for query in queries]

    yield count
    limited.stores.db.on_query = None


def test_what_the_limits_cost(londo: Person, gkar: Person, cost: Callable[..., Any]) -> None:
    who = "users/create_message_users"
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    vir, lennier = londo.api.person("vir"), londo.api.person("lennier")
    assert cost(lambda: post(londo, group=group)) == (["GetItem", "PutItem"], ["take_message"])
    assert cost(lambda: post(londo, to=vir)) == (
        ["GetItem", "GetItem", "TransactWriteItems"],
        [who, "take_message_and_group"],
    )
    assert cost(lambda: post(londo, to=gkar)) == (["GetItem", "PutItem"], [who, "take_message"])
    use_up(londo, groups=NO_GROUP_LEFT)
    assert cost(lambda: post(londo, to=gkar)) == (["GetItem", "PutItem"], [who, "take_message"])
    assert cost(lambda: post(londo, to=lennier)) == (["GetItem"], [who, "take_message_and_group", "until_whole"])
    use_up(londo, messages=NO_MESSAGE_LEFT)
    assert cost(lambda: post(londo, group=group)) == ([], ["take_message", "until_whole"])
    assert cost(lambda: post(londo, to=lennier)) == (["GetItem"], [who, "take_message_and_group", "until_whole"])
    assert cost(lambda: post(londo, to=gkar)) == (["GetItem"], [who, "take_message", "until_whole"])


def test_switched_off_nobody_is_limited_and_nothing_asked(api: Api) -> None:
    londo, gkar = api.person("londo"), api.person("gkar")
    group = londo.send("hi", to=gkar)["message_group_uuid"]
    use_up(londo, messages=NO_MESSAGE_LEFT, groups=NO_GROUP_LEFT)
    queries: list[str] = []
    api.stores.db.on_query = queries.append
    answers = [post(londo, group=group), post(londo, to=gkar), post(londo, to=api.person("vir"))]
    api.stores.db.on_query = None
    assert [answer.status_code for answer in answers] == [200] * 3
    assert not [query for query in queries if query.startswith("rate_limits")]
