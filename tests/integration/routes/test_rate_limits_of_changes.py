"""A change of a message group or of a message counts as a message; to start one of many counts as both."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from werkzeug.test import TestResponse

from backend_flask.services import rate_limits
from tests.api import Api, Person, done, refusal_of
from tests.arena import Arena
from tests.groups import at, handles, started
from tests.limits import NO_GROUP_LEFT, NO_MESSAGE_LEFT, refused, use_up, used

KEY = {"Idempotency-Key": "k"}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is busy must not look like a Postgres that fails."""
    monkeypatch.setattr(rate_limits, "WAIT_SECONDS", 4)


@pytest.fixture(scope="module")
def api(arena: Arena) -> Iterator[Api]:
    with arena.api(RATE_LIMITS="on") as made:
        yield made


Ask = Callable[[], TestResponse]


def test_changes_count_as_messages_and_nothing_is_done_beyond_the_limit(
    api: Api, londo: Person, gkar: Person, vir: Person, group: str
) -> None:
    lennier, message = api.person("lennier"), londo.send("hi", group=group)["uuid"]
    path = f"/api/messages/{group}/{message}"
    changes: list[Ask] = [
        lambda: londo.patch(at(group), {"title": "Five"}), lambda: londo.patch(at(group), {"ttl": "1-day"}),
        lambda: londo.post(at(group, "/members"), handles(lennier)), lambda: londo.patch(path, {"message": "ho"}),
        lambda: londo.delete(path), lambda: londo.delete(at(group, f"/members/{gkar.at_handle}")),
        lambda: londo.delete(at(group, f"/members/{londo.at_handle}")),
    ]  # fmt: skip
    before = done(vir.get(at(group))), done(vir.get(f"/api/messages/{group}"))
    use_up(londo, messages=NO_MESSAGE_LEFT)
    for change in changes:
        assert refused(change()) > 0
    after = done(vir.get(at(group))), done(vir.get(f"/api/messages/{group}"))
    assert after == before
    use_up(londo)
    for change in changes:
        done(change())
    assert len(changes) - 3 < used(londo)[0] <= len(changes)


def test_what_is_ones_own_affair_is_not_limited(londo: Person, gkar: Person, group: str) -> None:
    use_up(londo, messages=NO_MESSAGE_LEFT, groups=NO_GROUP_LEFT)
    asks: list[Ask] = [
        lambda: londo.put(at(group, "/mute")), lambda: londo.delete(at(group, "/mute")),
        lambda: londo.post(at(group, "/hide"), {}), lambda: londo.put(f"/api/blocks/{gkar.at_handle}"),
        lambda: londo.delete(f"/api/blocks/{gkar.at_handle}"), lambda: londo.get("/api/blocks"),
        lambda: londo.get(at(group)),
    ]  # fmt: skip
    for ask in asks:
        done(ask())


def test_to_start_one_counts_as_a_message_and_a_new_group(londo: Person, gkar: Person, vir: Person) -> None:
    londo.start(gkar, vir)
    messages, groups = used(londo)
    assert 0 < messages <= 1
    assert 50 < groups <= 60
    body = {**handles(gkar, vir), "message": "hi"}
    for left in ({"groups": NO_GROUP_LEFT}, {"messages": NO_MESSAGE_LEFT}):
        use_up(londo, **left)
        assert refused(londo.post("/api/message_groups", body, **KEY)) > 0
    use_up(londo)
    assert londo.start(gkar, vir, key="k")["message"] == "hi"


def test_a_retry_uses_up_no_new_group(londo: Person, gkar: Person, vir: Person) -> None:
    first = londo.start(gkar, vir, key="k")
    use_up(londo)
    assert londo.start(gkar, vir, key="k") == first
    assert used(londo)[1] <= 0


def test_a_key_that_was_used_for_something_else_uses_up_no_new_group(londo: Person, gkar: Person, vir: Person) -> None:
    londo.start(gkar, vir, key="k")
    use_up(londo)
    answer = londo.post("/api/message_groups", {**handles(gkar, vir), "message": "other"}, **KEY)
    assert refusal_of(answer) == (409, "idempotency_key_reused")
    assert used(londo)[1] <= 0


def test_what_is_not_valid_costs_nothing(londo: Person, gkar: Person, vir: Person) -> None:
    group = started(londo.start(gkar, vir))
    use_up(londo)
    for answer in (
        londo.post("/api/message_groups", {"handles": ["no-one-here"], "message": "hi"}),
        londo.post("/api/message_groups", {**handles(gkar), "message": "hi"}),
        londo.patch(at(group), {}), londo.post(at(group, "/members"), {}),
        londo.patch(f"/api/messages/{group}/{group}", {}),
        londo.delete(f"/api/messages/{group}/{group}", **{"If-Match": "x"}),
    ):  # fmt: skip
        assert answer.status_code == 422
    assert max(used(londo)) <= 0
