"""The words of ASGI 3."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias
from urllib.parse import quote

Scope: TypeAlias = MutableMapping[str, Any]
"""What a connection is, as an ASGI server says it."""
Message: TypeAlias = MutableMapping[str, Any]
"""One event of a connection."""
Receive: TypeAlias = Callable[[], Awaitable[Message]]
"""Gives the next event from the client."""
Send: TypeAlias = Callable[[Message], Awaitable[None]]
"""Takes the next event for the client."""
ASGIApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
"""An ASGI 3 application."""

PATH_SAFE = "/-_.!~*'()"
"""What `encodeURIComponent` leaves as it is, and the slash between segments."""


def raw_path(scope: Scope) -> bytes:
    """The path as it was sent, percent-encoded; encoded again for servers that do not keep it."""
    path: bytes | None = scope.get("raw_path")
    if path is None:
        return quote(scope["path"], safe=PATH_SAFE).encode()
    return path.partition(b"?")[0] if b"?" in path else path


async def answer_lifespan(receive: Receive, send: Send) -> None:
    """Follow the lifespan protocol for an application that has nothing to start or stop."""
    while True:
        phase = (await receive())["type"]
        await send({"type": f"{phase}.complete"})
        if phase == "lifespan.shutdown":
            return
