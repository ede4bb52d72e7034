"""What a running app holds: one of each, made when the app is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from flask import current_app

from backend_flask.lib.db import Database
from backend_flask.lib.ddb import MessageTable
from backend_flask.lib.ddb_members import Membership
from backend_flask.services.live import Live
from backend_flask.services.rate_limits import NoLimits

if TYPE_CHECKING:
    from backend_flask.auth import SignIn

EXTENSION = "cruddur"


@dataclass(frozen=True)
class Stores:
    table: MessageTable
    db: Database
    cognito: Any
    sign_in: SignIn
    limits: NoLimits
    live: Live
    membership: Membership
    make_id: Callable[[], str]


def stores() -> Stores:
    return cast(Stores, current_app.extensions[EXTENSION])
