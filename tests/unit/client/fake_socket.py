"""A websocket without a network: the test is the server."""

import json
import math
from typing import Any

import anyio

from rawr.client import ConnectionLost, Frame, Headers, LinkError, Socket


class FakeSocket(Socket):
    """What the link sends can be awaited; what it receives is given by the test."""

    def __init__(self) -> None:
        self._sent, self._from_link = anyio.create_memory_object_stream[Frame](math.inf)
        self._to_link, self._received = anyio.create_memory_object_stream[Frame](math.inf)
        self.closed = False

    async def send(self, frame: Frame) -> None:
        await anyio.lowlevel.checkpoint()
        if self.closed:
            raise ConnectionLost("The fake socket is closed")
        self._sent.send_nowait(frame)

    async def receive(self) -> Frame:
        try:
            return await self._received.receive()
        except anyio.EndOfStream:
            raise ConnectionLost("The fake socket is closed") from None

    async def close(self) -> None:
        self.closed = True
        for stream in (self._sent, self._from_link, self._to_link, self._received):
            stream.close()

    async def sent(self) -> Any:
        """The next frame of the link, decoded if it is text."""
        with anyio.fail_after(5):
            frame = await self._from_link.receive()
        return json.loads(frame) if isinstance(frame, str) else frame

    def sent_nothing_more(self) -> bool:
        return self._from_link.statistics().current_buffer_used == 0

    def give(self, frame: object) -> None:
        """Send a frame to the link; what is neither text nor bytes as JSON."""
        self._to_link.send_nowait(
            frame if isinstance(frame, str | bytes) else json.dumps(frame, separators=(",", ":"))
        )

    def lose(self) -> None:
        """Break the connection."""
        self._to_link.close()


class FakeNetwork:
    """Opens fake sockets; failures may be planned for the first attempts."""

    def __init__(self, *failures: Exception) -> None:
        self._failures = list(failures)
        self.sockets: list[FakeSocket] = []
        self.handshakes: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, url: str, headers: Headers) -> Socket:
        await anyio.lowlevel.checkpoint()
        self.handshakes.append((url, dict(headers)))
        if self._failures:
            raise self._failures.pop(0)
        self.sockets.append(FakeSocket())
        return self.sockets[-1]

    async def socket(self, number: int = 0) -> FakeSocket:
        """The socket of this number, once the link has opened it."""
        with anyio.fail_after(5):
            while len(self.sockets) <= number:
                await anyio.lowlevel.checkpoint()
        return self.sockets[number]


def answer(id: str, value: object, **payload: object) -> dict[str, object]:
    """An answer frame of an RPC value."""
    return {"i": id, "p": {"b": {"json": value}, **payload}}


def stream_head(id: str) -> dict[str, object]:
    return {"i": id, "p": {"h": {"content-type": "text/event-stream"}}}


def event_frame(
    id: str, value: object, *, event: str = "message", meta: dict[str, object] | None = None
) -> dict[str, object]:
    payload: dict[str, object] = {"e": event, "d": {"json": value}}
    return {"i": id, "t": 3, "p": payload if meta is None else {**payload, "m": meta}}


def lost(reason: str = "x") -> LinkError:
    return ConnectionLost(reason)
