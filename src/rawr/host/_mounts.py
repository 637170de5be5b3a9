"""The mount table: route families in order, each under its own prefix."""

from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

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
            await send({"type": "websocket.close", "code": 1000})


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
