"""A deadline for request bodies: who sends one drop by drop does not hold a place for ever."""

import asyncio
from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._mounts import respond

_TIMED_OUT: Final = {
    "defined": False,
    "code": "TIMEOUT",
    "status": 408,
    "message": "The request body did not arrive in time.",
}
_JSON: Final = "application/json"
_BODYLESS: Final = frozenset({"GET", "HEAD"})
_EVENT_STREAM: Final = b"text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyDeadline:
    """Gives every body so many seconds, from when the request is served; then answers 408.

    A body that is itself a stream of events is exempt: it lasts as long as its call.
    """

    seconds: float

    def guard(self, app: ASGIApp) -> ASGIApp:
        """An app whose errors are JSON."""
        return self._guard(app, msgspec.json.encode(_TIMED_OUT), _JSON)

    def guard_rpc(self, app: ASGIApp) -> ASGIApp:
        """An app that speaks RPC."""
        return self._guard(app, msgspec.json.encode({"json": _TIMED_OUT, "meta": []}), _JSON)

    def guard_plain(self, app: ASGIApp) -> ASGIApp:
        """An app whose errors are plain text."""
        return self._guard(app, b"request timeout", "text/plain; charset=utf-8")

    def _guard(self, app: ASGIApp, body: bytes, content_type: str) -> ASGIApp:
        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] in _BODYLESS or _is_event_stream(scope):
                await app(scope, receive, send)
                return
            request = _Timed(receive, send, asyncio.get_running_loop().time() + self.seconds)
            await app(scope, request.receive, request.send)
            if request.is_late and not request.is_answered:
                await respond(send, 408, body, content_type, headers=((b"connection", b"close"),))

        return guarded


class _Timed:
    """One request: its body until the deadline, and whether it was answered."""

    __slots__ = ("_deadline", "_is_whole", "_receive", "_send", "is_answered", "is_late")

    def __init__(self, receive: Receive, send: Send, deadline: float) -> None:
        self._receive = receive
        self._send = send
        self._deadline = deadline
        self._is_whole = False
        self.is_late = False
        self.is_answered = False

    async def receive(self) -> Message:
        """What the client sends next; to the app, one who is late has left."""
        if self._is_whole:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            self.is_late = True
            return {"type": "http.disconnect"}
        self._is_whole = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the app answers."""
        self.is_answered = True
        await self._send(message)


def _is_event_stream(scope: Scope) -> bool:
    return any(
        name == b"content-type" and value.startswith(_EVENT_STREAM)
        for name, value in scope["headers"]
    )
