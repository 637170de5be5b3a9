"""The port to a websocket, and the one on the `websockets` library."""

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeAlias
from urllib.parse import urlsplit

from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from ._errors import ConnectFailed, ConnectionLost, HandshakeRefused, LinkError, Redirected
from ._messages import Headers

Frame: TypeAlias = str | bytes
"""A text or a binary message."""

_PING_SECONDS: Final = 20.0
_CLOSE_SECONDS: Final = 2.0
_CONNECT_SECONDS: Final = 10.0
_TOO_MANY_REQUESTS: Final = 429
_FIRST_REDIRECT: Final = 300
_FIRST_ERROR: Final = 400
_FIRST_SERVER_ERROR: Final = 500


class Socket(Protocol):
    """One open websocket; the place for fakes."""

    async def send(self, frame: Frame) -> None:
        """Send a frame whole, in the order of calls, whoever calls.

        Raises:
            ConnectionLost: The connection is closed.
        """
        ...

    async def receive(self) -> Frame:
        """The next frame.

        Raises:
            ConnectionLost: The connection is closed.
        """
        ...

    async def close(self) -> None:
        """Close it; safe to call twice."""
        ...


Connect: TypeAlias = Callable[[str, Headers], Awaitable[Socket]]
"""Opens a websocket with these headers in its handshake; raises `LinkError`s."""


def websocket_connector(max_frame_bytes: int) -> Connect:
    """Connect with the `websockets` library; larger frames end the connection.

    It pings every 20 seconds, so that a dead peer is noticed, and follows no redirects.
    """

    async def open_socket(url: str, headers: Headers) -> Socket:
        try:
            connection = await _ConnectWithoutRedirects(
                url,
                additional_headers=dict(headers),
                max_size=max_frame_bytes,
                open_timeout=_CONNECT_SECONDS,
                close_timeout=_CLOSE_SECONDS,
                ping_interval=_PING_SECONDS,
                ping_timeout=_PING_SECONDS,
            )
        except (OSError, WebSocketException) as error:
            raise _link_error(error, url) from error
        return WebSocket(connection)

    return open_socket


class _ConnectWithoutRedirects(connect):
    @override
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class WebSocket(Socket):
    """A connection of the `websockets` library."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    @override
    async def send(self, frame: Frame) -> None:
        try:
            await self._connection.send(frame)
        except ConnectionClosed as error:
            raise _lost(error) from error

    @override
    async def receive(self) -> Frame:
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise _lost(error) from error

    @override
    async def close(self) -> None:
        await self._connection.close()


def _lost(error: ConnectionClosed) -> ConnectionLost:
    return ConnectionLost(f"The websocket closed: {error}")


def _link_error(error: Exception, url: str) -> LinkError:
    where = host_of(url)
    if not isinstance(error, InvalidStatus):
        reason = str(error) or type(error).__name__
        return ConnectFailed(f"Cannot reach {where}: {reason}. Check the URL and the server")
    status = error.response.status_code
    if _FIRST_REDIRECT <= status < _FIRST_ERROR:
        return Redirected(status, error.response.headers.get("Location", ""))
    if status >= _FIRST_SERVER_ERROR or status == _TOO_MANY_REQUESTS:
        return ConnectFailed(f"{where} cannot open a websocket now (status {status}); try later")
    return HandshakeRefused(status)


def host_of(url: str) -> str:
    """Where a URL leads, without credentials or queries."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
