"""What a codec answers with, and how it is sent."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from rawr.wire.event_iterator import KEEP_ALIVE_SECONDS

from ._asgi import Receive, Send
from ._companion import alongside, until_disconnected

Header = tuple[bytes, bytes]

Sleep = Callable[[float], Awaitable[None]]
"""Sleeps for some seconds; injected so that tests need not wait."""


@dataclass(slots=True, kw_only=True)
class Response:
    """A status, headers and a body, whole or in chunks."""

    status: int = 200
    headers: list[Header] = field(default_factory=list)
    body: bytes | AsyncIterator[bytes] = b""
    """Chunks are sent as they come; their iterator is closed when the client leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive:
    """What is sent while an event stream has nothing to say, so that proxies keep it open."""

    interval_seconds: float = KEEP_ALIVE_SECONDS
    comment: bytes = b": \n\n"


DEFAULT_KEEP_ALIVE: Final = KeepAlive()


async def send_response(
    response: Response, receive: Receive, send: Send, *, keep_alive: KeepAlive, sleep: Sleep
) -> None:
    """Send a response; the request's body has been read.

    Raises:
        ClientDisconnected: The client left while chunks were being sent.
    """
    body = response.body
    if isinstance(body, bytes):
        headers = [*response.headers, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return
    await send(
        {"type": "http.response.start", "status": response.status, "headers": response.headers}
    )
    pulse = _Pulse(send, keep_alive, sleep)
    await until_disconnected(_send_chunks(body, send, pulse), receive)


async def _send_chunks(chunks: AsyncIterator[bytes], send: Send, pulse: "_Pulse") -> None:
    try:
        while True:
            chunk = await alongside(anext(chunks, b""), pulse.run, "rawr.http.keep_alive")
            await send({"type": "http.response.body", "body": chunk, "more_body": bool(chunk)})
            if not chunk:
                return
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


class _Pulse:
    """Sends the keep-alive comment at its interval until it is cancelled."""

    __slots__ = ("_keep_alive", "_send", "_sleep")

    def __init__(self, send: Send, keep_alive: KeepAlive, sleep: Sleep) -> None:
        self._send = send
        self._keep_alive = keep_alive
        self._sleep = sleep

    async def run(self) -> None:
        comment = self._keep_alive.comment
        while True:
            await self._sleep(self._keep_alive.interval_seconds)
            await self._send({"type": "http.response.body", "body": comment, "more_body": True})
