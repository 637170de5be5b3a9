"""The link over a websocket: RPC protocol v1, peer protocol."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, assert_never
from urllib.parse import urlsplit

import anyio
from typing_extensions import override

from rawr.contract import EventIterator, Link, LinkCall, is_error_status
from rawr.wire import DecodeError, ErrorEvent
from rawr.wire.body import EVENT_STREAM
from rawr.wire.error import error_from_json, error_from_response
from rawr.wire.event_iterator import Done, Failed, Item, ItemEvent
from rawr.wire.path import encode_path
from rawr.wire.peer import PeerEvent, PeerResponse
from rawr.wire.rpc import CustomType, RPCSerializer

from ._calls import (
    DEFAULT_TIMEOUT_SECONDS,
    LinkInterceptor,
    intercepted,
    name_of,
    on_the_wire,
)
from ._connecting import ConnectHeaders, PeerConnections, Reconnect
from ._context import HeaderSource, Seconds, headers_of, seconds, timeout_of
from ._errors import ProtocolError
from ._events import EventFeed, typed_events
from ._output import single_output, typed_error
from ._peer import PeerExchange
from ._reading import DEFAULT_MAX_RESPONSE_BYTES, deadline
from ._retry import Sleep
from ._rpc import read_payload
from ._socket import Connect, websocket_connector
from ._upload import Upload

DEFAULT_MAX_BUFFERED_BYTES: Final = 16 * 1024 * 1024


class WebSocketLink(Link):
    """Carries many calls at once over one websocket, with every value type of the protocol.

    The socket is opened by the first call and closed with the link. A lost connection fails
    the calls that wait on it with `ConnectionLost`; with `reconnect` the next call opens
    another one, and a `ReconnectLink` around this link resumes event iterators on it.

    An input that is an async iterator is streamed, item by item; the server may stop it.

    >>> link = WebSocketLink("wss://hq.example.com/rpc/ws", reconnect=Reconnect(max_attempts=3))
    >>> create_client(Planets, link).watch
    <ProcedureCall watch>

    Args:
        url: Where the server accepts websockets, such as `wss://hq.example.com/rpc/ws`.
        headers: Sent with every call, as HTTP headers are; or a (possibly async) function
            of the call.
        connect_headers: Sent with the handshake, or a (possibly async) function that makes
            them for each one.
        timeout: Seconds until the answer must be complete (of a stream: its head).
        event_timeout: Seconds a stream may stay silent. None waits for ever.
        reconnect: Whether and how a lost connection is opened again. None never does.
        connect: Opens sockets; the `websockets` library does unless told otherwise.
        interceptors: Wrap each call, the first one outermost.
        max_response_bytes: How large an answer, or one event of a stream, may be.
        max_buffered_bytes: How much of one stream is kept until it is read; beyond that the
            stream fails with `ReaderTooSlow`.
        custom_types: Application types on the wire; the server must know them too.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: HeaderSource | None = None,
        connect_headers: ConnectHeaders | None = None,
        timeout: Seconds | None = DEFAULT_TIMEOUT_SECONDS,
        event_timeout: Seconds | None = None,
        reconnect: Reconnect | None = None,
        connect: Connect | None = None,
        interceptors: Sequence[LinkInterceptor] = (),
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        max_buffered_bytes: int = DEFAULT_MAX_BUFFERED_BYTES,
        custom_types: Iterable[CustomType] = (),
        sleep: Sleep = anyio.sleep,
    ) -> None:
        self._headers: HeaderSource = {} if headers is None else headers
        self._timeout = timeout
        self._event_seconds = seconds(event_timeout)
        self._serializer = RPCSerializer(custom_types)
        self._call = intercepted(self._exchange, interceptors)
        self._make_connections = partial(
            PeerConnections,
            _websocket_url(url),
            websocket_connector(max_response_bytes) if connect is None else connect,
            headers={} if connect_headers is None else connect_headers,
            reconnect=reconnect,
            max_buffered_bytes=max_buffered_bytes,
            sleep=sleep,
        )
        self._connections: PeerConnections | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        tasks = await self._stack.enter_async_context(anyio.create_task_group())
        self._stack.callback(tasks.cancel_scope.cancel)
        self._connections = self._make_connections(tasks)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._connections = None
        await self._stack.aclose()

    @override
    async def call(self, call: LinkCall) -> Any:
        """See `Link.call`; raises a `LinkError` too, if there is no usable answer."""
        return await self._call(call)

    async def _exchange(self, call: LinkCall) -> Any:
        limit = timeout_of(call, self._timeout)
        async with deadline(limit, f"{name_of(call)} did not answer"):
            exchange = await self._send(call)
            try:
                response = await exchange.response()
            except BaseException:
                exchange.leave()
                raise
        if response.body is EVENT_STREAM and not is_error_status(response.status):
            return await self._events(call, exchange)
        exchange.leave()
        try:
            return self._output(call, response)
        except DecodeError as error:
            raise ProtocolError(
                f"Status {response.status} came with a body that cannot be read: {error}. "
                "Does the link's URL lead to an oRPC server?"
            ) from error

    async def _send(self, call: LinkCall) -> PeerExchange:
        if self._connections is None:
            raise RuntimeError("Enter the WebSocketLink first: async with WebSocketLink(...)")
        connections = self._connections
        headers = await headers_of(call, self._headers)
        value = on_the_wire(call).input
        path = encode_path(call.path)
        if isinstance(value, AsyncIterator):
            upload = Upload(value, self._serializer)
            connection = await connections.connection()
            return await connection.request(path, headers, EVENT_STREAM, upload)
        body = self._serializer.serialize_body(value)
        connection = await connections.connection()
        return await connection.request(path, headers, body)

    async def _events(self, call: LinkCall, exchange: PeerExchange) -> EventIterator[Any]:
        feed = PeerFeed(exchange, self._serializer, name_of(call), idle_seconds=self._event_seconds)
        return await typed_events(call, feed)

    def _output(self, call: LinkCall, response: PeerResponse) -> object:
        if is_error_status(response.status):
            json = self._serializer.deserialize_body(response.body)
            error = error_from_response(json, status=response.status, headers=response.headers)
            raise typed_error(call, error)
        value = read_payload(self._serializer, response.body, response.headers)
        return single_output(call, value)


class PeerFeed(EventFeed):
    """The events of one exchange."""

    def __init__(
        self,
        exchange: PeerExchange,
        serializer: RPCSerializer,
        name: str,
        *,
        idle_seconds: float | None,
    ) -> None:
        self._exchange = exchange
        self._serializer = serializer
        self._name = name
        self._idle_seconds = idle_seconds

    @override
    async def receive(self) -> list[ItemEvent]:
        async with deadline(self._idle_seconds, f"{self._name} sent nothing"):
            event = await self._exchange.event()
        return [self._item_event(event)]

    @override
    async def aclose(self) -> None:
        self._exchange.leave()

    def _item_event(self, event: PeerEvent) -> ItemEvent:
        try:
            value = self._serializer.deserialize(event.data)
        except DecodeError as error:
            return Failed(error, event.meta)
        match event.event:
            case "message":
                return Item(value, event.meta)
            case "done":
                return Done(value, event.meta)
            case "error":
                return Failed(error_from_json(value) or ErrorEvent(value), event.meta)
            case _:
                assert_never(event.event)


def _websocket_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or not parts.hostname or parts.fragment:
        raise ValueError(
            f"A websocket link needs an absolute URL such as wss://host/rpc/ws, not {url!r}"
        )
    return url
