"""RPC protocol v1 over HTTP."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from typing_extensions import override

from rawr.contract import EventIterator, ORPCError
from rawr.procedure import Middleware, Router
from rawr.wire import MAX_DEPTH, flat_writer, parse_json, record_writer
from rawr.wire.body import parse_urlencoded
from rawr.wire.error import error_to_json
from rawr.wire.event_iterator import IteratorDecoder
from rawr.wire.rpc import CustomType, RPCSerializer

from ._asgi import ASGIApp
from ._body import JSON_HEADERS, standard_response
from ._codec import Codec, JsonForm
from ._events import event_response
from ._handler import DEFAULT_MAX_BODY_BYTES, HandlerOptions, StandardHandler
from ._operation import Operation
from ._peer import DEFAULT_LIMITS, WebsocketLimits
from ._plugin import Interceptor, Plugin
from ._request import EVENT_STREAM_TYPE, Request
from ._response import DEFAULT_KEEP_ALIVE, KeepAlive, Response, Sleep
from ._routes import RPCMatcher
from ._websocket import CheckOrigin, WebsocketApp, same_origin


class RPCCodec(Codec):
    """RPC protocol v1: tagged JSON, files as multipart, streams as server-sent events."""

    def __init__(self, serializer: RPCSerializer) -> None:
        self._serializer = serializer

    @override
    def reads_body(self, request: Request) -> bool:
        """See `Codec.reads_body`; only `GET` reads the query instead."""
        return request.method != "GET" and not (
            request.content_type.startswith(EVENT_STREAM_TYPE) and request.is_event_stream()
        )

    @override
    def decode(self, request: Request, body: bytes) -> object:
        """See `Codec.decode`."""
        if request.method == "GET":
            return self._serializer.decode(
                parse_urlencoded(request.query_string).last("data") or ""
            )
        if request.is_json():
            return self._serializer.decode(body)
        if request.is_event_stream():
            return EventIterator(request.upload(self.event_decoder))
        return self._serializer.deserialize_body(request.standard_body(body))

    @override
    def json_form(self, operation: Operation) -> JsonForm | None:
        """See `Codec.json_form`."""
        if operation.streams:
            return None
        serializer = self._serializer

        def reader(take: Callable[[object], Any]) -> Callable[[bytes], Any]:
            def read(content: bytes) -> Any:
                if not 0 < len(content) <= MAX_DEPTH:
                    return take(serializer.decode(content))
                payload = parse_json(content)
                if len(payload) == 1:
                    return take(payload["json"])
                return take(serializer.deserialize(payload))

            return read

        encode = flat_writer(
            "json", lambda value: standard_response(serializer.serialize_body(value))
        )
        return JsonForm(
            status=200, reader=reader, encode=encode, record_writer=record_writer("json")
        )

    @override
    def event_decoder(self, max_event_bytes: int) -> IteratorDecoder:
        """See `Codec.event_decoder`."""
        return IteratorDecoder(self._serializer, max_event_bytes=max_event_bytes)

    @override
    def encode(self, operation: Operation, output: Any) -> Response:
        """See `Codec.encode`; the status of a success is always 200."""
        if operation.streams:
            return event_response(operation, output, self._serializer)
        return standard_response(self._serializer.serialize_body(operation.dump(output)))

    @override
    def encode_error(self, error: ORPCError[Any]) -> Response:
        """See `Codec.encode_error`."""
        body = self._serializer.encode(error_to_json(error))
        return Response(status=error.status, headers=JSON_HEADERS, body=body)


class RPCHandler(StandardHandler):
    """Serves a router over RPC protocol v1, as `@orpc/client`'s RPCLink speaks it.

    `interceptors` wrap matched requests, `client_interceptors` the call inside, decoded.
    `strict_get` refuses a `GET` of a procedure that is not declared with `GET` (405).
    `max_body_bytes` caps request bodies (413); `custom_types` travel besides the built-in ones.

    >>> import asyncio
    >>> from rawr.testing.asgi import ASGIClient
    >>> app = RPCHandler(router).asgi(prefix="/rpc", context=None)
    >>> asyncio.run(ASGIClient(app).request("POST", "/rpc/count", body=b"{}")).json()
    {'json': 8}
    """

    def __init__(
        self,
        router: Router[Any],
        *,
        interceptors: Sequence[Interceptor] = (),
        client_interceptors: Sequence[Middleware[Any]] = (),
        plugins: Sequence[Plugin] = (),
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        strict_get: bool = True,
        custom_types: Iterable[CustomType] = (),
        keep_alive: KeepAlive = DEFAULT_KEEP_ALIVE,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        options = HandlerOptions(
            interceptors=tuple(interceptors),
            client_interceptors=tuple(client_interceptors),
            plugins=tuple(plugins),
            max_body_bytes=max_body_bytes,
            keep_alive=keep_alive,
            sleep=sleep,
        )
        super().__init__(router, RPCCodec(RPCSerializer(custom_types)), RPCMatcher, options)
        self._strict_get = strict_get

    def websocket(
        self,
        *,
        prefix: str = "",
        context: object = None,
        check_origin: CheckOrigin = same_origin,
        limits: WebsocketLimits = DEFAULT_LIMITS,
    ) -> ASGIApp:
        """An ASGI application that serves websockets, as `@orpc/client/websocket` uses them.

        Clients call without a prefix unless they were told otherwise. Every call makes its
        context by itself; its headers lie over those of the handshake.
        """
        mount = self._mount(prefix, context)
        return WebsocketApp(mount, check_origin, limits, self._answer_unmatched)

    @override
    def _admit(self, request: Request) -> None:
        # The scope's method: a `GET` must not bring in other calls inside a batch.
        if (
            request.scope.get("method") == "GET"
            and self._strict_get
            and request.operation.method != "GET"
        ):
            raise ORPCError("METHOD_NOT_SUPPORTED")
