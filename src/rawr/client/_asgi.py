"""Calling an ASGI application of the same process, without a socket."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Self, TypeAlias
from urllib.parse import unquote, urlsplit

import anyio
from anyio.abc import TaskGroup
from typing_extensions import override

from ._errors import ConnectionLost
from ._messages import HTTPRequest, HTTPResponse, Transport
from ._upload import UploadBody

Message: TypeAlias = MutableMapping[str, Any]
ASGIApplication: TypeAlias = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Message]],
        Callable[[Message], Awaitable[None]],
    ],
    Awaitable[None],
]
"""An ASGI 3 application, called in this process."""


class ASGITransport(Transport):
    """Sends requests to an ASGI application; responses stream as they are written.

    Closing a response early tells the application that the client went away.

    >>> import asyncio
    >>> from rawr.client import RPCLink
    >>> async def main() -> None:
    ...     async with ASGITransport(app) as transport:
    ...         planets = create_client(Planets, RPCLink("http://hq/rpc", client=transport))
    ...         print([event async for event in await planets.watch()])
    >>> asyncio.run(main())
    ['born', 'cooled']
    """

    def __init__(
        self, app: ASGIApplication, *, client: tuple[str, int] = ("127.0.0.1", 50000)
    ) -> None:
        self._app = app
        self._client = client
        self._group = anyio.create_task_group()
        self._tasks: TaskGroup | None = None

    async def __aenter__(self) -> Self:
        self._tasks = await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._tasks = None
        self._group.cancel_scope.cancel()
        await self._group.__aexit__(None, None, None)

    @override
    async def send(self, request: HTTPRequest) -> HTTPResponse:
        if self._tasks is None:
            raise RuntimeError("Enter the ASGITransport first: async with ASGITransport(app)")
        exchange = _Exchange(request)
        scope = _scope(request, self._client)
        if isinstance(request.body, UploadBody):
            self._tasks.start_soon(exchange.upload, name=f"upload {scope['path']}")
        self._tasks.start_soon(exchange.run, self._app, scope, name=f"asgi {scope['path']}")
        try:
            return await exchange.response()
        except BaseException:
            await exchange.close()
            raise

    @override
    async def aclose(self) -> None:
        """Nothing to give back: leaving the context ends what still runs."""


class _Exchange:
    """One request and its response, between the application's task and the caller's."""

    def __init__(self, request: HTTPRequest) -> None:
        self._whole = request.body if isinstance(request.body, bytes) else b""
        self._pump = _Pump(request.body) if isinstance(request.body, UploadBody) else None
        self._has_all = False
        self._gone = anyio.Event()
        self._started = anyio.Event()
        self._head: Message | None = None
        self._failure: Exception | None = None
        self._writing, self._reading = anyio.create_memory_object_stream[bytes](math.inf)

    async def run(self, app: ASGIApplication, scope: Message) -> None:
        """Let the application answer; its failure is the caller's."""
        try:
            await app(scope, self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - the caller is told instead
            self._failure = error
        finally:
            self._stop_upload()
            self._writing.close()
            self._started.set()

    async def upload(self) -> None:
        """Make a body that is streamed, as the application reads it."""
        if self._pump is not None:
            await self._pump.run()

    async def response(self) -> HTTPResponse:
        """Wait for the response head.

        Raises:
            ConnectionLost: The application failed or returned without answering.
        """
        await self._started.wait()
        if self._head is None:
            raise ConnectionLost("The application ended without an answer") from self._failure
        headers: dict[str, str] = {}
        for name, value in self._head.get("headers", ()):
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
        return HTTPResponse(
            status=self._head["status"], headers=headers, chunks=self._chunks(), close=self.close
        )

    async def close(self) -> None:
        """Go away; safe to call twice."""
        self._gone.set()
        self._stop_upload()
        self._reading.close()

    def _stop_upload(self) -> None:
        if self._pump is not None:
            self._pump.stop()

    async def _chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._reading:
            yield chunk
        if self._failure is not None:
            raise ConnectionLost("The application failed half way") from self._failure

    async def _receive(self) -> Message:
        if not self._has_all:
            message = await self._rest()
            self._has_all = not message["more_body"]
            if not self._gone.is_set():
                return message
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _rest(self) -> Message:
        if self._pump is None:
            return {"type": "http.request", "body": self._whole, "more_body": False}
        block = await self._pump.block()
        return {"type": "http.request", "body": block or b"", "more_body": block is not None}

    async def _send(self, message: Message) -> None:
        await anyio.lowlevel.checkpoint()
        if message["type"] == "http.response.start":
            self._head = message
            self._started.set()
        elif message["type"] == "http.response.body" and not self._gone.is_set():
            if message.get("body"):
                self._writing.send_nowait(bytes(message["body"]))
            if not message.get("more_body", False):
                self._writing.close()


class _Pump:
    """A streamed body on its way: made block by block, while somebody wants the next one."""

    def __init__(self, body: UploadBody) -> None:
        self._body = body
        self._scope = anyio.CancelScope()
        self._writing, self._reading = anyio.create_memory_object_stream[bytes]()

    async def run(self) -> None:
        try:
            with self._scope:
                async for block in self._body:
                    await self._writing.send(block)
        finally:
            self._writing.close()
            await self._body.aclose()

    async def block(self) -> bytes | None:
        """The next block; None at the end. Cancelling it loses nothing."""
        try:
            return await self._reading.receive()
        except anyio.EndOfStream:
            return None

    def stop(self) -> None:
        self._scope.cancel()
        self._reading.close()


def _scope(request: HTTPRequest, client: tuple[str, int]) -> dict[str, Any]:
    parts = urlsplit(request.url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    raw_path = parts.path or "/"
    given = [(name.encode("ascii"), value.encode()) for name, value in request.headers.items()]
    if isinstance(request.body, bytes) and "content-length" not in request.headers:
        given.append((b"content-length", str(len(request.body)).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(raw_path),
        "raw_path": raw_path.encode("ascii"),
        "root_path": "",
        "query_string": parts.query.encode("ascii"),
        "headers": [(b"host", parts.netloc.encode()), *given],
        "client": client,
        "server": (host, port),
    }
