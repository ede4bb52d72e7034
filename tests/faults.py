"""What DynamoDB may do to a call instead of answering it, played on the wire between the SDK and a real engine.

Time is played too: what keeps a caller waiting moves the deadline of the request instead, so that nobody waits.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError
from botocore.httpsession import URLLib3Session

from backend_flask.lib import aws, deadline
from backend_flask.lib.ddb import MessageTable
from tests.messages_table import Body, error

WRITES = frozenset({"PutItem", "UpdateItem", "TransactWriteItems"})
TRANSACTIONS = frozenset({"TransactWriteItems"})
ALL = WRITES | {"GetItem", "Query"}


@dataclass(frozen=True)
class Fault:
    """`applied`: the engine has done what was asked, and nobody hears of it. `absorbed`: if it happens once, nobody
    notices. `seconds` is how long the caller waits. Without `code` and `broken` the answer comes, late."""

    name: str
    code: str = ""
    status: int = 400
    broken: Callable[[str], Exception] | None = None
    seconds: float = 0
    applied: bool = False
    absorbed: bool = True
    operations: frozenset[str] = ALL


def _timeout(url: str) -> Exception:
    return ReadTimeoutError(endpoint_url=url)


def _reset(url: str) -> Exception:
    return ConnectionClosedError(endpoint_url=url)


def _unreachable(url: str) -> Exception:
    return ConnectTimeoutError(endpoint_url=url)


# A call that has timed out leaves less time than another one may take: the person is asked to try again.
FAULTS = (
    Fault("throughput exceeded", "ProvisionedThroughputExceededException"),
    Fault("throttled", "ThrottlingException"),
    Fault("too many requests", "RequestLimitExceeded"),
    Fault("conflict of transactions", "TransactionCanceledException", operations=TRANSACTIONS),
    Fault("conflict with a transaction", "TransactionConflictException", operations=WRITES),
    Fault("transaction in progress", "TransactionInProgressException", operations=TRANSACTIONS),
    Fault("internal error", "InternalServerError", 500),
    Fault("internal error after it was done", "InternalServerError", 500, applied=True),
    Fault("unavailable", "ServiceUnavailable", 503),
    Fault("connection reset", broken=_reset),
    Fault("connection reset after it was done", broken=_reset, applied=True),
    Fault("unreachable", broken=_unreachable, seconds=aws.CONNECT_TIMEOUT),
    Fault("never arrives", broken=_timeout, seconds=aws.READ_TIMEOUT, absorbed=False),
    Fault("answer lost", broken=_timeout, seconds=aws.READ_TIMEOUT, applied=True, absorbed=False),
    Fault("slow, but just in time", seconds=aws.READ_TIMEOUT - 0.8, applied=True),
)
Plan = Callable[[str], Fault | None]


def _session() -> URLLib3Session:
    """Without Nagle's algorithm, as the SDK has it: with it each request waits 40 ms for itself."""
    no_delay: Any = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    return URLLib3Session(max_pool_connections=50, socket_options=no_delay)


def no_faults(_: str) -> None:
    """All is well."""


@dataclass
class Wire:
    """`plan` is asked, for each attempt of each call, what is to happen to it. `attempts` are the operations that were
    tried, and `waited` how many seconds that would have taken."""

    plan: Plan = no_faults
    attempts: list[str] = field(default_factory=list)
    waited: float = 0
    _session: URLLib3Session = field(default_factory=_session)

    def reset(self, plan: Plan = no_faults) -> None:
        self.plan = plan
        self.attempts.clear()
        self.waited = 0

    def wait(self, seconds: float) -> None:
        self.waited += seconds
        deadline.extend(-seconds)

    def meet(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        operation = event_name.rpartition(".")[2]
        self.attempts.append(operation)
        fault = self.plan(operation)
        return None if fault is None or operation not in fault.operations else self._strike(fault, request)

    def _strike(self, fault: Fault, request: Any) -> AWSResponse:
        answer = self._session.send(request) if fault.applied else None
        self.wait(fault.seconds)
        if fault.broken:
            raise fault.broken(request.url)
        if fault.code:
            return _refusal(fault, request)
        assert answer
        return answer

    def close(self) -> None:
        self._session.close()


def _refusal(fault: Fault, request: Any) -> AWSResponse:
    """A cancelled transaction says of each item why."""
    items = json.loads(request.body).get("TransactItems", [])
    cancelled = fault.code == "TransactionCanceledException"
    reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (len(items) - 1)]
    body = error(fault.code, **({"CancellationReasons": reasons} if cancelled else {}))
    return AWSResponse(request.url, fault.status, HTTPHeaders(), Body(json.dumps(body).encode()))


@contextmanager
def wire(*tables: MessageTable) -> Iterator[Wire]:
    """Between these tables, each of a client of its own, and their engine. Waits for another try are played as well."""
    made = Wire()
    # After a row of failures the SDK tries no more, until some calls have gone well. Here every fault is the first.
    patience = mock.patch("botocore.retries.quota.RetryQuota.acquire", return_value=True)
    with mock.patch("botocore.endpoint.time", SimpleNamespace(sleep=made.wait)), patience:
        for table in tables:
            table.client.meta.events.register("before-send.dynamodb", made.meet)
            table._sleep = made.wait
        yield made
    made.close()
