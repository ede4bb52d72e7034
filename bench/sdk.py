"""What each setting of the API's boto3 client brings, over a client as it comes out of the box."""

from __future__ import annotations

import statistics
import time
from typing import Any

from botocore.config import Config

from backend_flask.clients import client_of as api_client_of
from backend_flask.lib.aws import USER_AGENT
from backend_flask.lib.plain_answers import take_as_json
from backend_flask.settings import load
from bench import bare
from bench.figures import Answer, Figure, of_rounds
from bench.town import Endpoint, Town
from bench.trial import Trial

ROUNDS = 15
CALLS = 40
WARM_UP = 10


def run(trial: Trial) -> Answer:
    answer = Answer()
    clients = _clients(trial)
    with trial.arena.api(RATE_LIMITS="on") as api:
        endpoints = {each.name: each for each in Town(api).endpoints()}
        chosen = {"Query of a page": "A first page", "GetItem and PutItem": "C"}
        trial.expect(len(chosen) * trial.some(ROUNDS))
        for title, name in chosen.items():
            answer.figures += _figures(trial, title, endpoints[name], clients)
    return answer


def _clients(trial: Trial) -> dict[str, Any]:
    """The first is what the others are compared with."""
    as_json = bare.client_of(trial.arena)
    take_as_json(as_json)
    ours = api_client_of(load(trial.arena.environment()), "dynamodb", validate=False)
    take_as_json(ours)
    return {
        "out of the box": bare.client_of(trial.arena),
        "answers taken as JSON": as_json,
        "a short user agent": bare.client_of(trial.arena, config=Config(user_agent=USER_AGENT)),
        "parameters not validated": bare.client_of(trial.arena, config=Config(parameter_validation=False)),
        "the API's client": ours,
    }


def _figures(trial: Trial, title: str, endpoint: Endpoint, clients: dict[str, Any]) -> list[Figure]:
    """CPU time of this process: the engine works in another one."""
    taken: dict[str, list[float]] = {name: [] for name in clients}
    for client in clients.values():
        _cpu_seconds(endpoint, client, WARM_UP)
    for _ in range(trial.some(ROUNDS)):
        for name, client in clients.items():
            taken[name].append(_cpu_seconds(endpoint, client, trial.some(CALLS)))
        trial.advance(1)
    default, *others = taken
    figures = []
    for name in others:
        ratios = [one / other for one, other in zip(taken[name], taken[default], strict=True)]
        ours, theirs = (1000 * statistics.median(taken[side]) for side in (name, default))
        beside = f"{ours:.2f} against {theirs:.2f} ms"
        figures.append(of_rounds(f"{title}, {name}", ratios, "x the CPU time", beside=beside))
    return figures


def _cpu_seconds(endpoint: Endpoint, client: Any, times: int) -> float:
    """Of one turn."""
    steps = [call.by(client) for request in endpoint.requests(times) for call in request.asked.calls]
    begun = time.process_time()
    for step in steps:
        step()
    return (time.process_time() - begun) / times
