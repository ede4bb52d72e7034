"""Remembers what must never be written to a log, and searches for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

# What is shorter is found by chance.
SHORTEST = 8
# A line that was cut off still gives it away.
PART_OF_TOKEN = 40


@dataclass
class Secrets:
    """What each secret is, by the ways in which it may be spelled."""

    names: dict[bytes, str] = field(default_factory=dict)

    def remember(self, name: str, secret: object) -> None:
        """Of what is no text, or shorter than SHORTEST, nothing is remembered."""
        if not isinstance(secret, str) or len(secret) < SHORTEST:
            return
        in_json = json.dumps(secret)[1:-1]
        for spelled in (secret, in_json, repr(secret)[1:-1], quote(secret), quote(secret, safe=""), quote_plus(secret)):
            self.names[spelled.encode(errors="surrogatepass")] = name

    def remember_token(self, name: str, token: str) -> None:
        """A signed token: what it claims, and its signature. The header is the same in all of them."""
        for part in token.split(".")[1:]:
            self.remember(name, part[:PART_OF_TOKEN])

    def found_in(self, folder: Path) -> list[str]:
        """Which secrets are in which files below this folder, without the secrets themselves.

        Raises ValueError if there is nothing to search for or in: then nothing would be proved.
        """
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size]
        if not files or not self.names:
            raise ValueError(f"{len(self.names)} secrets to search for in {len(files)} files of {folder}")
        return sorted({f"{name} in {path.relative_to(folder)}" for path in files for name in self._in(path)})

    def _in(self, path: Path) -> set[str]:
        text = path.read_bytes()
        return {name for secret, name in self.names.items() if secret in text}
