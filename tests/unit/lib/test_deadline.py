import contextlib
import threading
from collections.abc import Iterator

import pytest

from backend_flask.lib import deadline


@pytest.fixture(autouse=True)
def without_deadline() -> Iterator[None]:
    yield
    deadline.clear()


def test_without_a_deadline_nothing_is_cut_short() -> None:
    assert deadline.remaining() is None


def test_what_remains_shrinks() -> None:
    deadline.start(5)
    first = deadline.remaining()
    second = deadline.remaining()
    assert first is not None
    assert second is not None
    assert 4.9 < second <= first <= 5


def test_a_deadline_that_has_passed_leaves_less_than_nothing() -> None:
    deadline.start(-1)
    remaining = deadline.remaining()
    assert remaining is not None
    assert remaining < 0


def test_a_cleared_deadline_is_gone() -> None:
    deadline.start(5)
    deadline.clear()
    assert deadline.remaining() is None


def test_a_deadline_is_that_of_one_request_only() -> None:
    deadline.start(5)
    seen: list[float | None] = []
    other = threading.Thread(target=lambda: seen.append(deadline.remaining()))
    other.start()
    other.join()
    assert seen == [None]


def seconds_left() -> float:
    left = deadline.remaining()
    assert left is not None
    return left


def test_a_part_of_a_request_may_have_to_end_sooner() -> None:
    deadline.start(5)
    with deadline.within(1):
        assert seconds_left() <= 1
        with deadline.within(3):
            assert seconds_left() <= 1
    assert seconds_left() > 4


def test_a_part_never_gets_more_time_than_there_is() -> None:
    deadline.start(-1)
    with deadline.within(1):
        assert seconds_left() < 0


def test_a_part_has_an_end_where_nothing_else_has() -> None:
    with contextlib.suppress(ZeroDivisionError), deadline.within(1):
        assert seconds_left() <= 1
        raise ZeroDivisionError
    assert deadline.remaining() is None
