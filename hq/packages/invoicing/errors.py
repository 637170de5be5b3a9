"""What can go wrong with a run, in the words every surface of invoicing uses.

The package itself says NOT_FOUND; the boundaries tell their callers RUN_NOT_FOUND, which
is what a run of another tenant looks like too.
"""

from pydantic import Field

from rawr.contract import TypedError
from rawr.schema import Schema


class RunRef(Schema):
    """Names a run."""

    run_id: str = Field(min_length=1, max_length=128)


class RequestRef(Schema):
    """Names a trigger request."""

    request_id: str


class Unauthorized(TypedError[None], code="UNAUTHORIZED"):
    """Sign in or send a valid token."""


class Forbidden(TypedError[None], code="FORBIDDEN"):
    """The caller may not do this."""


class NotFound(TypedError[RunRef], code="NOT_FOUND"):
    """The tenant has no such run."""


class RunNotFound(TypedError[RunRef], code="RUN_NOT_FOUND", status=404):
    """Run not found."""


class RequestConflict(TypedError[RequestRef], code="CONFLICT"):
    """The request id was already used with another input."""


class ReconciliationNotPossible(TypedError[RunRef], code="PRECONDITION_FAILED"):
    """The run is not queued or running, or its reconciliation was already requested."""
