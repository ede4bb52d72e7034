"""What a wave of requests comes to."""

from bench.crowd import wave_of


def test_what_was_answered_in_time_counts() -> None:
    assert wave_of(0.5, 4, [0.1] * 6).per_second == 8


def test_a_machine_that_was_busy_with_something_else_has_answered_one_late() -> None:
    assert wave_of(0.5, 0, [2.0, 2.1]).per_second == 0.5
    assert wave_of(0.5, -1, [0.4]).per_second == 2
