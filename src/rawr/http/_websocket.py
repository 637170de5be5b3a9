"""The websocket application of a handler (RPC protocol v1, peer protocol)."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from ._asgi import ASGIApp, Receive, Scope, Send
from ._peer import Session, WebsocketLimits
from ._plugin import Mount

CheckOrigin: TypeAlias = Callable[[Scope], Awaitable[bool]]
"""Decides by the handshake's scope whether a websocket is accepted."""

POLICY_VIOLATION: Final = 1008


async def same_origin(scope: Scope) -> bool:
    """Accept pages of the host they ask, and clients that are no browsers.

    A browser sends cookies with a handshake from any page, so that another site's page would
    speak as the user; no preflight stops it.
    """
    headers = dict(scope["headers"])
    origin: bytes | None = headers.get(b"origin")
    return origin is None or _authority(origin) == headers.get(b"host", b"").lower()


def allow_origins(*origins: str) -> CheckOrigin:
    """Accept pages of these origins (`https://app.example`), and clients that are no browsers.

    Raises:
        ValueError: One of them is no origin: a scheme and a host, without a path.
    """
    for origin in origins:
        parts = urlsplit(origin)
        if not (parts.scheme and parts.netloc) or origin != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"{origin!r} is no origin; write it like https://app.example")
    allowed = {origin.lower().encode() for origin in origins}

    async def check(scope: Scope) -> bool:
        origin: bytes | None = dict(scope["headers"]).get(b"origin")
        return origin is None or origin.lower() in allowed

    return check


async def any_origin(scope: Scope) -> bool:  # noqa: ARG001 - one of several checks
    """Accept pages of every site; only where no cookie or network address grants anything."""
    return True


class WebsocketApp:
    """An ASGI application that serves websockets; everything else goes to the fallback.

    It is an object, not a function: frameworks that route functions call those in their own
    way, such as Starlette's `WebSocketRoute`.
    """

    def __init__(
        self, mount: Mount, check_origin: CheckOrigin, limits: WebsocketLimits, fallback: ASGIApp
    ) -> None:
        self._mount = mount
        self._check_origin = check_origin
        self._limits = limits
        self._fallback = fallback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI 3."""
        if scope["type"] != "websocket":
            await self._fallback(scope, receive, send)
            return
        await receive()
        if not await self._check_origin(scope):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        await send({"type": "websocket.accept"})
        await Session(scope, send, self._mount, self._limits).run(receive)


def _authority(origin: bytes) -> bytes:
    return origin.lower().partition(b"://")[2]
