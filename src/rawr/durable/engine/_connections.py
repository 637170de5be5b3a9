"""Connections to apps and services, kept for the next request."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Final

import httpx2
from typing_extensions import override

from rawr.durable.engine._http11 import (
    LONGEST_HEAD,
    Headers,
    Whole,
    read_body,
    read_head,
    request_head,
    whole_answer,
)

#: Servers hang up on idle connections, Node's and uvicorn's after five seconds. A request that
#: meets that is lost, so a connection is given up well before.
_IDLE_S: Final = 3.0
_KEPT: Final = 100
#: A request no larger than this goes into the buffer of a connection, and nobody waits for it.
_UNDRAINED: Final = 32 * 1024

_Origin = tuple[str, str, int]
Timeout = Mapping[str, float | None]
"""Seconds to `connect`, to `write` and to `read`; without one there is no limit."""


class _Wire(asyncio.StreamReaderProtocol):
    """Hands over an answer that has come whole, as most do; any other goes to the reader."""

    def __init__(self, reader: asyncio.StreamReader, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(reader, loop=loop)
        self._reader = reader
        self._waiter: asyncio.Future[Whole | None] | None = None
        self._method = ""

    def ask(self, method: str, loop: asyncio.AbstractEventLoop) -> "asyncio.Future[Whole | None]":
        """Return what becomes an answer, or `None` once the reader has to be asked."""
        self._method = method
        self._waiter = loop.create_future()
        return self._waiter

    @override
    def data_received(self, data: bytes) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is None or waiter.done():
            super().data_received(data)
            return
        try:
            whole = whole_answer(data, self._method)
        except httpx2.RemoteProtocolError as error:
            waiter.set_exception(error)
            return
        if whole is None:
            super().data_received(data)
        waiter.set_result(whole)

    @override
    def eof_received(self) -> bool | None:
        self._tell_reader_is_asked()
        return super().eof_received()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._tell_reader_is_asked()

    def _tell_reader_is_asked(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class Connection:
    """One connection; `used_at` is when it was last used, in seconds of the loop's clock."""

    __slots__ = ("origin", "reader", "used_at", "wire", "writer")

    def __init__(
        self,
        origin: _Origin,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        wire: _Wire,
    ) -> None:
        self.origin = origin
        self.reader = reader
        self.writer = writer
        self.wire = wire
        self.used_at = 0.0

    @property
    def is_open(self) -> bool:
        """False once either side has hung up, or sent what nobody asked for."""
        return not (self.reader.at_eof() or self.writer.is_closing() or _has_data(self.reader))

    def abort(self) -> None:
        """Hang up at once."""
        self.writer.transport.abort()


class Exchange:
    """An answer whose body may still have to be read; `close` it afterwards."""

    __slots__ = ("_body", "_connection", "_give_back", "_timeout_s", "head")

    def __init__(
        self,
        connection: Connection,
        whole: Whole,
        give_back: Callable[[Connection], None],
        timeout_s: float | None,
    ) -> None:
        self.head, self._body = whole
        self._connection: Connection | None = connection
        self._give_back = give_back
        self._timeout_s = timeout_s

    def body(self) -> bytes | None:
        """Return the body if it is here, whole."""
        if self._body is not None:
            self._finish()
        return self._body

    async def pieces(self) -> AsyncIterator[bytes]:
        """Read the body, as it comes.

        Raises:
            httpx2.TransportError: it breaks off.
        """
        if self._connection is None:
            return
        if self._body is not None:
            yield self._body
        else:
            pieces = read_body(self._connection.reader, self.head)
            while (piece := await self._next(pieces)) is not None:
                yield piece
        self._finish()

    def _finish(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self.head.keeps:
            self._give_back(connection)
        else:
            connection.abort()

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes | None:
        async with _Limit(self._timeout_s, httpx2.ReadTimeout, httpx2.ReadError):
            return await anext(pieces, None)

    def close(self) -> None:
        """Give up the connection, unless the body has been read to its end."""
        if self._connection is not None:
            self._connection.abort()
            self._connection = None


class Connections(httpx2.AsyncBaseTransport):
    """The network under the engine's HTTP client.

    A look for a connection costs the same however many there are: calls to one app are as many as
    the engine makes at once.
    """

    def __init__(self, make_context: Callable[[], ssl.SSLContext]) -> None:
        self._make_context = make_context
        self._context: ssl.SSLContext | None = None
        self._idle: dict[_Origin, list[Connection]] = {}
        self._count = 0

    async def exchange(
        self,
        method: str,
        url: httpx2.URL,
        headers: Headers,
        content: bytes,
        *,
        timeout: Timeout,  # noqa: ASYNC109 - each of its parts is for another wait
    ) -> Exchange:
        """Send a request, whose headers tell its host and length, and wait for the answer.

        Raises:
            httpx2.TransportError: there is none.
        """
        request = request_head(method, url.raw_path, headers) + content
        connection = await self._connect(url, timeout.get("connect"))
        limit = timeout.get("read")
        try:
            answer = connection.wire.ask(method, asyncio.get_running_loop())
            connection.writer.write(request)
            if len(request) > _UNDRAINED:
                async with _Limit(timeout.get("write"), httpx2.WriteTimeout, httpx2.WriteError):
                    await connection.writer.drain()
            whole = await _in_time(answer, limit)
            if whole is None:
                async with _Limit(limit, httpx2.ReadTimeout, httpx2.ReadError):
                    whole = await read_head(connection.reader, method), None
        except BaseException:
            connection.abort()
            raise
        return Exchange(connection, whole, self.give_back, limit)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request of a client."""
        content = await _content(request)
        answer = await self.exchange(
            request.method,
            request.url,
            request.headers.raw,
            content,
            timeout=request.extensions.get("timeout", {}),
        )
        return httpx2.Response(
            answer.head.status, headers=answer.head.headers, stream=_Stream(answer)
        )

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next request, unless there are enough."""
        if self._count >= _KEPT or not connection.is_open:
            connection.abort()
            return
        connection.used_at = asyncio.get_running_loop().time()
        self._idle.setdefault(connection.origin, []).append(connection)
        self._count += 1

    async def aclose(self) -> None:
        """Hang up."""
        for connections in self._idle.values():
            for connection in connections:
                connection.abort()
        self._idle.clear()
        self._count = 0

    async def _connect(self, url: httpx2.URL, timeout_s: float | None) -> Connection:
        port = url.port or (443 if url.scheme == "https" else 80)
        origin = (url.scheme, url.host, port)
        kept = self._take(origin)
        if kept is not None:
            return kept
        if url.scheme not in {"http", "https"}:
            raise httpx2.UnsupportedProtocol(f"{url.scheme!r} is neither http nor https")
        context = await self._tls() if url.scheme == "https" else None
        async with _Limit(timeout_s, httpx2.ConnectTimeout, httpx2.ConnectError):
            return await _open(origin, url.raw_host.decode("ascii"), context)

    def _take(self, origin: _Origin) -> Connection | None:
        """Return the connection used last; those that are stale are given up."""
        idle = self._idle.get(origin)
        oldest = asyncio.get_running_loop().time() - _IDLE_S
        while idle:
            connection = idle.pop()
            self._count -= 1
            if connection.used_at > oldest and connection.is_open:
                return connection
            connection.abort()
        self._idle.pop(origin, None)
        return None

    async def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            # Loading the certificates takes tens of milliseconds.
            self._context = await asyncio.to_thread(self._make_context)
        return self._context


async def _open(origin: _Origin, host: str, context: ssl.SSLContext | None) -> Connection:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LONGEST_HEAD, loop=loop)
    wire = _Wire(reader, loop)
    transport, _ = await loop.create_connection(lambda: wire, host, origin[2], ssl=context)
    return Connection(origin, reader, asyncio.StreamWriter(transport, wire, reader, loop), wire)


async def _in_time(answer: "asyncio.Future[Whole | None]", limit_s: float | None) -> Whole | None:
    """Wait for an answer: with a timer alone, which costs a part of what a time-out does."""
    if limit_s is None:
        return await answer

    def late() -> None:
        if not answer.done():
            answer.set_exception(httpx2.ReadTimeout(f"nothing happened for {limit_s} s"))

    timer = asyncio.get_running_loop().call_later(limit_s, late)
    try:
        return await answer
    finally:
        timer.cancel()


class _Stream(httpx2.AsyncByteStream):
    """A body as a client reads it."""

    def __init__(self, answer: Exchange) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.pieces()

    async def aclose(self) -> None:
        self._answer.close()


async def _content(request: httpx2.Request) -> bytes:
    """Return a request's body, whole: the engine streams none.

    Raises:
        httpx2.LocalProtocolError: its headers, which may be a function's own, tell another size.
    """
    content = await request.aread()
    lengths = set(request.headers.get_list("content-length"))
    if "transfer-encoding" in request.headers or lengths - {str(len(content))}:
        raise httpx2.LocalProtocolError("the headers of the request contradict its body")
    return content


class _Limit:
    """Ends a wait that takes too long, and names what goes wrong as an HTTP client does."""

    __slots__ = ("_failed", "_late", "_timeout", "_timeout_s")

    def __init__(
        self,
        timeout_s: float | None,
        late: type[httpx2.TimeoutException],
        failed: type[httpx2.NetworkError],
    ) -> None:
        self._timeout_s = timeout_s
        self._timeout = asyncio.timeout(timeout_s)
        self._late = late
        self._failed = failed

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, traceback)
        except TimeoutError as late:
            error = late
        if isinstance(error, TimeoutError):
            raise self._late(f"nothing happened for {self._timeout_s} s") from error
        if isinstance(error, OSError):  # also TLS errors
            raise self._failed(str(error) or type(error).__name__) from error


def _has_data(reader: asyncio.StreamReader) -> bool:
    buffer: bytearray = reader._buffer  # type: ignore[attr-defined]  # noqa: SLF001 - no public way to peek
    return bool(buffer)
