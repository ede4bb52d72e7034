"""What must end at once when the server is asked to stop. Imports nothing: the server needs it first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_EXTENSION = "cruddur_at_stop"


def at_stop(app: Any, end: Callable[[], object]) -> None:
    """From now on, `stop` calls this too."""
    app.extensions.setdefault(_EXTENSION, []).append(end)


def stop(app: Any) -> None:
    """Ends what the app has running besides its requests, if it is one of ours."""
    for end in getattr(app, "extensions", {}).get(_EXTENSION, []):
        end()
