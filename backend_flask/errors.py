"""What the API says when it cannot do what was asked.

    CruddurError
    ├── BadRequest          400  the body is not what the route reads
    │   └── NotJson         415  it is not sent as JSON
    ├── NotSignedIn         401  no token, or one that does not hold
    ├── Forbidden           403  you may see it, and others may do this with it
    ├── NotFound            404  it is not there, or not for you: the same answer
    ├── Conflict            409  it contradicts what is already stored
    ├── PreconditionFailed  412  it is not, or no more, in the version that you meant
    ├── Invalid             422  fields break a rule; carries one code per broken rule
    ├── RateLimited         429  too much, too fast; try again later
    └── Unavailable         503  a neighbour does not answer; try again

Codes are stable: clients compare them. `routes/errors.py` turns this tree into HTTP, and nothing else does.
"""

from __future__ import annotations


class CruddurError(Exception):
    status = 500
    code = "internal_error"

    def __init__(self, code: str | None = None, detail: str = "") -> None:
        super().__init__(detail or code or self.code)
        self.code = code or self.code
        self.detail = detail


class BadRequest(CruddurError):
    status = 400
    code = "bad_request"


class NotJson(BadRequest):
    status = 415
    code = "content_type_not_json"


class NotSignedIn(CruddurError):
    """`code` says why, so that a client knows whether to refresh its token or to sign in again."""

    status = 401
    code = "token_missing"


class Forbidden(CruddurError):
    status = 403
    code = "forbidden"


class NotFound(CruddurError):
    status = 404
    code = "not_found"


class Conflict(CruddurError):
    status = 409
    code = "conflict"


class PreconditionFailed(CruddurError):
    status = 412
    code = "precondition_failed"


class Invalid(CruddurError):
    """One code per broken rule, in the order of the fields."""

    status = 422
    code = "invalid"

    def __init__(self, *codes: str) -> None:
        super().__init__(codes[0], ", ".join(codes))
        self.codes = list(codes)


class RateLimited(CruddurError):
    """`retry_after` is in whole seconds."""

    status = 429
    code = "rate_limited"

    def __init__(self, retry_after: int = 1) -> None:
        super().__init__()
        self.retry_after = retry_after


class Unavailable(CruddurError):
    """`retry_after` is in whole seconds."""

    status = 503
    code = "unavailable"

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__()
        self.retry_after = retry_after
