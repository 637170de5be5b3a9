"""A websocket client of an ASGI application, without a socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from rawr.http import ASGIApp, Message


class Socket:
    """What one client sends and gets."""

    def __init__(self) -> None:
        self.to_app = asyncio.Queue[Message]()
        self.from_app = asyncio.Queue[Message]()
        self.open = asyncio.Event()
        """Cleared, it holds back whatever the application sends."""
        self.open.set()
        self.broken = False

    async def send_message(self, message: Message) -> None:
        await self.open.wait()
        if self.broken:
            raise OSError("the client is gone")
        self.from_app.put_nowait(message)

    def say(self, frame: Any) -> None:
        """Send a frame: bytes as they are, text as it is, anything else as JSON."""
        if isinstance(frame, bytes):
            message: Message = {"type": "websocket.receive", "bytes": frame, "text": None}
        else:
            text = frame if isinstance(frame, str) else json.dumps(frame)
            message = {"type": "websocket.receive", "text": text}
        self.to_app.put_nowait(message)

    def leave(self) -> None:
        self.to_app.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def message(self) -> Message:
        with anyio.fail_after(5):
            return await self.from_app.get()

    async def raw(self) -> str | bytes:
        message = await self.message()
        assert message["type"] == "websocket.send"
        frame: str | bytes = message["text"] if "text" in message else message["bytes"]
        return frame

    async def hear(self) -> Any:
        """The next frame, as JSON."""
        return json.loads(await self.raw())

    async def closed(self) -> tuple[int, str]:
        message = await self.message()
        assert message["type"] == "websocket.close"
        return message["code"], message.get("reason", "")


@asynccontextmanager
async def connected(
    app: ASGIApp,
    *,
    path: str = "/",
    accepted: bool = True,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Socket]:
    """A websocket of the application; leaving disconnects and waits for its end."""
    socket = Socket()
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "scheme": "ws",
        "subprotocols": [],
        "root_path": "",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [
            (name.encode(), value.encode())
            for name, value in {"host": "hq.example", **(headers or {})}.items()
        ],
        "client": ("127.0.0.1", 50000),
    }
    task = asyncio.create_task(app(scope, socket.to_app.get, socket.send_message))
    socket.to_app.put_nowait({"type": "websocket.connect"})
    try:
        if accepted:
            assert await socket.message() == {"type": "websocket.accept"}
        yield socket
    finally:
        socket.leave()
        with anyio.fail_after(5):
            await task
