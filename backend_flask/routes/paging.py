"""Pages of a list: `?limit=&before=` in, `Link: <...>; rel="next"` out (RFC 8288)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, jsonify, request

from backend_flask.errors import Invalid
from backend_flask.services import rules


@dataclass(frozen=True)
class Paging:
    limit: int
    before: str | None


def requested() -> Paging:
    """Raises Invalid."""
    return Paging(rules.page_size(request.args.get("limit")), rules.cursor(request.args.get("before")))


def flag(name: str, *, default: bool) -> bool:
    """A query parameter that is 0 or 1. Raises Invalid."""
    return bool(one_of(name, {"0": False, "1": True}, "1" if default else "0"))


def one_of(name: str, choices: dict[str, Any], default: str) -> Any:
    """The choice that a query parameter names. Raises Invalid."""
    value = request.args.get(name, default)
    if value not in choices:
        raise Invalid(f"{name}_invalid")
    return choices[value]


def page(items: list[dict[str, Any]], next_before: str | None) -> Response:
    """A JSON array, with a link to the next page if it has a cursor."""
    return linked(jsonify(items), next_before)


def linked(answer: Response, next_before: str | None) -> Response:
    """The link is relative, so it holds behind any proxy, and keeps the request's other parameters."""
    if next_before:
        query = urlencode({**request.args, "before": next_before})
        answer.headers["Link"] = f'<{quote(request.path, safe="/@")}?{query}>; rel="next"'
    return answer
