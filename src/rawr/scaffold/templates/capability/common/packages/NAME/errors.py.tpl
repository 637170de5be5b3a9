"""What can go wrong, in the words every surface uses."""

from pydantic import Field
from rawr.contract import TypedError
from rawr.schema import Schema

%% if api

class ItemRef(Schema):
    """Names an item."""

    item_id: str = Field(min_length=1, max_length=128)

%% end
%% if workflow

class RunRef(Schema):
    """Names a run."""

    run_id: str = Field(min_length=1, max_length=128)


class RequestRef(Schema):
    """Names a trigger request."""

    request_id: str

%% end

class Unauthorized(TypedError[None], code="UNAUTHORIZED"):
    """Sign in or send a valid token."""


class Forbidden(TypedError[None], code="FORBIDDEN"):
    """The caller may not do this."""
%% if api


class ItemNotFound(TypedError[ItemRef], code="ITEM_NOT_FOUND", status=404):
    """The tenant has no such item."""
%% end
%% if workflow


class RunNotFound(TypedError[RunRef], code="RUN_NOT_FOUND", status=404):
    """The tenant has no such run."""


class RequestConflict(TypedError[RequestRef], code="CONFLICT"):
    """The request id was already used with another input."""
%% end
