"""Runs the whole system on this machine until Ctrl-C: engines, users, a conversation, stream trigger and API.

Data and logs lie under .dev/ and survive a restart.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from dataclasses import fields
from pathlib import Path
from types import FrameType
from typing import NoReturn

from dev import dynamodb
from dev.leftovers import Records
from dev.processes import StackError
from dev.stack import ROOT, SEED_USERS, Ports, Stack, option_of

DEFAULT_FOLDER = ROOT / ".dev"
LOOK_SECONDS = 0.2


def main() -> int:
    args = _arguments()
    ports = Ports(**{each.name: getattr(args, each.name) for each in fields(Ports)})
    records = Records(args.folder)
    stack = Stack(args.folder, ports, args.dynamodb_engine, say=_say, started=records.write)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, _interrupt)
    try:
        records.take()
        return _run(stack, records, reset=args.reset)
    except KeyboardInterrupt:
        print("\nstopping", flush=True)
        return 0
    except StackError as error:
        print(f"bin/dev: {error}", file=sys.stderr)
        return 1
    finally:
        # From here on nothing may come between: a second Ctrl-C would leave processes behind.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        stack.stop()


def _run(stack: Stack, records: Records, *, reset: bool) -> int:
    left = records.stop_leftovers()
    if left:
        print(f"stopped {left} processes that an earlier bin/dev has left behind", flush=True)
    if reset:
        stack.reset()
        records.take()
    taken = stack.ports.taken()
    if taken:
        raise StackError(taken[0])
    stack.start()
    _welcome(stack)
    while True:
        dead = stack.dead()
        if dead:
            print(f"bin/dev: {dead.name} has ended. The end of {dead.log}:\n{dead.log_end()}", file=sys.stderr)
            return 1
        time.sleep(LOOK_SECONDS)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="dev", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--folder", type=Path, default=DEFAULT_FOLDER, help="where data and logs lie; scripts look into .dev/ only"
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
        default=os.environ.get("DDB_ENGINE", dynamodb.ENGINES[0]),
        metavar="ENGINE",
        help=f"{', '.join(dynamodb.ENGINES)}, or an address like http://host:8000 (default: DDB_ENGINE or %(default)s)",
    )
    return parser.parse_args()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _say(step: str, seconds: float) -> None:
    print(f"  {step:<20} {seconds:5.1f} s", flush=True)


def _welcome(stack: Stack) -> None:
    handles = [person["handle"] for person in json.loads(SEED_USERS.read_text(encoding="utf-8"))]
    api = stack.api_url
    tokens = "\n".join(f"  bin/cognito/token {handle}" for handle in handles)
    print(
        f"""
Cruddur messaging is up.

  API        {api}/api/health-check
  Cognito    {stack.cognito_url}
  DynamoDB   {stack.dynamodb_url}
  Postgres   {stack.environment()["CONNECTION_URL"]}
  logs       {stack.folder / "logs"}

Users, each with a command that prints an access token (the password is the same for all, see dev/cognito.py):
{tokens}

Try this in another shell, in the folder {ROOT}:

  curl -s {api}/api/message_groups -H "Authorization: Bearer $(bin/cognito/token {handles[0]})"

  curl -s {api}/api/messages -H "Authorization: Bearer $(bin/cognito/token {handles[0]})" \\
    -H "Content-Type: application/json" -d '{{"handle": "{handles[2]}", "message": "Hello!"}}'

Ctrl-C stops everything.""",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
