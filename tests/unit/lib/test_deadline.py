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
