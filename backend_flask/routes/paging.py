"""Pages of a list: `?limit=&before=` in, `Link: <...>; rel="next"` out (RFC 8288).

Lists are newest first, so the next page has what is older, and `rel="prev"` what is newer.
"""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import quote, urlencode

from flask import request

from backend_flask.routes.parameters import Parameter
from backend_flask.services import rules

T = TypeVar("T")

LIMIT = Parameter(
    "limit",
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": rules.PAGE_MAX, "default": rules.PAGE_DEFAULT},
    ("limit_invalid",),
    rules.page_size,
    "limit",
)


def cursor(name: str, says: str) -> Parameter:
    return Parameter(name, says, rules.UUID_SCHEMA, (f"{name}_invalid",), lambda value: rules.cursor(value, name), name)


BEFORE = cursor("before", "Where the page before this one ended: follow its `Link` instead of building this.")
AFTER = cursor("after", "The oldest of what is newer than this uuid, still newest first.")
AROUND = cursor("around", "As much that is newer as is older than this uuid.")
_PLACES = {"before", "after", "around"}


class Link(dict[str, str]):
    """The headers of a page: `Link` with the address of the next page, of the one before, of both, or nothing."""


PageOf = tuple[list[T], Link]


def page(items: list[T], next_before: str | None, prev_after: str | None = None) -> PageOf[T]:
    return items, link(next_before, prev_after)


def link(next_before: str | None, prev_after: str | None = None) -> Link:
    """Addresses are relative, so they hold behind any proxy, and keep the request's other parameters."""
    links = [_to("next", before=next_before)] if next_before else []
    links += [_to("prev", after=prev_after)] if prev_after else []
    return Link(Link=", ".join(links)) if links else Link()


def _to(relation: str, **place: str) -> str:
    kept = {name: value for name, value in request.args.items() if name not in _PLACES}
    return f'<{quote(request.path, safe="/@")}?{urlencode(kept | place)}>; rel="{relation}"'
