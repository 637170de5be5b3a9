"""Events: what callers send, and what the engine keeps."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

Json: TypeAlias = Any
"""A JSON value: the one place where untyped data enters the engine."""

INTERNAL_PREFIX = "inngest/"

FUNCTION_INVOKED = "inngest/function.invoked"
FUNCTION_FINISHED = "inngest/function.finished"
FUNCTION_FAILED = "inngest/function.failed"
FUNCTION_CANCELLED = "inngest/function.cancelled"
SCHEDULED_TIMER = "inngest/scheduled.timer"
DEFERRED_SCHEDULE = "inngest/deferred.schedule"
HTTP_REQUEST = "inngest/http.request"


class EventDraft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An event as a caller sends it, before it has been accepted.

    Attributes:
        ts: Milliseconds since the epoch. A future `ts` delays the runs it triggers.
        id: The caller's own id; the same id triggers a function once in 24 hours.
        meta: Its sessions, its own and those passed on to it.
    """

    name: str
    data: Mapping[str, Json]
    id: str | None = None
    ts: int | None = None
    user: Mapping[str, Json] | None = None
    v: str | None = None
    meta: Mapping[str, Json] | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An accepted event.

    Attributes:
        internal_id: The ULID the event API answered with.
        id: The caller's id, or the internal one when the caller gave none.
        ts: Milliseconds since the epoch.
        received_at: When the engine accepted it, in milliseconds since the epoch.
        sessions: What groups its runs, as ids by key.
    """

    internal_id: str
    id: str
    name: str
    data: Mapping[str, Json]
    ts: int
    received_at: int
    user: Mapping[str, Json]
    v: str | None = None
    sessions: Mapping[str, str] = {}

    def as_json(self) -> dict[str, Json]:
        """Return the event as functions and expressions see it."""
        shape: dict[str, Json] = {
            "data": self.data,
            "id": self.id,
            "name": self.name,
            "ts": self.ts,
            "user": self.user,
        }
        if self.v is not None:
            shape["v"] = self.v
        if self.sessions:
            shape["meta"] = {"sessions": self.sessions}
        return shape


def is_reserved(name: str) -> bool:
    """True when only the engine may send events of this name."""
    return name[: len(INTERNAL_PREFIX)].lower() == INTERNAL_PREFIX
