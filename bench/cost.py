"""How many capacity units does a message take, and what does a million cost?

Counted by the engine on the API in this process; nothing is timed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backend_flask.lib.metering import Meter, meter
from bench.figures import Answer, Curve, Figure, at_most
from bench.prices import MILLION, of_units
from bench.trial import Trial
from bench.units import NEW_DIRECT_GROUP, PAGE, TEXT, UNREAD_ROWS, Units
from lambdas.cruddur_messaging_stream.handler import apply
from tests.api import Api, Person, eventually
from tests.messages_table import a_person, stored
from tests.stream_records import record

BATCHES = (1, 10, 100)
MOST_WRITES, MOST_READS = 7, 2
NEW_GROUP = "D, a new group"
KINDS = {2: "direct", 10: "10 members", 50: "50 members"}


def run(trial: Trial) -> Answer:
    batches = [batch for batch in BATCHES if batch <= trial.some(max(BATCHES), least=10)]
    trial.expect(1 + len(KINDS) * len(batches))
    lines: dict[str, list[tuple[float, float]]] = {}
    with trial.arena.api() as api:
        counting = Counting(api)
        figures = [_figure(name, units) for name, units in requests(counting).items()]
        figures.append(_figure(NEW_GROUP, new_group(counting)))
        trial.advance(1)
        for members, kind in KINDS.items():
            counted = {}
            for batch in batches:
                counted[batch] = sends(counting, members, batch)
                trial.advance(1)
            figures += _figures(members, counted)
            lines[kind] = [(batch, spread.write / batch) for batch, (_, spread, _) in counted.items()]
    title = "Write units of the stream function for one message"
    return Answer(figures, [Curve("cost", title, "messages of one group in a batch", "write units", lines, log_x=True)])


def _figure(name: str, units: Units) -> Figure:
    kind = "write" if units.write else "read"
    beside = [f"{units.read:g} read units"] * bool(units.read and units.write) + [_price(units)]
    if name == NEW_GROUP:
        beside = [f"DynamoDB counts the entries of the index too: {NEW_DIRECT_GROUP}, {_price(NEW_DIRECT_GROUP)}"]
    return Figure(name, units.write or units.read, f"{kind} units", beside="; ".join(beside))


def _figures(members: int, counted: dict[int, tuple[Units, Units, int]]) -> list[Figure]:
    """Of a message in a group of so many, by how many of that group the stream function is given at once."""
    kind = KINDS[members]
    each = {batch: (sent + spread) * (1 / batch) for batch, (sent, spread, _) in counted.items()}
    writes, reads = (at_most(MOST_WRITES), at_most(MOST_READS)) if members == 2 else (None, None)
    most_updates = max(updates for *_, updates in counted.values()) / members
    return [
        Figure(f"a message, {kind}", each[1].write, "write units", goal=writes, beside=_price(each[1])),
        Figure(f"a message, {kind}, reads", each[1].read, "read units", goal=reads),
        *(
            Figure(f"{batch} messages at once, {kind}, of each", units.write, "write units", beside=_price(units))
            for batch, units in each.items()
            if batch > 1
        ),
        Figure(f"updates for a member and batch, {kind}", most_updates, "updates", goal=at_most(1)),
    ]


def _price(units: Units) -> str:
    return f"{of_units(units * MILLION):.3f} USD for a million"


class Counting:
    """One at a time: whatever else asks through this API meanwhile would be counted too."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._meter: Meter = meter(api.table.client)

    def of(self, ask: Callable[[], object]) -> Units:
        self._meter.reset()
        ask()
        return Units(self._meter.read_units, self._meter.write_units)

    def calls(self, operation: str) -> int:
        """How often what was counted last has made this call."""
        return self._meter.calls.count(operation)


def requests(counting: Counting) -> dict[str, Units]:
    """Of each request, with PAGE messages or message groups on a page."""
    api = counting.api
    reader, busy, other = (api.person(name) for name in ("reader", "busy", "other"))
    first = reader.send(TEXT, to=other)
    group = first["message_group_uuid"]
    sent = [reader.send(TEXT, group=group) for _ in range(2 * PAGE + 1)]
    _fill_lists(reader, busy)
    cursor, to_group = sent[-PAGE]["uuid"], {"message": TEXT, "message_group_uuid": group}
    to_other = {"message": TEXT, "handle": other.user.handle}
    asked: dict[str, Callable[[], Any]] = {
        "A first page": lambda: reader.get(f"/api/messages/{group}"),
        "A older page": lambda: reader.get(f"/api/messages/{group}?before={cursor}"),
        "B": lambda: reader.get("/api/message_groups"),
        f"B with {UNREAD_ROWS} unread rows": lambda: busy.get("/api/message_groups"),
        "C": lambda: reader.post("/api/messages", to_group),
        "C with a key": lambda: reader.post("/api/messages", to_group, **{"Idempotency-Key": "a key"}),
        "D, an existing group": lambda: reader.post("/api/messages", to_other),
        "read marker": lambda: other.post(f"/api/message_groups/{group}/read", {"message_uuid": first["uuid"]}),
    }
    return {name: _answered(counting, ask) for name, ask in asked.items()}


def new_group(counting: Counting) -> Units:
    """What an engine leaves out here, the figure says."""
    person, other = counting.api.person("starter"), counting.api.person("other")
    body = {"message": TEXT, "handle": other.user.handle}
    return _answered(counting, lambda: person.post("/api/messages", body))


def sends(counting: Counting, members: int, batch: int) -> tuple[Units, Units, int]:
    """`batch` messages of a message group: their sends, the stream function that is given all at once, and how many
    rows it has updated."""
    api = counting.api
    sender, other = api.person("sender"), api.person("other")
    if members == 2:
        group = sender.send(TEXT, to=other)["message_group_uuid"]
    else:
        others = [other.member, *(a_person() for _ in range(members - 2))]
        group = api.table.create_message_group(sender.member, others, "A title", TEXT).message_group_uuid
    writers = [(sender, other)[number % 2] for number in range(batch)]
    sent = counting.of(lambda: [writer.send(TEXT, group=group) for writer in writers])
    records = [record(message.to_item(), n) for n, message in enumerate(stored(api.table, group)[-batch:])]
    spread = counting.of(lambda: _applied(api, records))
    return sent, spread, counting.calls("UpdateItem")


def _fill_lists(reader: Person, busy: Person) -> None:
    """More than PAGE message groups for both, of which the newest ones of `busy` are unread."""
    for number in range(PAGE + 1):
        writer = reader.api.person("writer")
        reader.send(TEXT, to=writer)
        if number > PAGE - UNREAD_ROWS:
            writer.send(TEXT, to=busy)
        else:
            busy.send(TEXT, to=writer)
    for person in (reader, busy):
        eventually(lambda person=person: len(person.get("/api/message_groups?limit=100").get_json()) > PAGE, True)  # type: ignore[misc]


def _answered(counting: Counting, ask: Callable[[], Any]) -> Units:
    answers: list[Any] = []
    units = counting.of(lambda: answers.append(ask()))
    assert answers[0].status_code == 200, answers[0].text
    return units


def _applied(api: Api, records: list[dict[str, Any]]) -> None:
    answer = apply({"Records": records}, api.table)
    assert answer == {"batchItemFailures": []}, answer
