"""Runs the whole system on this machine until Ctrl-C: engines, users, a conversation, stream trigger and API.

Data and logs lie under .dev/ and survive a restart.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import threading
from dataclasses import fields
from pathlib import Path
from typing import TextIO

from backend_flask.routes.pages import BUILD
from dev import dynamodb
from dev.cognito import LOCAL_PASSWORD
from dev.leftovers import Records, only_one
from dev.processes import Interrupted, StackError
from dev.stack import ROOT, SEED_USERS, Ports, Stack, option_of

DEFAULT_FOLDER = ROOT / ".dev"
LOOK_SECONDS = 0.2
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> int:
    args = _arguments()
    ports = Ports(**{each.name: getattr(args, each.name) for each in fields(Ports)})
    folder = args.folder.resolve()
    # A signal only leaves word, so that it cannot come between the start of a process and the note of it.
    stopping = threading.Event()
    for each in _SIGNALS:
        signal.signal(each, lambda *_: stopping.set())
    records = Records(folder)
    stack = Stack(
        folder,
        ports,
        args.dynamodb_engine,
        trigger=not args.no_trigger,
        say=_say,
        started=records.add,
        interrupted=stopping.is_set,
    )
    try:
        if args.reset and dynamodb.is_address(args.dynamodb_engine):
            raise StackError(
                f"--reset cannot forget what {args.dynamodb_engine} keeps. Drop its table with bin/ddb/drop"
            )
        with only_one(folder):
            return _run(stack, records, stopping, reset=args.reset)
    except (StackError, OSError) as error:
        _tell(f"bin/dev: {error}", sys.stderr)
        return 1


def _run(stack: Stack, records: Records, stopping: threading.Event, *, reset: bool) -> int:
    left = records.stop_leftovers()
    if left:
        _tell(f"stopped {len(left)} processes that an earlier bin/dev has left behind")
    if reset:
        stack.reset()
    try:
        stack.start()
        _tell(_welcome(stack))
        return _watch(stack, stopping)
    except Interrupted:
        return 0
    finally:
        if stopping.is_set():
            _tell("\nstopping")
        stack.stop()
        records.clear()


def _watch(stack: Stack, stopping: threading.Event) -> int:
    while not stopping.wait(LOOK_SECONDS):
        dead = stack.dead()
        if dead:
            _tell(f"bin/dev: {dead.name} has ended, so everything stops. {dead.last_words()}", sys.stderr)
            return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where data and logs lie (default: .dev/)")
    parser.add_argument(
        "--no-trigger", action="store_true", help="leave the stream trigger out; bin/lambda/trigger runs it alone"
    )
    parser.add_argument("--reset", action="store_true", help="start afresh: forget all data")
    for each in fields(Ports):
        parser.add_argument(
            option_of(each.name),
            dest=each.name,
            type=_port,
            default=each.default,
            metavar="N",
            help=f"port of {'the API' if each.name == 'api' else each.name} (default: %(default)s)",
        )
    parser.add_argument(
        "--dynamodb-engine",
        default=os.environ.get("DDB_ENGINE") or dynamodb.ENGINES[0],
        metavar="ENGINE",
        help=f"{', '.join(dynamodb.ENGINES)}, or an address like http://host:8000 (default: DDB_ENGINE or %(default)s)",
    )
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _say(step: str, seconds: float) -> None:
    _tell(f"  {step:<20} {seconds:5.1f} s")


def _tell(text: str, file: TextIO | None = None) -> None:
    """Prints, and goes on where nobody reads any more: what was started must be stopped all the same."""
    try:
        print(text, file=file, flush=True)
    except OSError:
        # Python would complain about what is left in the buffer when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), (file or sys.stdout).fileno())


def _welcome(stack: Stack) -> str:
    people = json.loads(SEED_USERS.read_text(encoding="utf-8"))
    handles = [person["handle"] for person in people]
    api = stack.api_url
    # Scripts look into .dev/ by themselves, and into another folder if they are told.
    where = (
        "" if stack.folder == DEFAULT_FOLDER else f"CRUDDUR_ENV_FILES={shlex.quote(str(stack.folder / 'stack.env'))} "
    )
    tokens = "\n".join(f"  {each['email']:<28}{where}bin/cognito/token {each['handle']}" for each in people)
    # With the whole path, so that the lines work in any folder.
    token = f'"Authorization: Bearer $({where}{shlex.quote(str(ROOT / "bin/cognito/token"))} {handles[0]})"'
    return f"""
Cruddur messaging is up.

  page       {_page(stack)}
  API        {api}/api/health-check
  Cognito    {stack.cognito_url}
  DynamoDB   {stack.dynamodb_url}
  Postgres   {stack.environment()["CONNECTION_URL"]}
  data       {stack.folder}
  logs       {stack.folder / "logs"}

To chat, open the page in two windows and sign in as two of these, all with the password {
        LOCAL_PASSWORD
    }. In a browser's
second window choose "Somebody else in this window" first. The commands print access tokens, for programs:
{tokens}

Try this in another shell:

  curl -s {api}/api/message_groups -H {token}

  curl -s {api}/api/messages -H {token} -H "Content-Type: application/json" -d '{
        json.dumps({"handle": handles[2], "message": "Hello!"})
    }'

Ctrl-C stops everything."""


def _page(stack: Stack) -> str:
    return f"{stack.api_url}/" if BUILD.is_dir() else "none: bin/setup builds the web client"


if __name__ == "__main__":
    sys.exit(main())
