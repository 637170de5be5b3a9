"""Ending event streams when the host does.

A request in flight is let finish; an event stream would never. It is cut, not ended: a
client that sees a cut resumes after the last event it has, one that sees an end would not.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_EVENT_STREAM = b"text/event-stream"


class StreamCutter:
    """Wraps an app; once cut, its event streams see their clients go away."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cut = asyncio.Event()

    def cut(self) -> None:
        """End every open event stream, and those that begin later."""
        self._cut.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        streams = False

        async def send_watched(message: Message) -> None:
            nonlocal streams
            if message["type"] == "http.response.start":
                streams = _is_event_stream(message)
            await send(message)

        async def receive_until_cut() -> Message:
            return await self._first(receive) if streams else await receive()

        await self._app(scope, receive_until_cut, send_watched)

    async def _first(self, receive: Receive) -> Message:
        """What the client does next, or its disconnect when the streams are cut."""
        client = asyncio.ensure_future(receive())
        cut = asyncio.ensure_future(self._cut.wait())
        try:
            await asyncio.wait((client, cut), return_when=asyncio.FIRST_COMPLETED)
            return {"type": "http.disconnect"} if self._cut.is_set() else client.result()
        finally:
            client.cancel()
            cut.cancel()


def _is_event_stream(start: Message) -> bool:
    return any(
        name == b"content-type" and value.startswith(_EVENT_STREAM)
        for name, value in start.get("headers", ())
    )
