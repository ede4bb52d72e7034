"""The log lines of the API and of the functions."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from cli.aws.cloud import Cloud

# What a person calls it, by the output of the stack that names its log group.
GROUPS = {"api": "ApiLog", "stream": "StreamFunctionLog", "sign-up": "SignUpFunctionLog"}
POLL_SECONDS = 2.0
_UNITS = {"m": 60, "h": 3600, "d": 86400}


def ago(text: str) -> float:
    """An argument type: 10m, 3h or 2d, as seconds."""
    found = re.fullmatch(r"(\d{1,5})([mhd])", text)
    if not found:
        raise argparse.ArgumentTypeError(f"{text[:20]!r} is no time, such as 10m, 3h or 2d")
    return int(found[1]) * float(_UNITS[found[2]])


def lines(cloud: Cloud, group: str, since: float, pattern: str, *, follow: bool) -> Iterator[str]:
    """Oldest first; with `follow` it goes on with what comes. `pattern` is CloudWatch's: `{ $.status >= 500 }`."""
    name = cloud.outputs()[GROUPS[group]]
    seen: set[str] = set()
    begin = int((time.time() - since) * 1000)
    while True:
        newest = begin
        for event in events(cloud, name, begin, pattern):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                yield _line(event)
            newest = max(newest, event["timestamp"])
        if not follow:
            return
        begin = newest
        time.sleep(POLL_SECONDS)


def events(cloud: Cloud, group: str, begin: int, pattern: str = "", stream: str = "") -> Iterator[dict[str, Any]]:
    """Since `begin`, in milliseconds; of one stream alone, if it is given."""
    wanted: dict[str, Any] = {"filterPattern": pattern} if pattern else {}
    if stream:
        wanted["logStreamNames"] = [stream]
    pages = cloud.client("logs").get_paginator("filter_log_events")
    for page in pages.paginate(logGroupName=group, startTime=begin, **wanted):
        yield from page["events"]


def _line(event: dict[str, Any]) -> str:
    message = event["message"].rstrip("\n")
    # Ours say when; what a library prints does not.
    when = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return message if message.startswith("{") else f"{when:%Y-%m-%dT%H:%M:%S}  {message}"
