"""What a caller may set for one call, and what a link sets for all."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TypeAlias, TypedDict, cast

from rawr.contract import LinkCall

from ._messages import Headers

Seconds: TypeAlias = float | timedelta
"""A duration; bare numbers are seconds."""

HeaderSource: TypeAlias = (
    Headers | Callable[[LinkCall], Headers] | Callable[[LinkCall], Awaitable[Headers]]
)
"""Headers for every call, or what makes them for each one (such as a fresh token)."""


class CallContext(TypedDict, total=False):
    """The client context that HTTP links read; a call may carry more for interceptors.

    >>> CallContext(timeout=2.5, headers={"x-request-id": "r-1"})
    {'timeout': 2.5, 'headers': {'x-request-id': 'r-1'}}
    """

    headers: Mapping[str, str]
    """Headers of this call; they win over the link's."""
    timeout: Seconds | None
    """How long this call may take, in seconds; None waits for ever."""
    max_attempts: int
    """How often a `RetryLink` may send this call, the first time included."""


async def headers_of(call: LinkCall, source: HeaderSource) -> dict[str, str]:
    """The headers of one call, by lower-case name; the caller's win over the link's."""
    made = source(call) if callable(source) else source
    if inspect.isawaitable(made):
        made = await made
    context = cast("CallContext", call.context)
    headers = {name.lower(): value for name, value in made.items()}
    headers.update((name.lower(), value) for name, value in context.get("headers", {}).items())
    if call.last_event_id is not None:
        headers["last-event-id"] = call.last_event_id
    return headers


def timeout_of(call: LinkCall, default: Seconds | None) -> float | None:
    """How many seconds one call may take; None for no limit."""
    context = cast("CallContext", call.context)
    return seconds(context.get("timeout", default))


def seconds(duration: Seconds | None) -> float | None:
    """A duration as a number of seconds."""
    return duration.total_seconds() if isinstance(duration, timedelta) else duration
