"""boto3 clients: one per service and process, with timeouts and retries that keep a request's deadline."""

from __future__ import annotations

import threading
from functools import cache, partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from backend_flask.lib import deadline

CONNECT_TIMEOUT = 1.0
READ_TIMEOUT = 2.0
ATTEMPTS = 3
LONGEST_ATTEMPT = CONNECT_TIMEOUT + READ_TIMEOUT
# The SDK's own is long, and put together twice for every call.
USER_AGENT = "cruddur-messaging"
# Clients may be used by many threads; the session that makes them may not.
_making = threading.Lock()


def client(
    service: str,
    *,
    region: str,
    endpoint_url: str | None,
    key_id: str = "",
    secret_key: str = "",
    session_token: str = "",
    pool: int = 10,
    validate: bool = True,
) -> Any:
    """A client whose calls end within the current deadline, if there is one.

    An `endpoint_url` of None means the real AWS, whatever the environment says. `validate` has the SDK check
    the parameters before it sends them.
    """
    config = Config(
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        max_pool_connections=pool,
        user_agent=USER_AGENT,
        parameter_validation=validate,
        ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # newer than the stubs
    )
    with _making:
        made = _session().client(
            service,
            region_name=region,
            endpoint_url=endpoint_url,
            aws_access_key_id=key_id or None,
            aws_secret_access_key=secret_key or None,
            aws_session_token=session_token or None,
            config=config,
        )
    made.meta.events.register_first("before-send", _refuse_when_late)
    made.meta.events.register_first("needs-retry", partial(_give_up_when_late, made.exceptions))
    return made


@cache
def _session() -> Any:
    """Has read the SDK's description of each service once, which takes longer than all else that makes a client."""
    return boto3.session.Session()


def _refuse_when_late(**_: Any) -> None:
    left = deadline.remaining()
    if left is not None and left < LONGEST_ATTEMPT:
        raise deadline.DeadlineExceeded


def _give_up_when_late(
    exceptions: Any,
    response: tuple[Any, Any] | None,
    operation: Any,
    attempts: int,
    caught_exception: Exception | None,
    **_: Any,
) -> None:
    """Raises what the SDK would raise after its last attempt, where the wait before another takes too long.

    The longest wait before attempt n + 1 is 2^(n-1) seconds (AWS SDKs, "Retry behavior", standard mode).
    """
    left = deadline.remaining()
    if left is None or left >= 2 ** (attempts - 1):
        return
    if caught_exception is not None:
        raise caught_exception
    if response is not None and response[0].status_code >= 300:
        # A condition that fails comes this way too: its class and its fields are what the caller asks for.
        kind: type[ClientError] = exceptions.from_code(response[1]["Error"]["Code"])
        raise kind(response[1], operation.name)
