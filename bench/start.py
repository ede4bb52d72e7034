"""How long a process takes until it is of use, and how many modules it imports for that."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from bench.caller import Caller
from bench.figures import Answer, Figure, Goal, at_most, of_rounds
from bench.nothing import APP
from bench.town import HEALTH_CHECK
from bench.trial import Trial
from tests.servers import ROOT, THE_API, api_server

ROUNDS = 9
FUNCTION = "lambdas.cruddur_messaging_stream.handler"
MOST_IMPORT_MS, MOST_OWN_MS = 400, 30
# Prints how long the import of the module took that is named last, and which modules are there only since then.
_PROBE = """
import importlib, json, sys, time
*first, last = sys.argv[1:]
sys.path[:0] = [{path!r}]
for name in first:
    importlib.import_module(name)
before = set(sys.modules)
begun = time.perf_counter()
importlib.import_module(last)
print(json.dumps([time.perf_counter() - begun, sorted(set(sys.modules) - before)]))
"""
_AWS = ("boto3", "botocore.config", "botocore.exceptions")


def run(trial: Trial) -> Answer:
    rounds = trial.some(ROUNDS, least=1)
    trial.expect(2 * rounds)
    package = packed(trial.arena.folder)
    answers: list[list[float]] = []
    imports: dict[str, list[float]] = {"API": [], "function": [], "own": []}
    for _ in range(rounds):
        answers.append([_first_answer(trial, app) for app in (THE_API, APP)])
        trial.advance(1)
        imports["API"].append(imported(ROOT, "backend_flask.app")[0])
        imports["function"].append(imported(package, FUNCTION)[0])
        imports["own"].append(imported(package, *_AWS, FUNCTION)[0])
        trial.advance(1)
    ours, theirs = (1000 * statistics.median(each[side] for each in answers) for side in (0, 1))
    return Answer(
        [
            of_rounds(
                "from the start of the server to the first answer",
                [ours / theirs for ours, theirs in answers],
                "x that of an app that does nothing",
                beside=f"{ours:.0f} against {theirs:.0f} ms",
            ),
            _milliseconds("import of the API", imports["API"]),
            _count("modules of the API", len(imported(ROOT, "backend_flask.app")[1])),
            _milliseconds("import of the stream function from its zip", imports["function"], at_most(MOST_IMPORT_MS)),
            _milliseconds("of which not boto3", imports["own"], at_most(MOST_OWN_MS)),
            _count("modules of the stream function that are not boto3's", len(own_modules(package))),
            _count("bytes of its zip", package.stat().st_size),
        ]
    )


def packed(folder: Path) -> Path:
    """The zip of the stream function."""
    package = folder / "function.zip"
    subprocess.run(
        [ROOT / "bin" / "lambda" / "package", "--output", package], check=True, stdout=subprocess.DEVNULL, text=True
    )
    return package


def own_modules(package: Path) -> list[str]:
    """What the stream function imports and boto3 has not imported already."""
    return imported(package, *_AWS, FUNCTION)[1]


def imported(path: Path, *names: str) -> tuple[float, list[str]]:
    """How many seconds a new process takes to import the last of these from `path`, and the modules that brings."""
    code = _PROBE.format(path=str(path))
    # From another folder, so that it can only be found in `path`.
    ran = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, check=True, cwd="/")
    seconds, modules = json.loads(ran.stdout)
    return seconds, modules


def _first_answer(trial: Trial, app: str) -> float:
    """Seconds, from nothing to an answer, without what it takes to stop again."""
    begun = time.perf_counter()
    with api_server(trial.arena, workers=1, app=app) as server, closing(Caller(server.port)) as caller:
        caller.ask(HEALTH_CHECK)
        return time.perf_counter() - begun


def _milliseconds(name: str, seconds: list[float], goal: Goal | None = None) -> Figure:
    return of_rounds(name, [1000 * each for each in seconds], "ms", goal)


def _count(name: str, many: int) -> Figure:
    return Figure(name, many, "")
