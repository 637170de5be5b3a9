"""Waiting as long as a busy server asks."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final

import anyio
from typing_extensions import override

from ._messages import HTTPRequest, HTTPResponse, Transport
from ._reading import close_response
from ._retry import Sleep

_BUSY: Final = (429, 503)


class RetryAfterTransport(Transport):
    """Sends again after 429 and 503 answers that say when (`Retry-After`).

    Gives the answer back once `max_attempts` are used up or the wait would take the whole
    exchange past `max_seconds`. The link's own timeout runs on meanwhile.

    >>> from rawr.client import HTTPXTransport, RPCLink
    >>> patient = RetryAfterTransport(HTTPXTransport(), max_seconds=120.0)
    >>> link = RPCLink("https://hq.example.com/rpc", client=patient, timeout=150.0)
    """

    def __init__(
        self,
        transport: Transport,
        *,
        max_attempts: int = 3,
        max_seconds: float = 300.0,
        sleep: Sleep = anyio.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._max_attempts = max_attempts
        self._max_seconds = max_seconds
        self._sleep = sleep
        self._now = now

    @override
    async def send(self, request: HTTPRequest) -> HTTPResponse:
        started = self._now()
        for _ in range(self._max_attempts - 1):
            response = await self._transport.send(request)
            delay = retry_after_seconds(response, self._now())
            if delay is None or self._now() - started + delay > self._max_seconds:
                return response
            await close_response(response)
            await self._sleep(delay)
        return await self._transport.send(request)

    @override
    async def aclose(self) -> None:
        await self._transport.aclose()


def retry_after_seconds(response: HTTPResponse, now: float) -> float | None:
    """How long a busy server asks to wait; None if it does not, or is not busy."""
    text = response.headers.get("retry-after", "").strip()
    if response.status not in _BUSY or not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return None
