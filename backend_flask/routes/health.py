"""Whether this process lives, and whether it can serve."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal, TypedDict

from flask import Blueprint

from backend_flask.errors import Unavailable
from backend_flask.routes.declared import needs_no_neighbour
from backend_flask.stores import stores

health = Blueprint("health", __name__, url_prefix="/api")
log = logging.getLogger(__name__)

API_VERSION = 1


class HealthJson(TypedDict):
    success: bool
    ver: int


class ReadinessJson(TypedDict):
    """`silent` names the neighbours that do not answer."""

    ready: bool
    silent: list[str]


@health.get("/health-check")
@needs_no_neighbour
def health_check() -> HealthJson:
    """Whether this process lives.

    For the load balancer. Touches nothing: a dead neighbour is no reason to replace this process.
    """
    return {"success": True, "ver": API_VERSION}


@health.get("/ready")
@needs_no_neighbour
def ready() -> tuple[ReadinessJson, Literal[200, 503], dict[str, str]]:
    """Whether this process can serve.

    Asks each neighbour one cheap question.
    """
    # DynamoDB first: it refuses to be asked where no whole attempt fits into the time that the other has left.
    neighbours: dict[str, Callable[[], Any]] = {"dynamodb": stores().table.ping, "postgres": stores().db.ping}
    silent = [name for name, ask in neighbours.items() if not _answers(name, ask)]
    if not silent:
        return {"ready": True, "silent": []}, 200, {}
    return {"ready": False, "silent": silent}, 503, {"Retry-After": str(Unavailable().retry_after)}


def _answers(name: str, ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except Exception as error:  # noqa: BLE001  # whatever went wrong, the answer is that it does not answer
        log.warning("not_ready", extra={"neighbour": name, "error": type(error).__name__})
        return False
    return True
