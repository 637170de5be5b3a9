"""Ending event streams and websockets: when the host does, or when their caller may no longer call.

A request in flight is let finish; an event stream or a websocket would never. A stream is cut,
not ended: a client that sees a cut resumes after the last event it has, one that sees an end
would not. A websocket is closed with a code that says why.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from rawr.durable.domain.clock import Clock

GOING_AWAY: Final = 1001
POLICY_VIOLATION: Final = 1008
RECHECK_EVERY: Final = timedelta(seconds=2)

_INCOMPLETE: Final = "ASGI callable returned without completing response."
_EVENT_STREAM: Final = b"text/event-stream"
_CLOSING_SECONDS: Final = 1.0
_REASONS: Final = {
    GOING_AWAY: "The server is going away",
    POLICY_VIOLATION: "Your credentials no longer count",
}

StillAdmitted: TypeAlias = Callable[[Scope], Awaitable[bool]]
"""Whether who was admitted with this scope would be again."""


_was_cut: Final[ContextVar[bool]] = ContextVar("rawr.server.was_cut", default=False)


class CutsAreMeant(logging.Filter):
    """Keeps the server from reporting as a defect that a stream was cut on purpose."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """See `logging.Filter.filter`; asked in the task that served the stream."""
        return not (_was_cut.get() and record.getMessage() == _INCOMPLETE)


async def _forever(_scope: Scope) -> bool:
    return True


class Nudge:
    """Wakes who waits for it, as often as it is given."""

    def __init__(self) -> None:
        self._event = anyio.Event()

    def give(self) -> None:
        """Wake whoever waits."""
        self._event.set()

    async def wait(self, clock: Clock, pause: timedelta) -> None:
        """Return after a pause, or once nudged."""
        await clock.wait(self._event, clock.now_ms() + pause // timedelta(milliseconds=1))
        self._event = anyio.Event()


@dataclass(eq=False, slots=True)
class _Open:
    """An exchange that lasts: cut by giving the close code as the result of the future."""

    scope: Scope
    cut: asyncio.Future[int]
    over: asyncio.Event

    def end(self, code: int) -> None:
        if not self.cut.done():
            self.cut.set_result(code)


class OpenStreams:
    """Wraps an app; its event streams and websockets can be ended from outside."""

    def __init__(self, app: ASGIApp, *, still_admitted: StillAdmitted = _forever) -> None:
        self._app = app
        self._still_admitted = still_admitted
        self._open: set[_Open] = set()
        self._is_cut = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "http":
            await self._serve_http(scope, receive, send)
        elif kind == "websocket":
            await self._serve_websocket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def cut(self) -> None:
        """End whatever lasts, and what begins to later."""
        self._is_cut = True
        for exchange in self._open:
            exchange.end(GOING_AWAY)

    async def close(self) -> None:
        """Cut, and give websockets a second to say goodbye."""
        self.cut()
        over = [it.over.wait() for it in self._open if it.scope["type"] == "websocket"]
        if over:
            waits = [asyncio.ensure_future(one) for one in over]
            _, late = await asyncio.wait(waits, timeout=_CLOSING_SECONDS)
            for one in late:
                one.cancel()

    async def keep_checking(self, clock: Clock, nudge: Nudge) -> None:
        """End what belongs to callers who would not be admitted now; runs until cancelled."""
        while True:
            await nudge.wait(clock, RECHECK_EVERY)
            for exchange in [*self._open]:
                if not await self._still_admitted(exchange.scope):
                    exchange.end(POLICY_VIOLATION)

    def _begin(self, scope: Scope) -> _Open:
        exchange = _Open(scope, asyncio.get_running_loop().create_future(), asyncio.Event())
        self._open.add(exchange)
        if self._is_cut:
            exchange.end(GOING_AWAY)
        return exchange

    def _finish(self, exchange: _Open) -> None:
        self._open.discard(exchange)
        exchange.over.set()

    async def _serve_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange: _Open | None = None

        async def send_watched(message: Message) -> None:
            nonlocal exchange
            if message["type"] == "http.response.start" and _is_event_stream(message):
                exchange = self._begin(scope)
            await send(message)

        async def receive_until_cut() -> Message:
            if exchange is None:
                return await receive()
            return await _first(receive, exchange) or {"type": "http.disconnect"}

        try:
            await self._app(scope, receive_until_cut, send_watched)
        finally:
            if exchange is not None:
                _was_cut.set(exchange.cut.done())
                self._finish(exchange)

    async def _serve_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self._begin(scope)

        async def receive_until_cut() -> Message:
            message = await _first(receive, exchange)
            if message is not None:
                return message
            code = exchange.cut.result()
            reason = _REASONS[code]
            await send({"type": "websocket.close", "code": code, "reason": reason})
            return {"type": "websocket.disconnect", "code": code, "reason": reason}

        try:
            await self._app(scope, receive_until_cut, send)
        finally:
            self._finish(exchange)


async def _first(receive: Receive, exchange: _Open) -> Message | None:
    """What the client does next, or None once the exchange is cut."""
    client = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((client, exchange.cut), return_when=asyncio.FIRST_COMPLETED)
        return None if exchange.cut.done() else client.result()
    finally:
        client.cancel()


def _is_event_stream(start: Message) -> bool:
    return any(
        name == b"content-type" and value.startswith(_EVENT_STREAM)
        for name, value in start.get("headers", ())
    )
