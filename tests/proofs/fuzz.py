"""Requests that nobody would send: none is answered 5xx, or in a way that the OpenAPI document does not allow.

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
from backend_flask.routes import docs
from tests import openapi
from tests.arena import Arena
from tests.proofs.forgery import Forged, requests
from tests.proofs.trial import Figures, Refuted, Trial, made_up
from tests.town import CONFIDENTIAL, Town

REQUESTS_A_ROUND = 200
PHASES = (Phase.generate, Phase.shrink)
OUTSIDERS = ("stranger", "former", "nobody")
READING = ("GET", "HEAD", "OPTIONS")
READS = {"Query", "GetItem"}
STREAM = "text/event-stream"
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
            "guest": town.guests[0].user.handle,
        }

    def play(self, seed: int) -> None:
        routes = [(route.split(" ")[0], route.split(" ")[1]) for route in self.routes]
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
        people = (town.member, town.other, town.former, town.stranger, *town.guests)
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
        answer = TestResponse(*run_wsgi_app(self.town.api.app, request.environ), request=request)
        if answer.mimetype == STREAM:
            # It would go on for minutes.
            answer.close()
        else:
            answer.make_sequence()
        return answer

    def _filled(self, text: str, encoding: str = "") -> str:
        """With what is really there. A body is filled byte by byte."""
        for name, value in self.names.items():
            mark = f"«{name}»".encode(encoding).decode("latin-1") if encoding else f"«{name}»"
            text = text.replace(mark, value)
        return text

    def _judge(self, forged: Forged, answer: TestResponse) -> None:
        route, allowed = self._allowed(forged, answer)
        self.seen[route, answer.status_code] += 1
        if answer.status_code not in allowed:
            raise Refuted(f"{forged} of {route} is answered {answer.status} {answer.text[:300]}")
        try:
            openapi.check(self.town.api.app, answer)
        except openapi.Broken as broken:
            raise Refuted(f"{forged}: {broken}") from None
        is_page = (route, answer.status_code) == ("GET /api/docs", 200)
        wanted = SECURITY_HEADERS | ({"Content-Security-Policy": docs.page()[1]} if is_page else {})
        missing = [name for name, value in wanted.items() if answer.headers.get(name) != value]
        _refuse(missing, "has not the headers", forged)
        if answer.request.method == "HEAD" or route.startswith("OPTIONS"):
            _refuse(answer.data[:99], "has a body", forged)
        elif not is_page and answer.mimetype != STREAM:
            self._judge_body(forged, answer)

    def _allowed(self, forged: Forged, answer: TestResponse) -> tuple[str, set[int]]:
        """The route that was meant, and the statuses that it may be answered with."""
        method = answer.request.method
        try:
            rule, _ = self.town.api.app.url_map.bind_to_environ(answer.request.environ).match(return_rule=True)
        except MethodNotAllowed:
            return "no method", {405}
        except BadRequest:
            return "no host", {400}
        except NotFound:
            return "no route", {404}
        if method == "OPTIONS":
            return f"OPTIONS {rule}", {200}
        route = f"{'GET' if method == 'HEAD' else method} {rule}"
        if forged.caller == "nobody" and self.routes[route]:
            return route, {401}
        known = forged.caller not in {"nobody", "odd"}
        return route, {status for status in openapi.described()[route] if status < 500} - ({401} if known else set())

    def _judge_body(self, forged: Forged, answer: TestResponse) -> None:
        if forged.caller in OUTSIDERS:
            _refuse([text for text in CONFIDENTIAL if text in answer.text], "tells an outsider", forged)
        json.loads(answer.data)
        if answer.status_code == 200:
            return
        told = [word for word in INTERNALS if word in f"{answer.text} {answer.headers}".lower()]
        _refuse(told, "tells of", forged)


def _refuse(found: object, what: str, forged: Forged) -> None:
    if found:
        raise Refuted(f"{forged} {what} {found!r}")


def _is_reading(query: str) -> bool:
    return re.sub(rb"--.*", b"", sql(query)).lstrip().startswith(b"SELECT")
