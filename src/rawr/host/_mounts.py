"""The mount table: route families in order, each under its own prefix."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

_POLICY_VIOLATION: Final = 1008
_NOT_FOUND: Final = msgspec.json.encode(
    {
        "defined": False,
        "code": "NOT_FOUND",
        "status": 404,
        "message": "Nothing answers here. The route families are /api/inngest, "
        "/api/workflows, /rpc and /api/orpc.",
    }
)


@dataclass(frozen=True, slots=True)
class Mount:
    """An app and the path it answers under; `exact` apps answer that path alone."""

    prefix: str
    app: ASGIApp
    exact: bool = False
    websocket: ASGIApp | None = None
    """What answers websockets that are opened at the prefix itself."""

    def matches(self, path: str) -> bool:
        """True if the path is this mount's own."""
        if self.exact:
            return path == self.prefix
        return path == self.prefix or path.startswith(self.prefix + "/")


class MountTable:
    """An ASGI app that asks its mounts in order; what none matches gets a typed 404."""

    def __init__(self, mounts: tuple[Mount, ...]) -> None:
        self.mounts = mounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            for mount in self.mounts:
                if mount.matches(path):
                    await mount.app(scope, receive, send)
                    return
            await respond(send, 404, _NOT_FOUND, "application/json")
        elif scope["type"] == "websocket":
            await self._open(scope, receive, send)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        for mount in self.mounts:
            if mount.websocket is not None and mount.prefix == scope["path"]:
                await mount.websocket(scope, receive, send)
                return
        await deny(scope, receive, send, 404, body=_NOT_FOUND)


Answer: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


def by_method(method: str, answer: Answer, **others: Answer) -> ASGIApp:
    """An app that answers a method, others too where they are given; `HEAD` like `GET`."""
    answers = {method: answer, **others}
    allow = ((b"allow", ", ".join(sorted(answers)).encode()),)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        asked = "GET" if scope["method"] == "HEAD" else scope["method"]
        chosen = answers.get(asked)
        if chosen is None:
            await respond(send, 405, b"Method Not Allowed", "text/plain", headers=allow)
        else:
            await chosen(scope, receive, send)

    return app


async def respond(
    send: Send,
    status: int,
    body: bytes,
    content_type: str,
    *,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Send a whole response."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type.encode()),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def deny(
    scope: Scope,
    receive: Receive,
    send: Send,
    status: int,
    *,
    body: bytes,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> None:
    """Refuse a websocket before it is accepted, with a response where the server can send one."""
    await receive()
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    named = [(b"content-type", b"application/json"), *headers]
    await send({"type": "websocket.http.response.start", "status": status, "headers": named})
    await send({"type": "websocket.http.response.body", "body": body})
