"""The limits of what people may send, each written once. A broken rule is a stable code that clients compare."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from backend_flask.errors import Invalid

MESSAGE_MAX_CHARACTERS = 1024
PAGE_DEFAULT = 20
PAGE_MAX = 100
SEND_KEY_MAX_CHARACTERS = 128

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What UTF-8 (a surrogate without its other half) or Postgres (NUL) cannot hold.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def text(value: Any, name: str, most: int, problems: list[str], too_long: str | None = None) -> str:
    """A text without the white space around it; what is wrong with it is added to `problems`.

    Codes: `<name>_blank`, `<name>_invalid`, and `too_long` or `<name>_exceed_max_chars_<most>`.
    """
    if value is None:
        value = ""
    if not isinstance(value, str) or _UNSTORABLE.search(value):
        problems.append(f"{name}_invalid")
        return ""
    trimmed = value.strip()
    if not any(is_visible(each) for each in trimmed):
        problems.append(f"{name}_blank")
    elif len(trimmed) > most:
        problems.append(too_long or f"{name}_exceed_max_chars_{most}")
    return trimmed


def line(value: Any, name: str, most: int, problems: list[str]) -> str:
    """A text of one line without anything that steers how it is shown: what stands beside it must not be disguised."""
    found = text(value, name, most, problems)
    if found and not found.isprintable():
        problems.append(f"{name}_invalid")
    return found


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


def cursor(value: str | None) -> str | None:
    """A cursor is the uuid of the item after which the page starts. Raises Invalid."""
    if value is None:
        return None
    found = as_uuid(value)
    if found is None:
        raise Invalid("before_invalid")
    return found


def send_key(value: str | None) -> str | None:
    """An Idempotency-Key: 1 to SEND_KEY_MAX_CHARACTERS printable ASCII characters. Raises Invalid."""
    if value is None:
        return None
    if not (1 <= len(value) <= SEND_KEY_MAX_CHARACTERS and value.isascii() and value.isprintable()):
        raise Invalid("idempotency_key_invalid")
    return value


def raise_if_any(problems: list[str]) -> None:
    if problems:
        raise Invalid(*problems)
