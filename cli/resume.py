"""How far a long job has come, in a small file beside the one that it works on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from cli.script import ScriptError

T = TypeVar("T")


class Resume:
    """Holds either the old state or the new one, whenever the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, make: Callable[..., T]) -> T | None:
        """The state that `make` makes of the fields; None if nothing was begun. Raises ScriptError."""
        try:
            return make(**json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):
            raise ScriptError(f"{self.path} cannot be read, so nobody knows how far it was. Use --restart") from None

    def write(self, state: dict[str, Any]) -> None:
        new = self.path.with_name(self.path.name + ".new")
        with new.open("w", encoding="utf-8") as opened:
            json.dump(state, opened)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(self.path)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
