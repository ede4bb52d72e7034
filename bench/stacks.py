"""Whose time it was: reads what py-spy sampled, and says which part of the system was at work."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

OURS = "our code"
# The innermost frame that lies in one of these decides; what is left is the standard library on its behalf.
_OWNERS = (
    ("backend_flask/logs.py", "log line"),
    # orjson has no frames of its own.
    ("backend_flask/fast_json.py", "JSON"),
    ("backend_flask/lib/plain_answers.py", "JSON"),
    ("backend_flask/worker.py", "server"),
    ("backend_flask/lib/cognito_jwt_token.py", "token"),
    ("backend_flask/", OURS),
    ("logging/", "log line"),
    ("jose/", "token"),
    ("cryptography/", "token"),
    ("boto3/", "boto3"),
    ("botocore/", "boto3"),
    ("urllib3/", "boto3"),
    ("psycopg", "Postgres"),
    ("flask", "Flask"),
    ("werkzeug/", "Flask"),
    ("blinker/", "Flask"),
    ("gunicorn/", "server"),
    ("gevent/baseserver.py", "server"),
)
_JSON = "JSON"
# Elsewhere a worker only looks whether it is still wanted. Unread messages are counted side by side, out of sight of
# the request.
_OF_A_REQUEST = ("handle_request", "MessageTable.")
_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^()]+?)(:\d+)?\)$")


@dataclass
class Profile:
    """Samples of a process that was busy, by part of the system and by function."""

    samples: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    # Of a function itself, and with all that it calls.
    own: Counter[str] = field(default_factory=Counter)
    whole: Counter[str] = field(default_factory=Counter)

    def add(self, frames: list[str], times: int) -> None:
        self.samples += times
        self.parts[part_of(frames)] += times
        names = [_without_line(frame) for frame in frames]
        self.own[names[-1]] += times
        for name in set(names):
            self.whole[name] += times

    def share(self, part: str) -> float:
        return self.parts[part] / self.samples


def profile_of(raw: str) -> Profile:
    """`raw` has one stack a line, outermost frame first: `function (file:line);... times`."""
    profile = Profile()
    for line in raw.splitlines():
        stack, _, times = line.rpartition(" ")
        if any(frame in stack for frame in _OF_A_REQUEST):
            profile.add(stack.split(";"), int(times))
    return profile


def part_of(frames: list[str]) -> str:
    """The part of the system that these frames, outermost first, were at work for."""
    met_json = False
    for frame in reversed(frames):
        file = _file_of(frame)
        if file.startswith(("json/", "flask/json/")):
            met_json = True
            continue
        for start, part in _OWNERS:
            if file.startswith(start):
                is_ours_to_say = part in {"Flask", OURS}
                return _JSON if met_json and is_ours_to_say else part
    return "other"


def text_of(name: str, profile: Profile, requests_a_second: float, longest: int = 25) -> str:
    """The profile for a reader."""
    lines = [
        f"{name}: {profile.samples} samples of a busy worker, {requests_a_second:.0f} requests/s on one connection",
        "",
    ]
    lines += [f"{profile.share(part):6.1%}  {part}" for part, _ in profile.parts.most_common()]
    for title, counted in (("itself", profile.own), ("with all that it calls", profile.whole)):
        lines += ["", f"share of each function, {title}:"]
        lines += [f"{times / profile.samples:6.1%}  {function}" for function, times in counted.most_common(longest)]
    return "\n".join(lines) + "\n"


def _file_of(frame: str) -> str:
    found = _FRAME.match(frame)
    return found["file"] if found else ""


def _without_line(frame: str) -> str:
    found = _FRAME.match(frame)
    return f"{found['function']} ({found['file']})" if found else frame
