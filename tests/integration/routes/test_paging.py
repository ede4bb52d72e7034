"""Long lists, page by page."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.uuid7 import Uuid7, wall_clock_ms
from tests.api import Api, Person, code_of, done, eventually, next_link, pages, refusal_of
from tests.groups import started

DAY_MS = 86_400_000
MESSAGES = 500


class CalendarClock:
    """Goes from twelve months ago to now in even steps, two messages to each of its milliseconds."""

    def __init__(self) -> None:
        self.start = wall_clock_ms() - 365 * DAY_MS
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.start + 2 * 365 * DAY_MS // MESSAGES * (self.asked // 2)


@pytest.fixture(scope="module")
def history(api: Api) -> tuple[Person, Person, str]:
    """Two people with 500 messages in twelve months, every second one in the same millisecond as the one before."""
    londo, gkar = api.person("londo"), api.person("gkar")
    past = MessageTable(api.table.client, api.table.name, Uuid7(CalendarClock()))
    for number in range(MESSAGES):
        ends = (londo, gkar) if number % 3 else (gkar, londo)
        if number == 0:
            group = past.create_direct_message(ends[0].member, ends[1].member, "0").message_group_uuid
        else:
            past.create_message(ends[0].member, group, str(number))
    return londo, gkar, group


def test_a_year_of_messages_is_read_whole_and_once_while_new_ones_arrive(history: tuple[Person, Person, str]) -> None:
    londo, gkar, group = history
    arriving: Iterator[int] = iter(range(100))
    seen = [
        message
        for page in pages(
            gkar, f"/api/messages/{group}?limit=33", lambda: londo.send(f"new {next(arriving)}", group=group)
        )
        for message in page
    ]
    old = [message for message in seen if not message["message"].startswith("new")]
    assert [message["message"] for message in old] == [str(number) for number in reversed(range(MESSAGES))]
    assert len({message["uuid"] for message in seen}) == len(seen)
    assert seen == old
    times = [message["created_at"] for message in seen]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) <= MESSAGES / 2 + 1
    assert len({time[:7] for time in times}) >= 12


def test_pages_of_one_direction_hold_the_same_messages_as_the_other(history: tuple[Person, Person, str]) -> None:
    londo, _, group = history
    start = londo.get(f"/api/messages/{group}?limit=1").get_json()[0]["uuid"]
    path = f"/api/messages/{group}?limit=100&before={start}"
    newest_first = list(pages(londo, path))
    oldest_first = list(pages(londo, path + "&order=asc"))
    assert [page[::-1] for page in oldest_first] == newest_first


def test_the_last_page_has_no_link_even_when_it_is_full(api: Api) -> None:
    londo, gkar = api.person(), api.person()
    for text in "123456":
        londo.send(text, to=gkar)
    found = list(pages(gkar, f"/api/messages/{londo.at_handle}?limit=3"))
    assert [[message["message"] for message in page] for page in found] == [["6", "5", "4"], ["3", "2", "1"]]
    assert next_link(gkar.get(f"/api/messages/{londo.at_handle}?limit=6")) is None
    assert next_link(gkar.get(f"/api/messages/{londo.at_handle}?limit=5")) is not None


def test_a_link_keeps_the_other_parameters_and_is_relative(history: tuple[Person, Person, str]) -> None:
    londo, _, group = history
    answer = londo.get(f"/api/messages/{group}?order=asc&limit=2&x=%26%3Cä%0D%0A")
    address = next_link(answer)
    assert address
    asked = parse_qs(urlsplit(address).query)
    assert asked.pop("before") == [answer.get_json()[0]["uuid"]]
    assert asked == {"order": ["asc"], "limit": ["2"], "x": ["&<ä\r\n"]}
    assert urlsplit(address).path == f"/api/messages/{group}"


def test_a_page_has_20_items_if_nobody_says(history: tuple[Person, Person, str]) -> None:
    londo, _, group = history
    for query, size in [("", 20), ("?limit=1", 1), ("?limit=100", 100), ("?limit=020", 20)]:
        assert len(londo.get(f"/api/messages/{group}{query}").get_json()) == size


LISTS = ["/api/message_groups", "/api/message_groups?unread=1", "/api/blocks",
         "/api/messages/{group}", "/api/messages/@{handle}", "/api/activities/home",
         "/api/activities/notifications", "/api/activities/search?term=x", "/api/activities/@{handle}"]  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_every_list_refuses_a_limit_or_cursor_that_is_none(history: tuple[Person, Person, str], path: str) -> None:
    londo, gkar, group = history
    base = path.format(group=group, handle=gkar.user.handle)
    base += "&" if "?" in base else "?"
    for limit in ("", "0", "101", "-1", "1.0", "1e1", "x", "%00", "1%20", "%D9%A5", "9" * 5000, "null"):
        answer = londo.get(f"{base}limit={limit}")
        assert (answer.status_code, code_of(answer)) == (422, ["limit_invalid"]), limit
    for before in ("", "x", "null", "%00", "~", "9" * 36, group + "x", "%27"):
        answer = londo.get(f"{base}before={before}")
        assert (answer.status_code, code_of(answer)) == (422, ["before_invalid"]), before


def test_any_uuid_is_a_cursor(history: tuple[Person, Person, str]) -> None:
    londo, _, group = history
    for before, size in [("00000000-0000-0000-0000-000000000000", 0), ("ffffffff-ffff-ffff-ffff-ffffffffffff", 20)]:
        assert len(londo.get(f"/api/messages/{group}?before={before}").get_json()) == size
        assert len(londo.get(f"/api/messages/{group}?before={before.upper()}").get_json()) == size


def test_of_a_parameter_that_comes_twice_the_first_counts_on_every_page(history: tuple[Person, Person, str]) -> None:
    londo, _, group = history
    answer = londo.get(f"/api/messages/{group}?limit=2&limit=50")
    assert len(answer.get_json()) == 2
    address = next_link(answer)
    assert address
    assert len(londo.get(address).get_json()) == 2


def test_message_groups_are_paged_completely(api: Api) -> None:
    londo = api.person("londo")
    others = [api.person() for _ in range(7)]
    sent = [other.send("hi", to=londo)["message_group_uuid"] for other in others]
    eventually(lambda: len(londo.groups()), 7)
    found = [[row["uuid"] for row in page] for page in pages(londo, "/api/message_groups?limit=3")]
    assert [len(page) for page in found] == [3, 3, 1]
    assert [group for page in found for group in page] == sent[::-1]


def test_a_page_around_a_message_leads_both_ways(londo: Person, gkar: Person) -> None:
    messages = [londo.send(str(number), to=gkar) for number in range(6)]
    path = f"/api/messages/{started(messages[0])}"

    def texts(query: str) -> str:
        return "".join(message["message"] for message in done(gkar.get(f"{path}?{query}")))

    uuid = messages[3]["uuid"]
    assert [texts(f"around={uuid}&limit={limit}") for limit in (1, 2, 3, 4, 20)] == ["3", "43", "432", "5432", "543210"]
    answer = gkar.get(f"{path}?around={uuid}&limit=1")
    links = {each.rpartition("rel=")[2]: each[1:].partition(">")[0] for each in answer.headers["Link"].split(", ")}
    assert {name: [m["message"] for m in done(gkar.get(links[name]))] for name in links} == {
        '"next"': ["2"], '"prev"': ["4"],
    }  # fmt: skip


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_page_may_be_around_what_is_before_or_after_all(londo: Person, gkar: Person, limit: int) -> None:
    messages = [londo.send(str(number), to=gkar) for number in range(3)]
    path = f"/api/messages/{started(messages[0])}?limit={limit}"
    first, last = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"
    newer = limit // 2
    answer = gkar.get(f"{path}&around={first}")
    assert [message["message"] for message in done(answer)] == ["0", "1", "2"][:newer][::-1]
    if newer < 3:
        assert 'rel="prev"' in answer.headers["Link"]
        following = answer.headers["Link"].partition(">")[0][1:]
        assert [message["message"] for message in done(gkar.get(following))] == ["0", "1", "2"][newer : newer + limit][
            ::-1
        ]
    answer = gkar.get(f"{path}&around={last}")
    assert [message["message"] for message in done(answer)] == ["2", "1", "0"][: limit - newer]
    assert (next_link(answer) is None) == (limit - newer >= 3)


def test_a_place_is_one_place(londo: Person, gkar: Person) -> None:
    sent = londo.send("hi", to=gkar)
    path, uuid = f"/api/messages/{started(sent)}", sent["uuid"]
    for query in (f"before={uuid}&after={uuid}", f"after={uuid}&around={uuid}", f"before={uuid}&around={uuid}"):
        assert refusal_of(gkar.get(f"{path}?{query}")) == (422, ["place_ambiguous"])
    for name in ("after", "around"):
        assert refusal_of(gkar.get(f"{path}?{name}=x")) == (422, [f"{name}_invalid"])


def test_a_reader_catches_up_page_by_page(londo: Person, gkar: Person) -> None:
    messages = [londo.send(str(number), to=gkar) for number in range(7)]
    path: str | None = f"/api/messages/{started(messages[0])}?limit=2&after={messages[1]['uuid']}"
    seen: list[str] = []
    while path:
        answer = gkar.get(path)
        seen += [message["message"] for message in done(answer)][::-1]
        path = answer.headers["Link"].partition(">")[0][1:] if "Link" in answer.headers else None
    assert seen == ["2", "3", "4", "5", "6"]
    assert done(gkar.get(f"/api/messages/{started(messages[0])}?after={messages[6]['uuid']}")) == []
