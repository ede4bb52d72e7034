import pytest

from cli.show import columns, progress, safe


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert columns(("a", "name"), [("long", 1), ("b", None)]) == "a     name\nlong  1\nb"


def test_a_header_stands_alone_if_there_are_no_rows() -> None:
    assert columns(("a", "name"), []) == "a  name"


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[2J",  # clears the screen
        "\x1b]0;title\x07",  # renames the window
        "\x9b31m",  # the same as ESC [ in one character
        "\x08\x08\x08",
        "\x7f",
        "\u202egnp.exe",  # writes backward
        "\u2066x\u2069",
        "\u200b",
        "\x00",
        "\ud800",
    ],
)
def test_nothing_that_steers_a_terminal_is_shown(text: str) -> None:
    for shown in (safe(text), columns(("head",), [(f"a{text}b",)]).splitlines()[-1]):
        assert all(each.isprintable() for each in shown)
        assert "\N{REPLACEMENT CHARACTER}" in shown


def test_a_text_of_many_lines_is_shown_on_one() -> None:
    assert safe("one\r\ntwo\tthree\u2028four  ") == "one two three four"


def test_readable_text_is_shown_as_it_is() -> None:
    assert safe("caf\u00e9 \u4f60\u597d \N{GRINNING FACE}!") == "caf\u00e9 \u4f60\u597d \N{GRINNING FACE}!"


def test_progress_gives_the_same_items(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress(iter(range(5)), "items", 5)) == [0, 1, 2, 3, 4]
    assert capsys.readouterr() == ("", "")
