"""The JSON object that a request brings. Asked for after sign-in, so a stranger learns nothing from it."""

from __future__ import annotations

import json
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from backend_flask.errors import BadRequest, NotJson


def json_object() -> dict[str, Any]:
    """Raises BadRequest, or what Flask itself raises for a body that is too large."""
    if not request.is_json:
        raise NotJson
    body = request.get_data(cache=False)
    # Of a body whose length was not said, werkzeug reads as much as is allowed and hides that there was more.
    if request.content_length is None and len(body) == request.max_content_length:
        raise RequestEntityTooLarge
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("json_invalid") from None
    if not isinstance(value, dict):
        raise BadRequest("json_object_required")
    return value
