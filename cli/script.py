"""How every Python script of `bin/` starts and ends.

A script holds one function and one docstring; the first line of the docstring is what `--help` shows first.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
_VENV = ROOT / ".venv"
# What scripts import. A machine may happen to have some of it.
_NEEDED = ("boto3", "dotenv", "flask", "jose", "psycopg", "psycopg_pool", "tqdm")

Arguments = argparse.Namespace
ArgumentParser = argparse.ArgumentParser


class ScriptError(Exception):
    """The script cannot go on; the text is one line that says what to do."""


def _enter_venv() -> None:
    """Goes on under the project's own Python, so that a script may be typed in any shell.

    Only a script of bin/ does: a test runner that imports this keeps the Python it was started with.
    """
    if ROOT / "bin" not in Path(sys.argv[0]).resolve().parents:
        return
    # Until `run` takes over, Ctrl-C would show where in its imports the script was.
    signal.signal(signal.SIGINT, _interrupted)
    python = _VENV / "bin" / "python"
    if python.exists() and Path(sys.prefix).resolve() != _VENV.resolve():
        os.execv(python, [str(python), *sys.argv])  # noqa: S606
    if not all(find_spec(package) for package in _NEEDED):
        stop("the project is not set up yet. Run bin/setup first")


def _interrupted(*_: object) -> NoReturn:
    print(f"{Path(sys.argv[0]).name}: interrupted", file=sys.stderr, flush=True)
    os._exit(130)


def stop(problem: str, status: int = 1) -> NoReturn:
    print(f"{Path(sys.argv[0]).name}: {problem}", file=sys.stderr)
    raise SystemExit(status)


def run(
    main: Callable[[Arguments], int | None],
    doc: str | None,
    options: Callable[[ArgumentParser], object] | None = None,
    *,
    prod: bool = False,
) -> NoReturn:
    """Parses the arguments, calls `main` and ends the process: 0, or the status that `main` returns, or 1.

    `prod=True` adds the optional word `prod`, found as `args.prod`. Whatever goes wrong is one line on stderr;
    CRUDDUR_DEBUG=1 shows the traceback instead.
    """
    # A script says in one line what went wrong; the pool would say it once more for each attempt.
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parser = argparse.ArgumentParser(
        prog=Path(sys.argv[0]).name, description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    if prod:
        parser.add_argument(
            "prod",
            nargs="?",
            type=_prod,
            default=False,
            metavar="prod",
            help="act on AWS and PROD_CONNECTION_URL, not on this machine",
        )
    if options:
        options(parser)
    args = parser.parse_args()
    try:
        sys.exit(main(args) or 0)
    except KeyboardInterrupt:
        stop("interrupted", 130)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; Python must not complain about it while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except Exception as error:
        if os.environ.get("CRUDDUR_DEBUG"):
            raise
        from cli.problems import explain  # noqa: PLC0415

        stop(explain(error))


def _prod(word: str) -> bool:
    if word != "prod":
        raise argparse.ArgumentTypeError(f"{word!r} is not known here; the only word is prod")
    return True


def split_prod(words: list[str]) -> tuple[str | None, bool]:
    """The one other word, if any, and whether `prod` was among the words."""
    others = [word for word in words if word != "prod"]
    if len(others) > 1:
        raise ScriptError(f"{' and '.join(others)}: one at a time")
    return (others[0] if others else None), "prod" in words


def at_least(lowest: int) -> Callable[[str], int]:
    """An argument type: a whole number with a lower bound, of nine digits at most."""

    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= lowest):
            raise argparse.ArgumentTypeError(f"{text[:20]!r} is not a whole number from {lowest} to 999999999")
        return int(text)

    return number


def confirm(name: str, consequence: str) -> None:
    """Goes on only if a person types `name`."""
    print(f"{consequence}\nType {name} to go on: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != name:
        raise ScriptError("not confirmed, so nothing was changed")


_enter_venv()
