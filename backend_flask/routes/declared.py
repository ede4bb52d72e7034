"""What a route takes and what it refuses, declared above it. Requests are read by it, and the OpenAPI document is made
of it; what a route answers is declared by the type that it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar

from backend_flask.errors import CruddurError
from backend_flask.routes.body import json_object
from backend_flask.routes.parameters import Parameter
from backend_flask.services.rules import Field

R = TypeVar("R")
V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True)
class Declared:
    """`fields` are those of the body, None of a route that reads none; `needed` names those that must be there."""

    parameters: tuple[Parameter, ...] = ()
    fields: Mapping[str, Field] | None = None
    needed: frozenset[str] = field(default_factory=frozenset)
    errors: tuple[CruddurError, ...] = ()
    needs_neighbours: bool = True


def declared(view: Callable[..., Any]) -> Declared:
    found: Declared = getattr(view, "declared", Declared())
    return found


def takes(*parameters: Parameter) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """The view gets each of them as an argument; what cannot be read is answered 422, by the first of them."""

    def decorate(view: Callable[..., R]) -> Callable[..., R]:
        @wraps(view)
        def read(*args: Any, **kwargs: Any) -> R:
            for each in parameters:
                kwargs[each.argument] = each.read()
            return view(*args, **kwargs)

        return _with(read, parameters=parameters + declared(view).parameters)

    return decorate


@dataclass(frozen=True)
class Optional:
    """A field that may be left out."""

    field: Field


def optional(field: Field) -> Optional:
    return Optional(field)


def takes_json(**fields: Field | Optional) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """The view gets each field of the body as it was sent, or None: the service says what is wrong with it."""

    def decorate(view: Callable[..., R]) -> Callable[..., R]:
        @wraps(view)
        def read(*args: Any, **kwargs: Any) -> R:
            body = json_object()
            for name in fields:
                kwargs[name] = body.get(name)
            return view(*args, **kwargs)

        plain = {name: each.field if isinstance(each, Optional) else each for name, each in fields.items()}
        needed = frozenset(name for name, each in fields.items() if not isinstance(each, Optional))
        return _with(read, fields=plain, needed=needed)

    return decorate


def refuses(*errors: CruddurError) -> Callable[[V], V]:
    """What the service refuses, apart from what a parameter or a field is refused for."""
    return lambda view: _with(view, errors=errors + declared(view).errors)


def needs_no_neighbour(view: V) -> V:
    """The answer asks neither Postgres nor DynamoDB nor Cognito, or can do without: it is never "unavailable"."""
    return _with(view, needs_neighbours=False)


def _with(view: V, **more: Any) -> V:
    view.declared = replace(declared(view), **more)  # type: ignore[attr-defined]
    return view
