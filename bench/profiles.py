"""Which part of the system a worker of the production server is busy with, endpoint by endpoint."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from cli.script import ScriptError

from bench.caller import Caller
from bench.figures import Answer, Figure, at_most
from bench.stacks import OURS, Profile, profile_of, text_of
from bench.town import Endpoint, Town
from bench.trial import Trial
from tests.servers import Server, api_server

SECONDS = 6
SAMPLES_A_SECOND = 400
# More than can be asked in that time.
REQUESTS_A_SECOND = 500
MOST_OF_OURS = 0.10
PY_SPY = Path(sys.executable).parent / "py-spy"


def run(trial: Trial, only: Collection[str] = ()) -> Answer:
    """Of all endpoints, or `only` of those with these names."""
    answer = Answer()
    # One worker, so that there is one to look at.
    with (
        trial.arena.api(RATE_LIMITS="on") as api,
        api_server(trial.arena, workers=1, RATE_LIMITS="on", LOG_LEVEL="info") as server,
    ):
        town = Town(api)
        endpoints = [each for each in (*town.endpoints(), town.short()) if not only or each.name in only]
        trial.expect(len(endpoints))
        for endpoint in endpoints:
            profile, asked = _profile(trial, endpoint, server)
            answer.figures += _figures(endpoint.name, profile)
            file = endpoint.name.replace(",", "").replace(" ", "-").lower()
            answer.texts[f"{file}.txt"] = text_of(endpoint.name, profile, asked)
            trial.advance(1)
    return answer


def _figures(name: str, profile: Profile) -> list[Figure]:
    others = [(part, profile.share(part)) for part, _ in profile.parts.most_common() if part != OURS]
    beside = ", ".join(f"{part} {share:.0%}" for part, share in others)
    return [
        Figure(f"{name}, our code", profile.share(OURS), "of the CPU time", goal=at_most(MOST_OF_OURS), beside=beside)
    ]


def _profile(trial: Trial, endpoint: Endpoint, server: Server) -> tuple[Profile, float]:
    """The profile, and how many requests were answered in a second."""
    seconds = trial.some(SECONDS, least=1)
    raw = trial.arena.folder / "stacks.txt"
    worker = server.processes()[1].pid
    words = ["record", "--pid", worker, "--duration", seconds, "--rate", SAMPLES_A_SECOND, "--format", "raw"]
    requests = itertools.cycle(endpoint.requests(REQUESTS_A_SECOND * (seconds + 1)))
    begun, asked = time.monotonic(), 0
    command = [str(word) for word in (PY_SPY, *words, "--output", raw)]
    with (
        closing(Caller(server.port)) as caller,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as spy,
    ):
        while spy.poll() is None:
            caller.ask(next(requests).raw)
            asked += 1
        said = spy.stdout.read() if spy.stdout else ""
    if spy.returncode or not raw.exists():
        last_words = said.strip().splitlines()[-1:]
        raise ScriptError(
            f"py-spy may not look into the worker ({''.join(last_words)}). Run this as root, or as README says"
        )
    return profile_of(raw.read_text(encoding="utf-8")), asked / (time.monotonic() - begun)
