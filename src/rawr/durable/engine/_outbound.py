"""The engine's one HTTP client, made when the first request needs it."""

import asyncio
import ssl
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final, cast

import anyio.to_thread
import httpcore2
import httpx2

_CONNECT_TIMEOUT_S: Final = 10
_KEPT_CONNECTIONS: Final = 100
_END_OF_HEAD: Final = b"\r\n\r\n"
_HTTP_1_0: Final = b"HTTP/1.0"
#: Beyond this an answer's head is handed on as it is, for the parser to refuse.
_LONGEST_HEAD: Final = 64 * 1024

SocketOptions = Iterable[httpcore2.SOCKET_OPTION] | None


class Outbound:
    """Makes the client of all HTTP requests when it is first asked for.

    Loading the certificates takes tens of milliseconds, which hosts never spend whose functions
    are all in process.
    """

    def __init__(self, *, timeout: timedelta, client: httpx2.AsyncClient | None = None) -> None:
        self._timeout = httpx2.Timeout(timeout.total_seconds(), connect=_CONNECT_TIMEOUT_S)
        self._client = client
        self._making = asyncio.Lock()

    async def client(self) -> httpx2.AsyncClient:
        """Return the client."""
        if self._client is None:
            async with self._making:
                if self._client is None:
                    self._client = await anyio.to_thread.run_sync(self._make)
        return self._client

    async def close(self) -> None:
        """Close the connections, if there ever were any."""
        if self._client is not None:
            await self._client.aclose()

    def _make(self) -> httpx2.AsyncClient:
        context = httpx2.create_ssl_context(trust_env=False)
        transport = httpx2.AsyncHTTPTransport(verify=context, trust_env=False)
        # The transport has no option for the network, and only its own pool maps the errors.
        transport._pool = httpcore2.AsyncConnectionPool(  # noqa: SLF001 - see above
            ssl_context=context,
            max_connections=None,
            max_keepalive_connections=_KEPT_CONNECTIONS,
            keepalive_expiry=5,
            network_backend=_Network(),
        )
        return httpx2.AsyncClient(transport=transport, timeout=self._timeout, trust_env=False)


class _Network(httpcore2.AsyncNetworkBackend):
    """Sockets whose answers are read as an Inngest server reads them."""

    def __init__(self) -> None:
        # The package types it as a placeholder for installations without anyio.
        self._sockets = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the port's signature
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore2.AsyncNetworkStream:
        stream = await self._sockets.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream)

    async def sleep(self, seconds: float) -> None:
        await self._sockets.sleep(seconds)


class _Stream(httpcore2.AsyncNetworkStream):
    """Ignores `Transfer-Encoding` in HTTP/1.0 answers, where it has no meaning.

    Development servers answer streams so: an SDK sets the header, the server does not chunk.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._at_head = False

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the port's signature
    ) -> bytes:
        data = await self._stream.read(max_bytes, timeout)
        if not self._at_head:
            return data
        self._at_head = False
        while data and _may_be_1_0(data) and not _is_whole_head(data):
            more = await self._stream.read(max_bytes, timeout)
            if not more:
                break
            data += more
        return _without_transfer_encoding(data) if data.startswith(_HTTP_1_0) else data

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - the port's signature
    ) -> None:
        self._at_head = True
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the port's signature
    ) -> httpcore2.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _may_be_1_0(data: bytes) -> bool:
    return data[: len(_HTTP_1_0)] == _HTTP_1_0[: len(data)]


def _is_whole_head(data: bytes) -> bool:
    return _END_OF_HEAD in data or len(data) > _LONGEST_HEAD


def _without_transfer_encoding(data: bytes) -> bytes:
    head, end, body = data.partition(_END_OF_HEAD)
    lines = [
        line for line in head.split(b"\r\n") if not line.lower().startswith(b"transfer-encoding:")
    ]
    return b"\r\n".join(lines) + end + body
