"""One request at a time through the production server, against the same questions to DynamoDB and Postgres."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg

from bench.bare import client_of, one_after_the_other
from bench.caller import Caller
from bench.figures import Answer, at_most
from bench.rounds import Pair, Step
from bench.town import Endpoint, Town
from bench.trial import Trial
from tests.servers import api_server

ROUNDS = 10
ASKS = 100
WARM_UP = 20
MOST = 1.35

Steps = Callable[[int], list[tuple[Step, Step]]]


def run(trial: Trial) -> Answer:
    answer = Answer()
    with (
        trial.arena.api(RATE_LIMITS="on") as api,
        api_server(trial.arena, RATE_LIMITS="on", LOG_LEVEL="info") as server,
        psycopg.connect(trial.arena.database_url, autocommit=True) as connection,
    ):
        town = Town(api)
        endpoints = town.endpoints()
        trial.expect(trial.some(ROUNDS) * (len(endpoints) + 1))
        with closing(Caller(server.port)) as caller:
            bare = client_of(trial.arena)
            measured = {each.name: _played(trial, _steps(each, caller, bare, connection)) for each in endpoints}
            short = _played(trial, _steps(town.short(), caller, bare, connection))
    for name, pair in measured.items():
        answer.figures += [pair.median(name, at_most(MOST)), pair.p99(name)]
    answer.figures += [short.median("users short, over its one query"), short.p99("users short, over its one query")]
    return answer


def _steps(endpoint: Endpoint, caller: Caller, bare: Any, connection: psycopg.Connection[Any]) -> Steps:
    return lambda count: [
        (_asking(caller, request.raw), one_after_the_other(request.asked.by(bare, connection)))
        for request in endpoint.requests(count)
    ]


def _played(trial: Trial, steps: Steps) -> Pair:
    Pair().play(steps(trial.some(WARM_UP)))
    pair = Pair()
    for _ in range(trial.some(ROUNDS)):
        pair.play(steps(trial.some(ASKS)))
        trial.advance(1)
    return pair


def _asking(caller: Caller, request: bytes) -> Step:
    return lambda: caller.ask(request)
