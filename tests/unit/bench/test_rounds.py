import gc

from bench.rounds import Pair


def test_both_sides_take_their_turns() -> None:
    turns: list[str] = []
    pair = Pair()
    pair.play([(lambda: turns.append("ours"), lambda: turns.append("theirs"))] * 3)
    assert turns == ["ours", "theirs"] * 3
    assert [len(pair.ours[0]), len(pair.theirs[0])] == [3, 3]


def test_garbage_is_collected_between_the_rounds_only() -> None:
    during: list[bool] = []
    Pair().play([(lambda: during.append(gc.isenabled()), lambda: None)])
    assert during == [False]
    assert gc.isenabled()


def test_a_figure_is_the_median_of_the_ratios_of_the_rounds() -> None:
    pair = Pair(ours=[[0.002, 0.002, 9], [0.003], [0.001]], theirs=[[0.001], [0.001], [0.001]])
    assert pair.ratios() == [2, 3, 1]
    figure = pair.median("A")
    assert (figure.name, figure.value, figure.lowest, figure.highest) == ("A, p50", 2, 1, 3)
    assert figure.beside == "2.00 against 1.00 ms"
    assert pair.p99("A").value == 9 / 0.001
