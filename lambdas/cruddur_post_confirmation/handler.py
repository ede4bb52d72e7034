"""The post-confirmation function: whoever confirms a sign-up has a row in `users` before they sign in.

In: the event of Cognito's trigger (Amazon Cognito Developer Guide, "Post confirmation Lambda trigger").
Out: the same event, whatever happens. The person is confirmed already when Cognito calls, so an error here would tell
them that something failed, and nothing that they could do again; and without the row, their first sign-in makes it.
Cognito waits 5 seconds for an answer. What Postgres refuses at once is tried again within them; then it is left to the
sign-in.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from backend_flask.lib import db, deadline, rds_token
from backend_flask.lib.cognito_users import attributes_of
from backend_flask.services import users

SIGN_UP = "PostConfirmation_ConfirmSignUp"
# Of the 5, those that are left when the function has started.
SECONDS = 3.5
PAUSE = 0.3

log = logging.getLogger(__name__)
log.setLevel(logging.INFO)

Event = dict[str, Any]
Write = Callable[[str, list[dict[str, str]]], object]


def handler(event: Event, context: object) -> Event:  # noqa: ARG001
    """The entry point: `lambdas.cruddur_post_confirmation.handler.handler`."""
    return apply(event, _write)


def apply(event: Event, write: Write) -> Event:
    """`write` is given the person's `sub` and what they say of themselves."""
    # A forgotten password is confirmed as well.
    if event.get("triggerSource") != SIGN_UP:
        return event
    with deadline.within(SECONDS):
        try:
            attributes = event["request"]["userAttributes"]
            pairs = [{"Name": name, "Value": value} for name, value in attributes.items()]
            _persistently(lambda: write(attributes["sub"], pairs))
        except Exception as error:  # noqa: BLE001  # see above: nobody is served by an error
            log.error("sign_up_not_written", extra={"error": type(error).__name__})
        else:
            log.info("sign_up_written")
    return event


def _persistently(write: Callable[[], object]) -> None:
    """Tries again for as long as there is time to connect: a Postgres that fails over is soon there again."""
    while True:
        try:
            write()
        except db.Error:
            if (deadline.remaining() or 0) < db.CONNECT_TIMEOUT + PAUSE:
                raise
            time.sleep(PAUSE)
        else:
            return


def _write(sub: str, pairs: list[dict[str, str]]) -> None:
    with db.connected(os.environ["CONNECTION_URL"], _password()) as queries:
        users.from_sign_up(queries, sub, attributes_of(pairs))


@cache
def _password() -> rds_token.Password | None:
    """Nothing where the address has a password, as on a laptop."""
    if os.environ.get("DB_SIGN_IN") != "iam":
        return None
    return rds_token.signer(os.environ["CONNECTION_URL"], os.environ["AWS_REGION"])
