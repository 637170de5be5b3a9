"""The websocket port on the `websockets` library, against its own server on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import Request, Response, ServerConnection, serve

from rawr.client import (
    ConnectFailed,
    ConnectionLost,
    HandshakeRefused,
    LinkError,
    Redirected,
)
from rawr.client._socket import websocket_connector

SECRET = {"authorization": "Bearer secret"}


@asynccontextmanager
async def server(status: int = 101) -> AsyncIterator[str]:
    """A server that echoes frames, or answers handshakes with a status."""

    async def echo(connection: ServerConnection) -> None:
        async for frame in connection:
            if frame == "bye":
                return
            await connection.send(frame)

    async def admit(connection: ServerConnection, request: Request) -> Response | None:
        if status == 101:
            return None
        response = connection.respond(HTTPStatus(status), "")
        response.headers["Location"] = "ws://elsewhere.example/"
        return response

    async with serve(echo, "127.0.0.1", 0, process_request=admit) as running:
        yield f"ws://127.0.0.1:{running.sockets[0].getsockname()[1]}/ws"


@pytest.mark.parametrize("frame", ["text", b"\xff\x00"])
async def test_frames_keep_their_kind(frame: str | bytes) -> None:
    async with server() as url:
        socket = await websocket_connector(1000)(url, {})
        await socket.send(frame)
        assert await socket.receive() == frame
        await socket.close()


async def test_a_closed_socket_is_a_lost_connection() -> None:
    async with server() as url:
        socket = await websocket_connector(1000)(url, {})
        await socket.send("bye")
        with pytest.raises(ConnectionLost, match="websocket closed"):
            await socket.receive()
        with pytest.raises(ConnectionLost, match="websocket closed"):
            await socket.send("text")
        await socket.close()


async def test_frames_beyond_the_limit_end_the_connection() -> None:
    async with server() as url:
        socket = await websocket_connector(10)(url, {})
        await socket.send("x" * 20)
        with pytest.raises(ConnectionLost, match="1009"):
            await socket.receive()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, HandshakeRefused),
        (404, HandshakeRefused),
        (429, ConnectFailed),
        (503, ConnectFailed),
        (302, Redirected),
    ],
)
async def test_handshakes_that_are_not_answered_with_a_socket(
    status: int, error: type[LinkError]
) -> None:
    async with server(status) as url:
        with pytest.raises(error) as caught:
            await websocket_connector(1000)(url, SECRET)
    assert "secret" not in str(caught.value)
