"""Requests that nobody would send: none is answered 5xx, or in a way that docs/api.md does not allow.

What only reads changes nothing, what an outsider asks says nothing of the inside, and every answer can be parsed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
from hypothesis import Phase, given
from hypothesis import seed as seeded
from werkzeug.exceptions import BadRequest, MethodNotAllowed, NotFound
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from backend_flask.auth import needs_sign_in
from backend_flask.headers import SECURITY_HEADERS
from backend_flask.lib.db import sql
from backend_flask.lib.metering import meter
from tests.api_page import codes_by_status
from tests.arena import Arena
from tests.proofs.forgery import Forged, requests
from tests.proofs.trial import Figures, Refuted, Trial, made_up
from tests.town import CONFIDENTIAL, Town

REQUESTS_A_ROUND = 200
PHASES = (Phase.generate, Phase.shrink)
OUTSIDERS = ("stranger", "former", "nobody")
READING = ("GET", "HEAD", "OPTIONS")
READS = {"Query", "GetItem"}
READERS_OF_BODIES = "400 413 415"
# What a route may be answered with, whoever asks and however.
ALLOWED: dict[str, str] = {
    "GET /api/health-check": "200",
    "GET /api/ready": "200",
    "GET /api/message_groups": "200 401 422",
    "POST /api/message_groups/<message_group_uuid>/read": f"200 401 404 422 {READERS_OF_BODIES}",
    "GET /api/messages/<message_group_uuid>": "200 401 404 422",
    "POST /api/messages": f"200 401 404 409 422 {READERS_OF_BODIES}",
    "GET /api/users/@<handle>/short": "200 404",
    "PUT /api/profile/update": f"200 401 422 {READERS_OF_BODIES}",
    "GET /api/activities/home": "200 422",
    "GET /api/activities/notifications": "200 422",
    "GET /api/activities/search": "200 422",
    "GET /api/activities/@<handle>": "200 404 422",
    "GET /api/activities/@<handle>/status/<activity_uuid>": "200 404 422",
    "GET /api/activities/<activity_uuid>": "200 404",
    "POST /api/activities": f"200 401 422 {READERS_OF_BODIES}",
    "POST /api/activities/<activity_uuid>/reply": f"200 401 404 422 {READERS_OF_BODIES}",
}
CHECKSUMS = [
    f"SELECT count(*), md5(string_agg({table}::text, '' ORDER BY uuid)) FROM {table}"  # noqa: S608
    for table in ("users", "activities")
]
INTERNALS = (
    "sql", "psycopg", "postgres", "select ", "boto", "dynamo", "aws", "traceback", "exception", "werkzeug", "flask",
    "python", "gunicorn", "/work", ".py",
)  # fmt: skip


def run(arena: Arena, trial: Trial) -> Figures:
    seen: Counter[tuple[str, int]] = Counter()
    with arena.api() as api:
        spent = meter(api.table.client)
        for seed in trial.rounds():
            Round(Town(api, spent), arena.database_url, seen, trial.advance).play(seed)
    return {
        "requests": seen.total(),
        "answered 200": sum(many for (_, status), many in seen.items() if status == 200),
        "pairs of route and status": len(seen),
    }


class Round:
    """A town, and what is asked of it."""

    def __init__(
        self, town: Town, database_url: str, seen: Counter[tuple[str, int]], advance: Callable[[int], object]
    ) -> None:
        self.town = town
        self.database_url = database_url
        self.seen = seen
        self.advance = advance
        self.routes = {
            f"{method} {rule}": needs_sign_in(town.api.app.view_functions[rule.endpoint])
            for rule in town.api.app.url_map.iter_rules()
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        }
        if self.routes.keys() != ALLOWED.keys():
            raise Refuted(f"routes without a row, or rows without a route: {self.routes.keys() ^ ALLOWED.keys()}")
        self.codes = codes_by_status()
        self.names = self._names()

    def _names(self) -> dict[str, str]:
        town = self.town
        newest = town.member.get(f"/api/messages/{town.group}?limit=1").get_json()[0]["uuid"]
        direct = town.member.send("hi", to=town.other)
        return {
            "group": town.group,
            "direct": direct["message_group_uuid"],
            "foreign": direct["uuid"],
            "message": town.first,
            "newest": newest,
            "activity": town.activity,
            "me": town.member.user.uuid,
            "token": town.member.token,
            **{name: getattr(town, name).user.handle for name in ("member", "other", "stranger")},
        }

    def play(self, seed: int) -> None:
        routes = [(route.split(" ")[0], route.split(" ")[1]) for route in ALLOWED]
        self._ask_all(requests(routes), seed, REQUESTS_A_ROUND * 3 // 4)
        before = self._everything()
        self._ask_all(requests(routes, READING), seed, REQUESTS_A_ROUND // 4)
        if self._everything() != before:
            raise Refuted("what only reads has changed something")

    def _ask_all(self, forged: Any, seed: int, many: int) -> None:
        @seeded(seed)
        @made_up(many, PHASES)
        @given(forged)
        def ask(request: Forged) -> None:
            self.ask(request)

        ask()
        self.advance(many)

    def _everything(self) -> object:
        """All that is stored of the people of this town, and all rows of Postgres."""
        town = self.town
        people = (town.member, town.other, town.former, town.stranger)
        with psycopg.connect(self.database_url) as connection:
            tables = [connection.execute(query).fetchall() for query in CHECKSUMS]
        return town.stored(*people), tables

    def ask(self, forged: Forged) -> None:
        town = self.town
        town.spent.reset()
        town.asked.clear()
        answer = self._send(forged)
        self._judge(forged, answer)
        if answer.request.method in READING:
            writes = [call for call in town.spent.calls if call not in READS]
            writes += [query for query in town.asked if not _is_reading(query)]
            _refuse(writes, "writes", forged)

    def _send(self, forged: Forged) -> TestResponse:
        headers = [(name, self._filled(value)) for name, value in forged.headers]
        if forged.caller not in {"nobody", "odd"}:
            headers.append(("Authorization", f"Bearer {getattr(self.town, forged.caller).token}"))
        body = None if forged.body is None else self._filled(forged.body.decode("latin-1"), "utf-8").encode("latin-1")
        builder = EnvironBuilder(
            path=self._filled(forged.path),
            method=forged.method,
            query_string=self._filled(forged.query),
            headers=headers,
            data=body,
            environ_overrides={} if forged.length is None else {"CONTENT_LENGTH": forged.length},
        )
        # Not by a client, which would read the Host header itself, and break.
        request = builder.get_request()
        return TestResponse(*run_wsgi_app(self.town.api.app, request.environ, buffered=True), request=request)

    def _filled(self, text: str, encoding: str = "") -> str:
        """With what is really there. A body is filled byte by byte."""
        for name, value in self.names.items():
            mark = f"«{name}»".encode(encoding).decode("latin-1") if encoding else f"«{name}»"
            text = text.replace(mark, value)
        return text

    def _judge(self, forged: Forged, answer: TestResponse) -> None:
        route, allowed = self._allowed(forged, answer)
        self.seen[route, answer.status_code] += 1
        if str(answer.status_code) not in allowed.split(" "):
            raise Refuted(f"{forged} of {route} is answered {answer.status} {answer.text[:300]}")
        missing = [name for name, value in SECURITY_HEADERS.items() if answer.headers.get(name) != value]
        _refuse(missing, "has not the headers", forged)
        if answer.request.method == "HEAD" or route.startswith("OPTIONS"):
            _refuse(answer.data[:99], "has a body", forged)
        else:
            self._judge_body(forged, answer)

    def _allowed(self, forged: Forged, answer: TestResponse) -> tuple[str, str]:
        """The route that was meant, and the statuses that it may be answered with."""
        method = answer.request.method
        try:
            rule, _ = self.town.api.app.url_map.bind_to_environ(answer.request.environ).match(return_rule=True)
        except MethodNotAllowed:
            return "no method", "405"
        except BadRequest:
            return "no host", "400"
        except NotFound:
            return "no route", "404"
        if method == "OPTIONS":
            return f"OPTIONS {rule}", "200"
        route = f"{'GET' if method == 'HEAD' else method} {rule}"
        if forged.caller == "nobody" and self.routes[route]:
            return route, "401"
        known = forged.caller not in {"nobody", "odd"}
        return route, ALLOWED[route].replace("401", "") if known else ALLOWED[route]

    def _judge_body(self, forged: Forged, answer: TestResponse) -> None:
        status, is_list = answer.status_code, answer.status_code in {200, 422}
        wanted = "application/json" if is_list else "application/problem+json"
        _refuse(answer.content_type if answer.content_type != wanted else "", "has the content type", forged)
        if forged.caller in OUTSIDERS:
            _refuse([text for text in CONFIDENTIAL if text in answer.text], "tells an outsider", forged)
        said = json.loads(answer.data)
        if status == 200:
            return
        codes = set(said if status == 422 else [said["code"]])
        _refuse(codes - self.codes[status], f"is answered {status} with codes", forged)
        told = [word for word in INTERNALS if word in f"{answer.text} {answer.headers}".lower()]
        _refuse(told, "tells of", forged)


def _refuse(found: object, what: str, forged: Forged) -> None:
    if found:
        raise Refuted(f"{forged} {what} {found!r}")


def _is_reading(query: str) -> bool:
    return re.sub(rb"--.*", b"", sql(query)).lstrip().startswith(b"SELECT")
