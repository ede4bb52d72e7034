"""docs/scale.md reckons from its own two tables of inputs and quotas, from bench/units.py and from bench/prices.json.

Every number that follows from them is reckoned again here, and looked for in the page.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from backend_flask.auth import USER_CACHE_SECONDS
from backend_flask.lib import ddb
from backend_flask.lib.ddb_items import Item, Member, Message, MessageGroup, direct_group_uuid
from backend_flask.lib.uuid7 import Uuid7
from backend_flask.routes import message_groups, messages
from backend_flask.services.rate_limits import MESSAGES
from backend_flask.settings import Settings
from bench.prices import HOURS_OF_A_MONTH, MILLION, of_a_million_messages, of_invocations, of_units, price
from bench.units import (
    COUNT,
    FIRST_PAGE,
    INDEX_WRITES,
    LIST,
    MARKER,
    NOTE,
    PAGE,
    ROW_WRITES,
    SEND,
    TEXT,
    Units,
    message,
)
from tests.api_page import rows_of

ROOT = Path(__file__).resolve().parents[3]
TEXT_OF_PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
PROSE = " ".join(TEXT_OF_PAGE.split())
DAY = 86_400
GB = 10**9


def numbers(header: str) -> dict[str, float]:
    return {row[0]: float(row[1].replace(",", "").rstrip("%")) for row in rows_of(TEXT_OF_PAGE, header)}


INPUT = numbers("| input | value | why |")
QUOTA = numbers("| quota | default | where AWS says so |")


def shown(value: float) -> str:
    """Two digits that count: `4.6`, `35,000`, `1.1 billion`."""
    for size, name in ((10**9, " billion"), (10**6, " million")):
        if value >= size:
            return shown(value / size) + name
    digits = 1 - math.floor(math.log10(float(f"{value:.1e}")))
    return f"{round(value, digits):,.{max(0, digits)}f}"


# What one message takes, with all the reading that comes with it

SENT, LISTS, PAGES = INPUT["messages"], INPUT["lists (B)"], INPUT["first pages (A)"]
MARKERS = INPUT["read markers"]
REQUESTS = SENT + LISTS + PAGES + MARKERS
TABLE = Units(
    read=message(2).read + FIRST_PAGE.read * PAGES + COUNT.read * INPUT["unread rows on a list"] * LISTS,
    write=SEND.write + 2 * ROW_WRITES + (ROW_WRITES + NOTE.write) * MARKERS,
)
INDEX = Units(read=LIST.read * LISTS, write=2 * INDEX_WRITES + (MARKER.write - ROW_WRITES - NOTE.write) * MARKERS)


def size_of(item: Item) -> int:
    """DynamoDB Developer Guide, "DynamoDB item sizes and formats"."""
    return sum(len(name) + sum(len(str(value).encode()) for value in item[name].values()) for name in item)


def a_member(name: str) -> Member:
    return Member(direct_group_uuid(name, name), name.title(), name)


ME, YOU = a_member("andrewbrown"), a_member("londomollari")
SAMPLE = Message(direct_group_uuid(ME.uuid, YOU.uuid), Uuid7()(), ME.uuid, ME.display_name, ME.handle, TEXT)
ROW = MessageGroup.of(SAMPLE, YOU, [ME, YOU], None)
STORED = size_of(SAMPLE.to_item()) + INPUT["bytes that DynamoDB adds to an item"]
# As Flask writes it, before headers and whatever compresses it.
ANSWERS = [
    json.dumps([each] * PAGE, separators=(",", ":")) for each in (messages.as_json(SAMPLE), message_groups.as_json(ROW))
]
BYTES = PAGES * len(ANSWERS[0]) + LISTS * len(ANSWERS[1])

CALL_SECONDS = INPUT["milliseconds of a call to DynamoDB"] / 1000
INVOCATION_SECONDS = (1 + 2) * CALL_SECONDS
FUNCTION = of_invocations(MILLION, INVOCATION_SECONDS, INPUT["GB of the function"])
VCPU_HOUR = price("fargate_vcpu_hours") + INPUT["GB of memory for a vCPU"] * price("fargate_gb_hours")
ONE_VCPU = INPUT["requests a second of a vCPU"]
API = REQUESTS * MILLION / ONE_VCPU / 3600 * VCPU_HOUR * INPUT["peak over average"]
INTERNET = price("internet_gb", BYTES * MILLION / GB)
STORAGE = price("storage_gb_months", STORED * MILLION / GB)
SENDING, READING = of_a_million_messages(2), of_units((TABLE + INDEX) * MILLION) - of_a_million_messages(2)
BALANCER = price("alb_lcu_hours", BYTES * MILLION / GB)
A_MILLION = SENDING + READING + FUNCTION + API + INTERNET + BALANCER + STORAGE


def test_what_a_message_takes_is_reckoned_from_the_units() -> None:
    rows = rows_of(TEXT_OF_PAGE, "| for one message | table writes | index writes | table reads | index reads |")
    together = [f"{value:g}" for value in (TABLE.write, INDEX.write, TABLE.read, INDEX.read)]
    assert rows[-1][1:] == together
    sums = [sum(float(row[column]) for row in rows[:-1]) for column in range(1, 5)]
    assert [f"{value:g}" for value in sums] == together
    assert [float(cell) for cell in rows[0][1:]] == [SEND.write, 0, SEND.read, 0]


def test_what_a_million_messages_cost_is_reckoned_from_the_prices() -> None:
    found = [row[1] for row in rows_of(TEXT_OF_PAGE, "| a million messages | USD | lever |")]
    wanted = [INTERNET, READING, SENDING, API, BALANCER, FUNCTION, STORAGE, A_MILLION]
    assert found == [shown(value) for value in wanted]


# From one laptop to a billion messages a day


def peak(a_day: float) -> float:
    return a_day / DAY * INPUT["peak over average"]


def a_day(at_peak: float) -> float:
    return at_peak / INPUT["peak over average"] * DAY


def processes(at_peak: float) -> int:
    return math.ceil(at_peak * REQUESTS / ONE_VCPU) * 2


def vcpus(at_peak: float) -> str:
    needed = at_peak * REQUESTS / ONE_VCPU
    return shown(needed) if needed >= 10 else str(math.ceil(needed))


def misses(count: int) -> float:
    """The share of requests that find nobody in the cache of users, where so many processes take turns."""
    asks = USER_CACHE_SECONDS / INPUT["seconds between two requests of an active user"] / count
    return 1 / (1 + asks)


def postgres_queries(at_peak: float) -> float:
    return at_peak * (1 + REQUESTS * misses(processes(at_peak)))


def test_the_ladder_is_reckoned_from_the_inputs() -> None:
    rows = rows_of(
        TEXT_OF_PAGE,
        "| messages a day | messages/s | requests/s | vCPUs | Postgres queries/s | table: writes/s, reads/s |"
        " index: writes/s, reads/s | USD a month |",
    )
    assert len(rows) == 6
    for row in rows:
        count = float(row[0].replace(",", ""))
        rate = peak(count)
        units = [(TABLE * rate), (INDEX * rate)]
        assert row[1:] == [
            shown(rate),
            shown(rate * REQUESTS),
            vcpus(rate),
            shown(postgres_queries(rate)),
            *(f"{shown(each.write)}, {shown(each.read)}" for each in units),
            shown(count * 30 / MILLION * A_MILLION),
        ], count


def breaks() -> list[float]:
    """From how many messages a day on each of the rows of the page is used up."""
    connections = INPUT["GiB of the database"] * 2**30 // QUOTA["bytes of the database for a Postgres connection"]
    pools = connections // Settings.db_pool_size
    shards = QUOTA["writes/s of a new table"] / QUOTA["writes/s of a partition"]
    cpu = INPUT["vCPUs of the database"] * INPUT["share of the database's CPU that may be used"] / 100
    queries = cpu / INPUT["microseconds of Postgres' CPU for a query"] * MILLION
    at_peak = [
        pools / 2 * ONE_VCPU / REQUESTS,
        shards / INVOCATION_SECONDS,
        QUOTA["reads/s of a new table"] / TABLE.read,
        next(rate for rate in range(10**6) if postgres_queries(rate + 1) > queries),
        QUOTA["writes/s of a new table"] / INDEX.write,
        QUOTA["reads/s of the same"] / TABLE.read,
        QUOTA["writes/s of an on-demand table, and of each index"] / INDEX.write,
        QUOTA["targets of a load balancer"] * INPUT["vCPUs of a task"] * ONE_VCPU / REQUESTS,
        QUOTA["functions at once"] / INVOCATION_SECONDS,
    ]
    return [a_day(rate) for rate in at_peak]


def test_what_breaks_is_told_in_its_order_and_with_its_load() -> None:
    rows = rows_of(TEXT_OF_PAGE, "| messages a day | what is used up | lever | here? |")
    assert [row[0] for row in rows] == [shown(load) for load in breaks()]
    assert breaks() == sorted(breaks())


def test_the_fan_out_is_reckoned_from_the_units() -> None:
    rows = rows_of(TEXT_OF_PAGE, "| members | 1 | 10 | 100 |")
    for members, *cells in rows:
        assert cells == [shown(of_a_million_messages(int(members), batch)) for batch in (1, 10, 100)], members
    assert {int(row[0]) for row in rows} >= {2, ddb.MAX_MEMBERS}


# What the page says between its tables

TEN_MILLION, BILLION = peak(10 * MILLION), peak(1000 * MILLION)
PARTITION_WRITES, PARTITION_READS = QUOTA["writes/s of a partition"], QUOTA["reads/s of a partition"]
ASKS_EVERY = INPUT["seconds between two requests of an active user"]


def of_money() -> list[str]:
    nat = price("nat_gateway_gb", BYTES * MILLION / GB)
    fixed = price("rds_t4g_small_hours", HOURS_OF_A_MONTH) + price("alb_hours", HOURS_OF_A_MONTH)
    provisioned = price("provisioned_write_unit_hours", MILLION / 3600) / price("write_units", MILLION)
    a_year = STORED * 1000 * MILLION * 365 / GB
    storing, units = price("storage_gb_months", a_year), of_units((TABLE + INDEX) * 1000 * MILLION * 30)
    nodes = 3 * price("dax_t3_small_hours", HOURS_OF_A_MONTH)
    found = of_units((LIST + COUNT * INPUT["unread rows on a list"]) * MILLION)
    finds = nodes / found * MILLION
    return [
        f"takes it down to {shown(API / INPUT['peak over average'])}",
        f"{price('nat_gateway_gb'):g} USD a GB: at least {shown(nat)} USD",
        f"the smallest database and the load balancer cost {shown(fixed)} USD",
        f"once {provisioned:.0%} of it is used: a write unit on demand costs {shown(1 / provisioned)} times",
        f"takes {size_of(SAMPLE.to_item())} bytes, and {STORED:g} as AWS counts them",
        f"are {shown(a_year / 1000)} TB after a year, and cost {shown(storing)} USD a month",
        f"{storing / units:.0%} of what is paid for units",
        f"cost {shown(nodes)} USD a month, and a list that is found saves {shown(found)} USD in a million:",
        f"{shown(finds)} finds a month to break even",
        f"begin to pay at {shown(finds * 10 / LISTS / 30)} messages a day",
        f"{of_units(Units(read=1)) / of_units(message(2)):.1%} less for a million messages",
    ]


def of_postgres() -> list[str]:
    share = INPUT["share of the database's CPU that may be used"] / 100
    vcpus_of_a_query = INPUT["microseconds of Postgres' CPU for a query"] / MILLION / share
    connections = INPUT["GiB of the database"] * 2**30 // QUOTA["bytes of the database for a Postgres connection"]
    queries = postgres_queries(BILLION)
    return [
        f"database's {connections:.0f} connections, by {connections // Settings.db_pool_size:.0f} processes",
        f"keeps whom it knows for {USER_CACHE_SECONDS} s",
        f"at 10 million messages a day {misses(processes(TEN_MILLION)):.0%} of all requests",
        f"That is {shown(queries)} queries/s, or {shown(queries * vcpus_of_a_query)} vCPUs",
        f"With {2 * INPUT['vCPUs of a task']:g} processes on each, {misses(4):.0%} of the requests ask",
        f"{shown(BILLION)}/s at a billion a day: {shown(BILLION * vcpus_of_a_query)} vCPUs",
    ]


def of_the_table() -> list[str]:
    sends = ddb.MAX_MEMBERS / MESSAGES.pause.total_seconds()
    pages = ddb.MAX_MEMBERS / ASKS_EVERY * FIRST_PAGE.read
    return [
        f"on the {QUOTA['writes/s of a new table'] / PARTITION_WRITES:g} shards of a new table",
        f"(the index: {shown(a_day(QUOTA['reads/s of the same'] / INDEX.read))})",
        f"(the table: {shown(a_day(QUOTA['writes/s of an on-demand table, and of each index'] / TABLE.write))})",
        f"{shown(PARTITION_WRITES)} messages a second at most",
        f"{ddb.MAX_MEMBERS} members who all send as fast as they may are {sends:g} messages a second,",
        f"{sends / PARTITION_WRITES:.0%} of a partition. All their bursts in the same second are"
        f" {shown(ddb.MAX_MEMBERS * MESSAGES.burst)}",
        f"every {ASKS_EVERY:g} s, that is {shown(pages)} read units a second of {shown(PARTITION_READS)}",
        f"which is {INDEX_WRITES} of {shown(PARTITION_WRITES)} writes:",
        f"{shown(PARTITION_WRITES / INDEX_WRITES)} updates a second for one person",
    ]


def of_the_function() -> list[str]:
    of_fifty = (1 + ddb.MAX_MEMBERS) * CALL_SECONDS
    shards, at_once = TABLE.write * BILLION / PARTITION_WRITES, BILLION * INVOCATION_SECONDS
    batches = shards * QUOTA["batches of a shard at once, at most"]
    return [
        f"{shown(1000 * of_fifty)} ms for a group of {ddb.MAX_MEMBERS}, and {shown(100 * of_fifty)} s for a batch",
        f"MAX_MEMBERS bounds it all: {ddb.MAX_MEMBERS}",
        f"leaves {1 + 2 + 2 * MARKERS:g} records",
        f"takes the function {shown(1000 * INVOCATION_SECONDS)} ms, so {shown(at_once)} of them",
        f"{shown(shards)} of them for its writes alone, which is {shown(batches / at_once)} times",
    ]


def of_connections() -> list[str]:
    active = BILLION * REQUESTS * ASKS_EVERY
    return [
        f"{shown(active)} people are active at once",
        f"{shown(active / 3000)} units by connections, and {shown(BYTES * BILLION * 3600 / GB)} by bytes",
    ]


@pytest.mark.parametrize(
    "phrase", [*of_money(), *of_postgres(), *of_the_table(), *of_the_function(), *of_connections()]
)
def test_what_is_said_in_words_is_reckoned_too(phrase: str) -> None:
    assert phrase in PROSE


def test_the_constants_of_the_page_are_those_of_the_code() -> None:
    assert f"message of {len(TEXT)} characters" in PROSE
    assert f"of {PAGE} messages" in PROSE
    assert "worker_connections = 1000" in (ROOT / "backend_flask" / "gunicorn.conf.py").read_text(encoding="utf-8")
