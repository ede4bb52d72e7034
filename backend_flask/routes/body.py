"""The JSON object that a request brings. Asked for after sign-in, so a stranger learns nothing from it."""

from __future__ import annotations

import json
from typing import Any

from flask import request

from backend_flask.errors import BadRequest, NotJson


def json_object() -> dict[str, Any]:
    """Raises BadRequest; Flask itself answers 413."""
    if not request.is_json:
        raise NotJson
    try:
        value = json.loads(request.get_data(cache=False))
    except (ValueError, RecursionError):
        raise BadRequest("json_invalid") from None
    if not isinstance(value, dict):
        raise BadRequest("json_object_required")
    return value
