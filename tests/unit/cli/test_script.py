import io
import sys
from argparse import ArgumentTypeError

from cli.script import Arguments, ScriptError, at_least, confirm, run, split_prod

import pytest

DOC = "Does one thing.\n\nAnd more.\n"


def status_of(main: object, monkeypatch: pytest.MonkeyPatch, *words: str, prod: bool = False) -> int:
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/a-script", *words])
    with pytest.raises(SystemExit) as ended:
        run(main, DOC, prod=prod)  # type: ignore[arg-type]
    return int(ended.value.code or 0)


@pytest.mark.parametrize(("returned", "status"), [(None, 0), (0, 0), (1, 1), (3, 3)])
def test_a_script_ends_with_the_status_that_main_returns(
    returned: int | None, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status_of(lambda _: returned, monkeypatch) == status


def test_help_starts_with_the_first_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(lambda _: 1, monkeypatch, "--help") == 0
    assert "Does one thing." in capsys.readouterr().out


@pytest.mark.parametrize("error", [ScriptError("do this"), ValueError("do this"), OSError("do this")])
def test_an_error_is_one_line_and_status_1(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CRUDDUR_DEBUG", raising=False)

    def main(_: Arguments) -> None:
        raise error

    assert status_of(main, monkeypatch) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("a-script: ")
    assert "do this" in said.err
    assert len(said.err.splitlines()) == 1


def test_the_traceback_is_shown_to_who_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRUDDUR_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["a-script"])

    def main(_: Arguments) -> None:
        raise ScriptError("do this")

    with pytest.raises(ScriptError):
        run(main, DOC)


def test_an_interrupted_script_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def main(_: Arguments) -> None:
        raise KeyboardInterrupt

    assert status_of(main, monkeypatch) == 130
    assert capsys.readouterr().err == "a-script: interrupted\n"


@pytest.mark.parametrize(("words", "found"), [((), False), (("prod",), True)])
def test_prod_is_the_only_word(words: tuple[str, ...], found: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    assert status_of(lambda args: seen.append(args.prod), monkeypatch, *words, prod=True) == 0
    assert seen == [found]


@pytest.mark.parametrize("words", [("production",), ("Prod",), ("prod", "prod"), ("--prod",), ("",)])
def test_another_word_than_prod_is_refused(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    assert status_of(lambda _: 0, monkeypatch, *words, prod=True) == 2


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], (None, False)),
        (["prod"], (None, True)),
        (["a-table"], ("a-table", False)),
        (["prod", "a-table"], ("a-table", True)),
        (["a-table", "prod"], ("a-table", True)),
        ([""], ("", False)),
    ],
)
def test_the_word_prod_may_stand_before_or_behind_the_other(words: list[str], found: tuple[str | None, bool]) -> None:
    assert split_prod(words) == found


def test_two_other_words_are_refused() -> None:
    with pytest.raises(ScriptError):
        split_prod(["one", "two"])


@pytest.mark.parametrize(
    "text", ["0", "-1", "+1", "1.0", "1e3", "", " 1", "\u0661", "x", "1_000", "9" * 19, "9" * 5000]
)
def test_only_whole_numbers_of_a_reasonable_size_are_taken(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        at_least(1)(text)


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("1000000", 1_000_000), ("007", 7)])
def test_a_number_from_the_lowest_on_is_taken(text: str, number: int) -> None:
    assert at_least(1)(text) == number


def test_only_the_typed_name_confirms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("cruddur-messages\n"))
    confirm("cruddur-messages", "This deletes it.")
    for typed in ("", "y\n", "cruddur\n", "CRUDDUR-MESSAGES\n"):
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with pytest.raises(ScriptError):
            confirm("cruddur-messages", "This deletes it.")
