import pytest

from bench.figures import Figure, at_least, at_most, of_rounds, quantile


def test_a_goal_is_met_up_to_its_limit() -> None:
    assert at_most(1.35).is_met_by(1.35)
    assert not at_most(1.35).is_met_by(1.36)
    assert at_least(0.85).is_met_by(0.85)
    assert not at_least(0.85).is_met_by(0.84)


def test_a_figure_without_a_goal_misses_none() -> None:
    assert not Figure("a", 1e9, "x").is_missed
    assert Figure("a", 2, "x", goal=at_most(1)).is_missed


def test_rounds_give_their_median_and_how_far_apart_they_were() -> None:
    figure = of_rounds("a", [3, 1, 2], "x")
    assert (figure.value, figure.lowest, figure.highest) == (2, 1, 3)


@pytest.mark.parametrize(("share", "value"), [(0, 1), (0.5, 51), (0.99, 100), (1, 100)])
def test_a_quantile_is_one_of_the_values(share: float, value: float) -> None:
    assert quantile(range(100, 0, -1), share) == value
