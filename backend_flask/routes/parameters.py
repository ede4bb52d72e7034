"""The parameters of a request: each knows how it is read, and describes itself for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flask import request

from backend_flask.errors import Invalid
from backend_flask.services import rules


@dataclass(frozen=True)
class Parameter:
    """A query parameter or a header. The view gets what `understand` makes of it as its argument `argument`.

    `understand` is given None if there is none, and raises Invalid with one of `codes`.
    """

    name: str
    says: str
    schema: Mapping[str, Any]
    codes: tuple[str, ...]
    understand: Callable[[str | None], Any]
    argument: str
    place: Literal["query", "header"] = "query"
    required: bool = False

    def read(self) -> Any:
        """Raises Invalid."""
        return self.understand((request.args if self.place == "query" else request.headers).get(self.name))


def one_of(name: str, choices: Mapping[str, Any], default: str, says: str, argument: str = "") -> Parameter:
    """A query parameter that names a choice."""
    wrong = f"{name}_invalid"

    def understand(value: str | None) -> Any:
        chosen = default if value is None else value
        if chosen not in choices:
            raise Invalid(wrong)
        return choices[chosen]

    schema = {"type": "string", "enum": list(choices), "default": default}
    return Parameter(name, says, schema, (wrong,), understand, argument or name)


def flag(name: str, says: str, *, default: bool) -> Parameter:
    """A query parameter that is 0 or 1."""
    return one_of(name, {"0": False, "1": True}, "1" if default else "0", says)


def term(name: str, field: rules.Field, says: str) -> Parameter:
    """A query parameter that the service reads, as it does with a field of a body."""
    return Parameter(name, says, field.schema, field.codes, as_sent, name, required=True)


def as_sent(value: str | None) -> str | None:
    """For what the service reads."""
    return value


@dataclass(frozen=True)
class PathParameter:
    """A part of a path. The service looks it up: what cannot be one is not found, like one that is not there."""

    says: str
    example: str


PATH = {
    "message_group_uuid": PathParameter(
        "The message group's uuid, or `@<handle>`: my direct message group with that person.", "@ada"
    ),
    "message_uuid": PathParameter("The message's uuid.", "01a1f9cc-1a11-7a52-9d0f-5d1d1c2f7b10"),
    "activity_uuid": PathParameter("The activity's uuid.", "01a1f9cc-1a11-7a52-9d0f-5d1d1c2f7b10"),
    "handle": PathParameter("The person's handle, in any case.", "ada"),
}
