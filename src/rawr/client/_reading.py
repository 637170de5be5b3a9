"""Reading responses within bounds of size and time, and closing them for certain."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from rawr.contract import is_error_status

from ._errors import ResponseTooLarge, TimedOut
from ._messages import HTTPResponse

DEFAULT_MAX_RESPONSE_BYTES = 64 * 1024 * 1024


async def read_body(response: HTTPResponse, limit: int) -> bytes:
    """The whole body.

    Raises:
        ResponseTooLarge: It has more than `limit` bytes; the rest was not read.
        LinkError: The connection failed.
    """
    body = bytearray()
    async for chunk in response.chunks:
        body += chunk
        if len(body) > limit:
            raise ResponseTooLarge(limit)
    return bytes(body)


async def close_response(response: HTTPResponse) -> None:
    """Close it even if the caller has been cancelled."""
    with anyio.CancelScope(shield=True):
        await response.close()


@asynccontextmanager
async def deadline(limit_seconds: float | None, failure: str) -> AsyncIterator[None]:
    """Turn the end of the time allowed into `TimedOut`."""
    until = float("inf") if limit_seconds is None else limit_seconds
    with anyio.move_on_after(until) as scope:
        yield
    if scope.cancelled_caught:
        raise TimedOut(f"{failure} within {until:g} s; raise the timeout or try again later")


def is_event_stream(response: HTTPResponse) -> bool:
    """Whether a success carries events, to be read one by one."""
    return (
        not is_error_status(response.status)
        and response.headers.get("content-type", "").startswith("text/event-stream")
        and "content-disposition" not in response.headers
    )
