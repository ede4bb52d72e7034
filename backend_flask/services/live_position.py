"""Where in all that happens to a user a stream of events is, so that another stream can go on there.

Events reach a stream on several ways and in no fixed order, so a number that only grows cannot say which of them have
been told. A position is an instant, the horizon, up to which all have been told that will ever be found, and the keys
of those told since.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

KEY_CHARACTERS = 8
# The oldest of more are forgotten, and may be told again.
MOST_KEYS = 300
_TEXT = re.compile(rf"([0-9a-f]{{1,11}})\.((?:[0-9a-f]{{{KEY_CHARACTERS}}}){{0,{MOST_KEYS}}})")


def key_of(*ids: object) -> str:
    """The same for the same ids, on whichever way an event comes."""
    return hashlib.sha256(":".join(map(str, ids)).encode()).hexdigest()[:KEY_CHARACTERS]


class Position:
    """`horizon` is in milliseconds since the epoch."""

    def __init__(self, horizon: int, keys: Iterable[str] = ()) -> None:
        self.horizon = horizon
        self._keys = dict.fromkeys(keys)

    @classmethod
    def parse(cls, text: str) -> Position:
        """Raises ValueError unless it is the text of a position."""
        found = _TEXT.fullmatch(text)
        if found is None:
            raise ValueError("no position")
        keys = found[2]
        each = (keys[at : at + KEY_CHARACTERS] for at in range(0, len(keys), KEY_CHARACTERS))
        return cls(int(found[1], 16), each)

    def __str__(self) -> str:
        return f"{self.horizon:x}.{''.join(self._keys)}"

    def knows(self, key: str) -> bool:
        return key in self._keys

    def note(self, key: str) -> None:
        """The event with this key is being told."""
        self._keys[key] = None
        if len(self._keys) > MOST_KEYS:
            del self._keys[next(iter(self._keys))]

    def advance(self, horizon: int, found: Mapping[str, int]) -> None:
        """`found` are the keys, and the milliseconds, of all that was found after the old horizon.

        What lies before the new one will not be found again. What has been told and not found may yet come: it is kept.
        """
        self._keys = {key: None for key in self._keys if found.get(key, horizon + 1) > horizon}
        self.horizon = horizon
