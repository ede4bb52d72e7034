"""The JSON object that a request brings. Asked for after sign-in, so a stranger learns nothing from it."""

from __future__ import annotations

import json
import time
from typing import Any

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from backend_flask.errors import BadRequest, NotJson
from backend_flask.lib import deadline


def json_object() -> dict[str, Any]:
    """Raises BadRequest, or what Flask itself raises for a body that is too large."""
    if not request.is_json:
        raise NotJson
    body = _read()
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


def _read() -> bytes:
    """The body, whole. The time that it takes to arrive is the sender's own."""
    begun = time.monotonic()
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise
    except Exception as error:
        # Broken chunks, a sender that has gone or is too slow: each server has its own words for it.
        raise BadRequest("body_incomplete") from error
    finally:
        deadline.extend(time.monotonic() - begun)
