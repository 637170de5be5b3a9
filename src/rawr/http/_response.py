"""What a codec answers with, and how it is sent."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from rawr.wire.event_iterator import KEEP_ALIVE_SECONDS

from ._asgi import Message, Send
from ._companion import alongside

Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = Sequence[Header]

Sleep = Callable[[float], Awaitable[None]]
"""Sleeps for some seconds; injected so that tests need not wait."""


@dataclass(slots=True, kw_only=True)
class Response:
    """A status, headers and a body, whole or in chunks."""

    status: int = 200
    headers: Headers = ()
    body: bytes | AsyncIterator[bytes] = b""
    """Chunks are sent as they come; their iterator is closed when the client leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepAlive:
    """What is sent while an event stream has nothing to say, so that proxies keep it open."""

    interval_seconds: float = KEEP_ALIVE_SECONDS
    comment: bytes = b": \n\n"


DEFAULT_KEEP_ALIVE: Final = KeepAlive()


START: Final = "http.response.start"
BODY: Final = "http.response.body"

WITHOUT_LENGTH: Final = frozenset({204, 304})


def start(status: int, headers: Headers) -> Message:
    """The message that opens a response."""
    return {"type": START, "status": status, "headers": headers}


def start_whole(status: int, headers: Headers, body: bytes) -> Message:
    """The message that opens a response whose body is known already."""
    if status not in WITHOUT_LENGTH:
        headers = (*headers, (b"content-length", b"%d" % len(body)))
    return {"type": START, "status": status, "headers": headers}


async def send_chunks(chunks: AsyncIterator[bytes], send: Send, pulse: "Pulse") -> None:
    """Send chunks as they come; the iterator is closed however this ends."""
    try:
        while True:
            chunk = await alongside(anext(chunks, b""), pulse.run, "rawr.http.keep_alive")
            await send({"type": BODY, "body": chunk, "more_body": bool(chunk)})
            if not chunk:
                return
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()


class Pulse:
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
            await self._send({"type": BODY, "body": comment, "more_body": True})
