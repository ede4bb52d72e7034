import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from backend_flask.lib.ddb_items import instant_of, milliseconds_of
from backend_flask.lib.uuid7 import Uuid7

ROOT = Path(__file__).resolve().parents[3]
# Two processes make 500 ids each, in one millisecond and from the same state.
FORKING = """
import os
from backend_flask.lib.uuid7 import Uuid7
make_id = Uuid7(lambda: 1_795_262_400_123)
make_id()
child = os.fork()
ids = [make_id() for _ in range(500)]
if child:
    os.waitpid(child, 0)
print("\\n".join(ids), flush=True)
"""
NOON = 1_795_262_400_123  # 2026-11-21T12:00:00.123Z


def all_ones(bits: int) -> int:
    return (1 << bits) - 1


def clock_that_shows(*instants: int) -> Iterator[int]:
    yield from instants
    while True:
        yield instants[-1]


def assert_strictly_increasing(ids: list[str]) -> None:
    assert all(one < next_one for one, next_one in pairwise(ids))


def test_an_id_is_laid_out_as_rfc_9562_says() -> None:
    made = Uuid7(lambda: NOON)()
    parsed = uuid.UUID(made)
    assert made == str(parsed)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made)
    assert parsed.version == 7
    assert parsed.variant == uuid.RFC_4122
    assert parsed.int >> 80 == NOON


def test_the_example_of_rfc_9562_appendix_a6_is_made() -> None:
    tail = 0xCC3 << 62 | 0x18C4DC0C0C07398F
    assert Uuid7(lambda: 0x017F22E279B0, lambda _: tail)() == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_a_hundred_thousand_ids_increase_strictly_and_differ() -> None:
    make_id = Uuid7()
    ids = [make_id() for _ in range(100_000)]
    assert_strictly_increasing(ids)
    assert len(set(ids)) == 100_000


def test_ids_increase_while_the_clock_stands_still() -> None:
    make_id = Uuid7(lambda: NOON)
    ids = [make_id() for _ in range(10_000)]
    assert_strictly_increasing(ids)
    assert {milliseconds_of(each) for each in ids} == {NOON}


def test_ids_increase_while_the_clock_steps_back_and_forth() -> None:
    shown = clock_that_shows(NOON, NOON - 3_600_000, NOON - 1, NOON + 5, NOON, NOON + 4, NOON + 5, 0, NOON + 6)
    make_id = Uuid7(lambda: next(shown))
    ids = [make_id() for _ in range(9)]
    assert_strictly_increasing(ids)
    assert [milliseconds_of(each) - NOON for each in ids] == [0, 0, 0, 5, 5, 5, 5, 5, 6]


def test_a_counter_that_overflows_borrows_the_next_millisecond() -> None:
    # The first tail of a millisecond leaves its highest bit free; only luck this bad comes near the limit.
    tails = iter([(1 << 73) - 1, *[1 << 72] * 3])
    make_id = Uuid7(lambda: NOON, lambda _: next(tails))
    ids = [make_id() for _ in range(3)]
    assert_strictly_increasing(ids)
    assert [milliseconds_of(each) - NOON for each in ids] == [0, 0, 1]
    assert all(uuid.UUID(each).version == 7 and uuid.UUID(each).variant == uuid.RFC_4122 for each in ids)


def test_the_clock_is_followed_again_after_it_has_passed_a_borrowed_millisecond() -> None:
    now = NOON
    tails = iter([(1 << 74) - 1, 0, 5, 7, 9])
    make_id = Uuid7(lambda: now, lambda _: next(tails))
    ids = [make_id(), make_id()]
    now = NOON + 1
    ids.append(make_id())
    now = NOON + 2
    ids.append(make_id())
    assert_strictly_increasing(ids)
    assert [milliseconds_of(each) - NOON for each in ids] == [0, 1, 1, 2]


def test_the_largest_random_numbers_still_leave_room_to_count() -> None:
    make_id = Uuid7(lambda: NOON, all_ones)
    ids = [make_id() for _ in range(1_000)]
    assert_strictly_increasing(ids)
    assert milliseconds_of(ids[-1]) == NOON


def test_ids_of_many_threads_differ_and_increase_within_each() -> None:
    make_id = Uuid7()
    with ThreadPoolExecutor(8) as pool:
        of_each = list(pool.map(lambda _: [make_id() for _ in range(2_000)], range(8)))
    for ids in of_each:
        assert_strictly_increasing(ids)
    assert len({each for ids in of_each for each in ids}) == 16_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_ids_differ_after_a_fork() -> None:
    # In a process of its own: Python warns of a fork beside the threads that other tests may have left.
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True, cwd=ROOT)
    ids = done.stdout.split()
    assert len(ids) == 1_000
    assert len(set(ids)) == 1_000


def test_created_at_is_the_instant_that_the_id_carries() -> None:
    made = Uuid7(lambda: NOON)()
    assert milliseconds_of(made) == NOON
    assert instant_of(made) == "2026-11-21T12:00:00.123Z"


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_583_020_799_999, "2020-02-29T23:59:59.999Z"),
        (4_102_444_800_001, "2100-01-01T00:00:00.001Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_no_instant_is_rounded(ms: int, shown: str) -> None:
    assert instant_of(Uuid7(lambda: ms)()) == shown


def test_the_real_clock_is_that_of_the_system() -> None:
    before = time.time_ns() // 1_000_000
    made = milliseconds_of(Uuid7()())
    assert before <= made <= time.time_ns() // 1_000_000
