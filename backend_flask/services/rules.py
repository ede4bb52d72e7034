"""The limits of what people may send, each written once. A broken rule is a stable code that clients compare."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from backend_flask.errors import Invalid

MESSAGE_MAX_CHARACTERS = 1024
HANDLE_FIELD_MAX_CHARACTERS = 128
PAGE_DEFAULT = 20
PAGE_MAX = 100
SEND_KEY_MAX_CHARACTERS = 128
# How long a post or the messages of a message group may live, in Cruddur's words.
LIFETIMES = {
    "30-days": timedelta(days=30),
    "7-days": timedelta(days=7),
    "3-days": timedelta(days=3),
    "1-day": timedelta(days=1),
    "12-hours": timedelta(hours=12),
    "3-hours": timedelta(hours=3),
    "1-hour": timedelta(hours=1),
}

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VERSION = re.compile('(?P<quote>"?)(?P<rev>[0-9]{1,9})(?P=quote)')
# What UTF-8 (a surrogate without its other half) or Postgres (NUL) cannot hold.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
UUID_SCHEMA = {"type": "string", "format": "uuid"}

T = TypeVar("T")


class Field(Protocol):
    """A value that a person sends: which codes say what is wrong with it, and how JSON Schema describes it."""

    @property
    def codes(self) -> tuple[str, ...]: ...

    @property
    def schema(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Text:
    """A text without the white space around it, of at most so many characters.

    `one_line` keeps out what steers how it is shown: what stands beside it must not be disguised.
    """

    name: str
    most: int
    too_long: str = ""
    one_line: bool = False
    may_be_blank: bool = False
    example: str = ""

    @property
    def codes(self) -> tuple[str, ...]:
        blank = () if self.may_be_blank else (f"{self.name}_blank",)
        return (*blank, f"{self.name}_invalid", self.too_long or f"{self.name}_exceed_max_chars_{self.most}")

    @property
    def schema(self) -> dict[str, Any]:
        least = {} if self.may_be_blank else {"minLength": 1}
        return {"type": "string", **least, "maxLength": self.most, "examples": [self.example]}

    def read(self, value: Any, problems: list[str]) -> str:
        """What is wrong with it is added to `problems`."""
        *blank, invalid, too_long = self.codes
        if value is None:
            value = ""
        if not isinstance(value, str) or _UNSTORABLE.search(value):
            problems.append(invalid)
            return ""
        trimmed = value.strip()
        if not any(is_visible(each) for each in trimmed):
            problems += blank
        elif len(trimmed) > self.most:
            problems.append(too_long)
        if self.one_line and trimmed and not trimmed.isprintable():
            problems.append(invalid)
        return trimmed


@dataclass(frozen=True)
class UuidOf:
    """The uuid of something, in any case."""

    name: str

    @property
    def codes(self) -> tuple[str, ...]:
        return f"{self.name}_blank", f"{self.name}_invalid"

    @property
    def schema(self) -> dict[str, Any]:
        return UUID_SCHEMA

    def read(self, value: Any, problems: list[str]) -> str:
        """What is wrong with it is added to `problems`."""
        blank, invalid = self.codes
        found = as_uuid(value)
        if found is None:
            problems.append(invalid if value else blank)
        return found or ""


@dataclass(frozen=True)
class Choice(Generic[T]):
    """One of some words. Any other is as good as none: Cruddur's forms offer only these."""

    name: str
    choices: Mapping[str, T]

    @property
    def codes(self) -> tuple[str, ...]:
        return (f"{self.name}_blank",)

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.choices)}

    def read(self, value: Any, problems: list[str]) -> T | None:
        """What the word stands for; that there is none is added to `problems`."""
        found = self.choices.get(value) if isinstance(value, str) else None
        if found is None:
            problems += self.codes
        return found


@dataclass(frozen=True)
class Handles:
    """1 to `most` handles, with or without the @ in front. Whose they are is looked up later."""

    name: str
    most: int

    @property
    def codes(self) -> tuple[str, ...]:
        return (
            f"{self.name}_blank",
            f"{self.name}_invalid",
            f"{self.name}_exceed_max_{self.most}",
            f"{self.name}_unknown",
        )

    @property
    def schema(self) -> dict[str, Any]:
        handle = {"type": "string", "maxLength": HANDLE_FIELD_MAX_CHARACTERS, "examples": ["ada"]}
        return {"type": "array", "items": handle, "minItems": 1, "maxItems": self.most}

    def read(self, value: Any, problems: list[str]) -> list[str]:
        """Without the @. What is wrong with them is added to `problems`."""
        blank, invalid, too_many, _ = self.codes
        if value is None or value == []:
            problems.append(blank)
        elif not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            problems.append(invalid)
        elif len(value) > self.most:
            problems.append(too_many)
        else:
            return [each.strip().removeprefix("@") for each in value]
        return []


def is_visible(character: str) -> bool:
    """Not white space, and not a character that only steers its neighbours, such as a zero-width space."""
    return not character.isspace() and unicodedata.category(character) not in {"Cc", "Cf"}


def as_uuid(value: Any) -> str | None:
    """The uuid in lower case, or None if it is none."""
    lowered = value.lower() if isinstance(value, str) else ""
    return lowered if _UUID.fullmatch(lowered) else None


def page_size(value: str | None) -> int:
    """Raises Invalid unless it is a whole number from 1 to PAGE_MAX; PAGE_DEFAULT if absent."""
    if value is None:
        return PAGE_DEFAULT
    if not (value.isascii() and value.isdigit() and len(value) < 10 and 1 <= int(value) <= PAGE_MAX):
        raise Invalid("limit_invalid")
    return int(value)


def cursor(value: str | None, name: str = "before") -> str | None:
    """A cursor is the uuid of the item at which the page starts or ends. Raises Invalid with `<name>_invalid`."""
    if value is None:
        return None
    found = as_uuid(value)
    if found is None:
        raise Invalid(f"{name}_invalid")
    return found


def send_key(value: str | None) -> str | None:
    """An Idempotency-Key: 1 to SEND_KEY_MAX_CHARACTERS printable ASCII characters. Raises Invalid."""
    if value is None:
        return None
    if not (1 <= len(value) <= SEND_KEY_MAX_CHARACTERS and value.isascii() and value.isprintable()):
        raise Invalid("idempotency_key_invalid")
    return value


def version(value: str | None) -> int | None:
    """The `rev` that an If-Match names, with or without its quotes; `*` is any (RFC 9110, section 13.1.1).

    Raises Invalid.
    """
    if value is None or value.strip() == "*":
        return None
    found = _VERSION.fullmatch(value.strip())
    if found is None:
        raise Invalid("if_match_invalid")
    return int(found["rev"])


def raise_if_any(problems: list[str]) -> None:
    if problems:
        raise Invalid(*problems)
