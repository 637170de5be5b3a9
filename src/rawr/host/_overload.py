"""Refusing work in time: a bound on requests at once, and `Retry-After` on every refusal."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Final

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rawr.contract import ORPCError
from rawr.http import Request, Respond, Response

from ._admitted import audit_forbidden
from ._mounts import deny, respond

_KEY: Final = "rawr.retry_after"
_RETRY_SECONDS: Final = 1
_FORBIDDEN: Final = 403
_TOO_MANY: Final = "Too many requests are being served; try again in a moment."
_OVERLOADED: Final = {
    "defined": False,
    "code": "SERVICE_UNAVAILABLE",
    "status": 503,
    "message": _TOO_MANY,
}
_PLAIN: Final = msgspec.json.encode(_OVERLOADED)
_RPC: Final = msgspec.json.encode({"json": _OVERLOADED, "meta": []})


def retry_after_of(scope: Scope) -> tuple[tuple[bytes, bytes], ...]:
    """The header that was asked for by `set_retry_after`, if it was."""
    return (retry_after(scope[_KEY]),) if _KEY in scope else ()


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
                headers = (retry_after(_RETRY_SECONDS),)
                if scope["type"] == "websocket":
                    await deny(scope, receive, send, 503, body=body, headers=headers)
                else:
                    await respond(send, 503, body, "application/json", headers=headers)
                return
            self._under_way += 1
            try:
                await app(scope, receive, _telling(scope, send))
            finally:
                self._under_way -= 1

        return guarded

    async def count_call(self, request: Request, next_: Respond) -> Response:
        """Interceptor of calls over websockets: each is one more request under way."""
        if self._under_way >= self.limit:
            raise ORPCError("SERVICE_UNAVAILABLE", message=_TOO_MANY)
        self._under_way += 1
        try:
            return await next_(request)
        except ORPCError as error:
            if error.status == _FORBIDDEN:
                audit_forbidden(request.scope, procedure=request.operation.name)
            raise
        finally:
            self._under_way -= 1


def _telling(scope: Scope, send: Send) -> Send:
    def tell(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            if message["status"] == _FORBIDDEN:
                audit_forbidden(scope)
            if _KEY in scope:
                headers = [*message["headers"], retry_after(scope[_KEY])]
                message = {**message, "headers": headers}
        return send(message)

    return tell


def retry_after(seconds: int) -> tuple[bytes, bytes]:
    """The header that says when to try again."""
    return (b"retry-after", str(seconds).encode())
