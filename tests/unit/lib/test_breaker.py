"""A neighbour that failed is left alone, and asked again by one caller at a time."""

from __future__ import annotations

from backend_flask.lib.breaker import Breaker
from tests.tokens import Clock


def test_as_long_as_all_is_well_everybody_is_let_through() -> None:
    breaker = Breaker(5, Clock())
    assert [breaker.lets_through() for _ in range(3)] == [True] * 3
    assert not breaker.worked()


def test_of_many_failures_at_once_one_says_so() -> None:
    breaker = Breaker(5, Clock())
    assert [breaker.failed() for _ in range(3)] == [True, False, False]


def test_after_a_failure_one_caller_in_each_pause_is_let_through() -> None:
    clock = Clock()
    breaker = Breaker(5, clock)
    breaker.failed()
    for _ in range(3):
        clock.now += 4.9
        assert not breaker.lets_through()
        clock.now += 0.1
        assert [breaker.lets_through() for _ in range(3)] == [True, False, False]


def test_a_failure_begins_the_pause_anew() -> None:
    clock = Clock()
    breaker = Breaker(5, clock)
    breaker.failed()
    clock.now += 5
    assert breaker.lets_through()
    clock.now += 1
    assert [breaker.failed(), breaker.failed()] == [True, False], "one word for each that tries again"
    clock.now += 4.9
    assert not breaker.lets_through()


def test_the_success_that_closes_it_lets_everybody_through_again() -> None:
    clock = Clock()
    breaker = Breaker(5, clock)
    breaker.failed()
    clock.now += 5
    assert breaker.lets_through()
    assert [breaker.worked(), breaker.worked()] == [True, False]
    assert [breaker.lets_through() for _ in range(3)] == [True] * 3
    assert breaker.failed()
