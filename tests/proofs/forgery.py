"""Requests as nobody would send them, and enough that are nearly right to get behind the doors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.proofs import corpora

Pairs = tuple[tuple[str, str], ...]
CALLERS = ("member", "member", "other", "stranger", "former", "nobody", "odd")
FIELDS = ("message", "message_group_uuid", "handle", "message_uuid", "ttl", "display_name", "bio", "title")
# Nobody of whom the message group is to be kept.
HANDLES: tuple[list[str], ...] = (
    ["«other»", "@«guest»"],
    ["«guest»"],
    ["«member»", "«other»", "«guest»", "«other»"],
    [],
    ["«guest»"] * 50,
)
GOOD: dict[str, tuple[str, ...]] = {
    "message": ("hi", "\xe9\U0001f642 ho"),
    "message_group_uuid": ("«group»", "«direct»", "@«other»", "@«stranger»"),
    "handle": ("«other»", "«member»", "@«stranger»"),
    "message_uuid": ("«message»", "«newest»"),
    "ttl": ("1-day", "1-hour"),
    "display_name": ("Londo", "G'Kar"),
    "bio": ("", "Ambassador"),
    "activity_uuid": ("«activity»",),
    "title": ("Ambassadors", "\xe9"),
    "limit": ("1", "2", "100"),
    "before": ("«message»", "«newest»", "«activity»"),
    "after": ("«message»", "«activity»"),
    "around": ("«message»", "«newest»"),
    "since": ("«message»", "«newest»"),
    "with": ("«other»", "@«member»"),
    "unread": ("0", "1"),
    "order": ("asc", "desc"),
    "counts": ("0", "1"),
    "format": ("list", "profile"),
    "term": ("hi", "hi -ho"),
}
QUERIES = (
    *("limit", "before", "after", "around", "since", "with", "unread", "order", "counts", "format", "term"),
    *("limit[]", "page", "callback", "_method"),
)


@dataclass(frozen=True)
class Forged:
    """A request, in which `«name»` still stands for what is really there."""

    caller: str
    method: str
    path: str
    query: str
    headers: Pairs
    body: bytes | None
    length: str | None


def requests(routes: Sequence[tuple[str, str]], methods: tuple[str, ...] | None = None) -> st.SearchStrategy[Forged]:
    """Requests of these (method, rule) pairs, most of them with the route's own method."""
    return st.sampled_from(routes).flatmap(lambda route: _requests_of(*route, methods))


@cache
def _requests_of(method: str, rule: str, methods: tuple[str, ...] | None) -> st.SearchStrategy[Forged]:
    own = st.just(method) if methods is None else st.sampled_from(methods)
    other = st.sampled_from(methods or corpora.METHODS)
    made = st.builds(
        Forged,
        caller=st.sampled_from(CALLERS),
        method=_mostly(own, other, 12),
        path=_paths(rule),
        query=_mostly(st.just(""), _queries(), 1),
        headers=_headers(),
        body=st.none() if method == "GET" else _bodies(),
        length=_mostly(st.none(), st.sampled_from(corpora.LENGTHS), 15),
    )
    authorized = st.tuples(made, st.sampled_from(corpora.AUTHORIZATIONS) | _latin())
    return authorized.map(lambda pair: _authorize(*pair))


def _authorize(forged: Forged, odd: str) -> Forged:
    if forged.caller != "odd":
        return forged
    return replace(forged, headers=(*forged.headers, ("Authorization", odd)))


def _mostly(usual: st.SearchStrategy[Any], seldom: st.SearchStrategy[Any], times: int) -> st.SearchStrategy[Any]:
    return st.sampled_from([usual] * times + [seldom]).flatmap(lambda chosen: chosen)


@cache
def _texts(name: str) -> st.SearchStrategy[str]:
    """What belongs there, that with something behind it, or anything else."""
    good = st.sampled_from(GOOD.get(name, ("1",)))
    odd = st.sampled_from(corpora.STRINGS) | st.text(max_size=20)
    spoiled = st.tuples(good, st.sampled_from([" ", "\x00", "'", "%", "\n", "x", "\u200b", ",1"])).map("".join)
    return _mostly(good, odd | spoiled | good.map(str.swapcase), 2)


@cache
def _paths(rule: str) -> st.SearchStrategy[str]:
    parts = []
    for number, part in enumerate(rule.replace(">", "<").split("<")):
        if number % 2:
            parts.append(st.tuples(_texts(part), st.sampled_from(["", "", "", "/@:", "/%;"])).map(_quoted))
        else:
            parts.append(st.just(part))
    end = _mostly(st.just(""), st.sampled_from(["/", "//", "/.", "%00", "%ff", ";x", "%20", "/..", "%2f"]), 20)
    return st.tuples(*parts, end).map("".join)


def _quoted(pair: tuple[str, str]) -> str:
    text, safe = pair
    return quote(text.encode("utf-8", "surrogatepass"), safe=safe).replace("%C2%AB", "«").replace("%C2%BB", "»")


@cache
def _queries() -> st.SearchStrategy[str]:
    names = st.sampled_from(QUERIES)
    pairs = names.flatmap(lambda name: st.tuples(st.just(name), _texts(name)))
    encoded = pairs.map(lambda pair: f"{pair[0]}={_quoted((pair[1], ''))}")
    raw = st.sampled_from(
        ["&&==", "%", "limit", "limit=%ff", "before=%00", "=", "limit=1;before=2", "term=" + "a" * 3000]
    )
    return st.lists(_mostly(encoded, raw, 8), min_size=1, max_size=3).map("&".join)


@cache
def _headers() -> st.SearchStrategy[Pairs]:
    one = st.sampled_from(sorted(corpora.HEADERS)).flatmap(
        lambda name: st.tuples(st.just(name), _mostly(st.sampled_from(corpora.HEADERS[name]), _latin(), 6))
    )
    types = st.sampled_from(corpora.CONTENT_TYPES).map(lambda kind: (("Content-Type", kind),))
    kind = _mostly(st.just((("Content-Type", "application/json"),)), types | st.just(()), 8)
    return st.tuples(kind, st.lists(one, max_size=2).map(tuple)).map(lambda pair: pair[0] + pair[1])


@cache
def _latin() -> st.SearchStrategy[str]:
    """What a header may hold: it ends with the line."""
    return st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=20)


@cache
def _values() -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(corpora.STRINGS) | st.text()
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=6
    )


@cache
def _bodies() -> st.SearchStrategy[bytes | None]:
    fields = {name: _mostly(_texts(name), _values(), 6) for name in FIELDS}
    handles = _mostly(st.sampled_from(HANDLES), _values() | st.lists(_texts("handle"), max_size=3), 6)
    nearly = st.fixed_dictionaries({}, optional={**fields, "handles": handles, "extra": _values()})
    right = st.fixed_dictionaries(
        {name: st.sampled_from(GOOD[name]) for name in FIELDS if name != "handle"}
        | {"handles": st.sampled_from(HANDLES)}
    )
    objects = st.tuples(right | nearly | st.dictionaries(st.sampled_from(FIELDS), _values()), st.booleans()).map(
        _encoded
    )
    raw = st.sampled_from(corpora.BODIES) | st.binary(max_size=60) | st.none()
    return _mostly(objects, raw, 5)


def _encoded(pair: tuple[Any, bool]) -> bytes:
    value, ascii_only = pair
    return json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
