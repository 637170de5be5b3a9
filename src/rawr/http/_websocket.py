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


def websocket_app(
    mount: Mount, check_origin: CheckOrigin, limits: WebsocketLimits, fallback: ASGIApp
) -> ASGIApp:
    """An application that serves websockets; everything else goes to the fallback."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await fallback(scope, receive, send)
            return
        await receive()
        if not await check_origin(scope):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        await send({"type": "websocket.accept"})
        await Session(scope, send, mount, limits).run(receive)

    return app


def _authority(origin: bytes) -> bytes:
    return origin.lower().partition(b"://")[2]
