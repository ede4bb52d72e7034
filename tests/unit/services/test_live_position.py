"""Where a stream is: what is remembered, what may be forgotten, and how it is written down."""

import pytest

from backend_flask.services.live_position import KEY_CHARACTERS, MOST_KEYS, Position, key_of

NOW = 1_795_290_189_000


def keys(many: int) -> list[str]:
    return [key_of("message", number) for number in range(many)]


@pytest.mark.parametrize("many", [0, 1, 2, MOST_KEYS])
def test_a_position_comes_back_as_it_was_written(many: int) -> None:
    again = Position.parse(str(Position(NOW, keys(many))))
    assert again.horizon == NOW
    assert all(again.knows(key) for key in keys(many))
    assert not again.knows(key_of("another"))


def test_the_longest_fits_into_what_a_client_is_promised() -> None:
    assert len(str(Position(NOW, keys(MOST_KEYS)))) <= 4096


@pytest.mark.parametrize(
    "text",
    [
        "", " ", ".", "1a1ffa1cbbb", "1a1ffa1cbbb.1", "1a1ffa1cbbb.0123456", "1a1ffa1cbbb.0123456g", "x.01234567",
        "1A1FFA1CBBB.", "-1.", "1a1ffa1cbbb.\n", "1a1ffa1cbbb.01234567.", "fffffffffffff.", "null",
        "1a1ffa1cbbb.é123456", "1." + "01234567" * (MOST_KEYS + 1),
    ],
)  # fmt: skip
def test_what_is_no_position_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no position"):
        Position.parse(text)


def test_a_key_is_the_same_for_the_same_version_only() -> None:
    assert key_of("m", 1) == key_of("m", 1) != key_of("m", 2)
    assert key_of("m", 1) != key_of("m1", "")
    assert len(key_of("m", 1)) == KEY_CHARACTERS


def test_of_too_many_the_oldest_are_forgotten() -> None:
    position = Position(NOW)
    for key in keys(MOST_KEYS + 2):
        position.note(key)
    known = [position.knows(key) for key in keys(MOST_KEYS + 2)]
    assert known == [False, False] + [True] * MOST_KEYS


def test_what_will_not_be_found_again_is_forgotten_when_the_horizon_moves() -> None:
    old, at_the_horizon, new = keys(3)
    position = Position(NOW, keys(3))
    position.advance(NOW + 100, {old: NOW + 99, at_the_horizon: NOW + 100, new: NOW + 101})
    assert [position.knows(key) for key in (old, at_the_horizon, new)] == [False, False, True]
    assert position.horizon == NOW + 100


def test_what_was_told_and_not_found_yet_is_remembered() -> None:
    """Its change may be applied late, and then bears a time after the horizon."""
    told, found = keys(2)
    position = Position(NOW, [told, found])
    position.advance(NOW + 100, {found: NOW + 1})
    assert position.knows(told)
    assert not position.knows(found)
