"""An ASGI client in process that sees a response while it is still being written."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf
from typing import Any, TypeAlias
from urllib.parse import unquote

import anyio
import msgspec
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from rawr.http import ASGIApp, Message
from rawr.schema import Json

Headers: TypeAlias = Mapping[str, str] | Sequence[tuple[str, str]]
Body: TypeAlias = bytes | Iterable[bytes]

__all__ = ["ASGIClient", "ASGIExchange", "ASGIResponse", "Body", "Headers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ASGIResponse:
    """A complete response."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name; the last one where a header repeats."""
    raw_headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Json:
        """The body as JSON."""
        return msgspec.json.decode(self.body)


class ASGIExchange:
    """A response whose chunks are read as the application sends them."""

    def __init__(
        self,
        messages: MemoryObjectReceiveStream[Message],
        to_app: MemoryObjectSendStream[Message],
    ) -> None:
        self._messages = messages
        self._to_app = to_app
        self.status = 0
        self.raw_headers: tuple[tuple[bytes, bytes], ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        """Headers by lower-case name; the last one where a header repeats."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.raw_headers}

    async def start(self) -> None:
        """Wait for status and headers.

        Raises:
            anyio.EndOfStream: The application returned without answering.
        """
        message = await self._messages.receive()
        self.status = message["status"]
        self.raw_headers = tuple(message.get("headers", ()))

    async def chunks(self) -> AsyncIterator[bytes]:
        """Each chunk as it is sent, until the body is complete or the application ends."""
        async for message in self._messages:
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return

    async def chunk(self) -> bytes:
        """The next chunk.

        Raises:
            anyio.EndOfStream: There is none.
        """
        async for chunk in self.chunks():
            return chunk
        raise anyio.EndOfStream

    def disconnect(self) -> None:
        """Let the application see that the client went away."""
        self._to_app.send_nowait({"type": "http.disconnect"})

    async def ended(self) -> None:
        """Wait until the application has returned; what it still sends is dropped."""
        async for _ in self._messages:
            pass


class ASGIClient:
    """Calls an ASGI application without a socket.

    The application sees `http.disconnect` when the client says so, never on its own.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        headers: Headers = (),
        client: tuple[str, int] | None = ("127.0.0.1", 50000),
    ) -> None:
        self._app = app
        self._headers = _pairs(headers)
        self._client = client

    async def request(
        self, method: str, target: str, *, headers: Headers = (), body: Body = b""
    ) -> ASGIResponse:
        """Send a request and read the whole response; `target` is a raw path and query."""
        async with self.stream(method, target, headers=headers, body=body) as exchange:
            chunks = [chunk async for chunk in exchange.chunks()]
        return ASGIResponse(
            status=exchange.status,
            headers=exchange.headers,
            raw_headers=exchange.raw_headers,
            body=b"".join(chunks),
        )

    @asynccontextmanager
    async def stream(
        self, method: str, target: str, *, headers: Headers = (), body: Body = b""
    ) -> AsyncIterator[ASGIExchange]:
        """Send a request and read the response bit by bit; leaving disconnects."""
        async with self.exchange(method, target, headers=headers, body=body) as exchange:
            await exchange.start()
            yield exchange

    @asynccontextmanager
    async def exchange(
        self,
        method: str,
        target: str,
        *,
        headers: Headers = (),
        body: Body = b"",
        complete: bool = True,
    ) -> AsyncIterator[ASGIExchange]:
        """Send a request without waiting for an answer; leaving disconnects.

        With `complete=False` the body stays unfinished. Whatever the application raises is
        raised on leaving.
        """
        sent, from_app = anyio.create_memory_object_stream[Message](0)
        to_app, received = anyio.create_memory_object_stream[Message](inf)
        for message in _body_messages(body, complete=complete):
            to_app.send_nowait(message)
        scope = self._scope(method, target, headers)

        async def run() -> None:
            with sent:
                await self._app(scope, received.receive, _dropping(sent))

        exchange = ASGIExchange(from_app, to_app)
        task = asyncio.create_task(run(), name="rawr.testing.asgi_app")
        with to_app, received, from_app:
            try:
                yield exchange
            finally:
                exchange.disconnect()
                await exchange.ended()
                await task

    def _scope(self, method: str, target: str, headers: Headers) -> dict[str, Any]:
        path, _, query = target.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [*self._headers, *_pairs(headers)],
            "client": self._client,
            "server": ("127.0.0.1", 3000),
        }


def _pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    items = headers.items() if isinstance(headers, Mapping) else headers
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in items]


def _body_messages(body: Body, *, complete: bool) -> list[Message]:
    *chunks, last = [body] if isinstance(body, bytes) else [*body] or [b""]
    return [
        *({"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks),
        {"type": "http.request", "body": last, "more_body": not complete},
    ]


def _dropping(stream: MemoryObjectSendStream[Message]) -> Any:
    async def send(message: Message) -> None:
        try:
            await stream.send(message)
        except anyio.BrokenResourceError:
            return  # as servers do once the client is gone

    return send
