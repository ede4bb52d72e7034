"""Calls the stream function for every change of the table, as AWS Lambda does.

Reads the stream of the local engine and follows Lambda's rules: batches, partial failures, bisecting, a limit of
attempts. Records that keep failing go to failed.jsonl in the state folder: see bin/lambda/failed and
bin/lambda/redrive. Logs to stderr, one JSON object a line.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from cli.script import Arguments, ScriptError, at_least, run

from backend_flask import logs
from dev.trigger import lock
from dev.trigger.checkpoint import Checkpoint
from dev.trigger.clients import clients
from dev.trigger.failed import FailedRecords
from dev.trigger.invoke import invoker
from dev.trigger.loop import Trigger
from dev.trigger.options import add_handler, add_state_dir, handler_named, settings_for_functions
from dev.trigger.stream import Stream

log = logging.getLogger("dev.trigger")


def options(parser: argparse.ArgumentParser) -> None:
    add_state_dir(parser)
    add_handler(parser)
    parser.add_argument(
        "--batch-size", type=_batch_size, default=100, metavar="N", help="records in an event, 1 to 1000"
    )
    parser.add_argument("--max-attempts", type=at_least(1), default=5, metavar="N", help="attempts of one record")


def main(args: Arguments) -> None:
    settings = settings_for_functions()
    logs.configure(settings.log_level)
    dynamodb, streams = clients(settings)
    handler = handler_named(args.handler)
    try:
        with lock.only_one(args.state_dir) as heartbeat:
            checkpoint = Checkpoint(args.state_dir)
            trigger = Trigger(
                Stream(dynamodb, streams, settings.ddb_message_table, checkpoint),
                checkpoint,
                FailedRecords(args.state_dir),
                invoker(handler, args.handler),
                batch_size=args.batch_size,
                max_attempts=args.max_attempts,
                beat=heartbeat.beat,
            )
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: trigger.stop())
            log.info("started", extra={"table": settings.ddb_message_table})
            trigger.run()
    except lock.AlreadyRunning as error:
        raise ScriptError(f"{error}. Stop it first") from error
    log.info("stopped")


def _batch_size(text: str) -> int:
    """GetRecords returns at most 1,000 records."""
    number = at_least(1)(text)
    if number > 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is more than 1000")
    return number


if __name__ == "__main__":
    sys.argv[0] = "dev.trigger"
    run(main, __doc__, options)
