"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from backend_flask.errors import Unavailable
from backend_flask.stores import stores

health = Blueprint("health", __name__, url_prefix="/api")
log = logging.getLogger(__name__)


@health.get("/health-check")
def health_check() -> ResponseReturnValue:
    """For the load balancer. Touches nothing: a dead neighbour is no reason to replace this process."""
    return jsonify({"success": True, "ver": 1})


@health.get("/ready")
def ready() -> ResponseReturnValue:
    """Asks each neighbour one cheap question."""
    # DynamoDB first: it refuses to be asked where no whole attempt fits into the time that the other has left.
    neighbours: dict[str, Callable[[], Any]] = {"dynamodb": stores().table.ping, "postgres": stores().db.ping}
    silent = [name for name, ask in neighbours.items() if not _answers(name, ask)]
    if not silent:
        return jsonify({"ready": True, "silent": []})
    return (
        jsonify({"ready": False, "silent": silent}),
        HTTPStatus.SERVICE_UNAVAILABLE,
        {"Retry-After": str(Unavailable().retry_after)},
    )


def _answers(name: str, ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except Exception as error:  # noqa: BLE001  # whatever went wrong, the answer is that it does not answer
        log.warning("not_ready", extra={"neighbour": name, "error": type(error).__name__})
        return False
    return True
