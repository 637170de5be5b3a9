"""Refusing work in time: a bound on requests at once, and `Retry-After` on every refusal."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ._mounts import respond

_KEY: Final = "rawr.retry_after"
_RETRY_SECONDS: Final = 1
_OVERLOADED: Final = {
    "defined": False,
    "code": "SERVICE_UNAVAILABLE",
    "status": 503,
    "message": "Too many requests are being served; try again in a moment.",
}
_PLAIN: Final = msgspec.json.encode(_OVERLOADED)
_RPC: Final = msgspec.json.encode({"json": _OVERLOADED, "meta": []})


def set_retry_after(scope: Scope, seconds: int) -> None:
    """Have the response to this request tell when to try again."""
    scope[_KEY] = seconds


@dataclass(slots=True)
class Gate:
    """Counts the requests under way through everything it guards."""

    limit: int
    _under_way: int = field(default=0)

    def guard(self, app: ASGIApp, *, speaks_rpc: bool = False) -> ASGIApp:
        """The app, asked only while fewer than `limit` requests are under way."""
        body = _RPC if speaks_rpc else _PLAIN

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if self._under_way >= self.limit:
                headers = _retry_after(_RETRY_SECONDS)
                await respond(send, 503, body, "application/json", headers=(headers,))
                return
            self._under_way += 1
            try:
                await app(scope, receive, _telling(scope, send))
            finally:
                self._under_way -= 1

        return guarded


def _telling(scope: Scope, send: Send) -> Send:
    def tell(message: Message) -> Awaitable[None]:
        if _KEY in scope and message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], _retry_after(scope[_KEY])]}
        return send(message)

    return tell


def _retry_after(seconds: int) -> tuple[bytes, bytes]:
    return (b"retry-after", str(seconds).encode())
