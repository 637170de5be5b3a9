"""The OpenAPI protocol over HTTP: the same procedures by method and path."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from typing_extensions import override

from rawr.contract import EventIterator, ORPCError
from rawr.procedure import Middleware, Router
from rawr.schema import UndescribableType
from rawr.wire import (
    MAX_DEPTH,
    FormData,
    URLSearchParams,
    flat_writer,
    parse_json,
    record_writer,
)
from rawr.wire.body import parse_urlencoded
from rawr.wire.error import error_to_json
from rawr.wire.event_iterator import IteratorDecoder
from rawr.wire.openapi import MAX_ARRAY_INDEX, OpenAPISerializer

from ._body import JSON_HEADERS, standard_response
from ._codec import Codec, JsonForm
from ._coercer import Coercer
from ._detailed import DetailedOutput, DetailedReader, detailed_reader
from ._events import event_response
from ._handler import DEFAULT_MAX_BODY_BYTES, HandlerOptions, StandardHandler
from ._operation import Operation
from ._plugin import Interceptor, Plugin
from ._request import Request
from ._response import DEFAULT_KEEP_ALIVE, KeepAlive, Response, Sleep
from ._routes import OpenAPIMatcher

ErrorBodyEncoder: TypeAlias = Callable[[ORPCError[Any]], object | None]
"""Gives the body of an error response; None asks for the standard one."""


class OpenAPICodec(Codec):
    """Plain JSON by method and path; types travel in the schema, not in the payload."""

    def __init__(
        self, serializer: OpenAPISerializer, encode_error_body: ErrorBodyEncoder | None
    ) -> None:
        self._serializer = serializer
        self._encode_error_body = encode_error_body
        self._coercers: dict[str, Coercer | None] = {}
        self._detailed_readers: dict[str, DetailedReader] = {}

    @override
    def reads_body(self, request: Request) -> bool:
        """See `Codec.reads_body`."""
        if request.is_event_stream():
            return False
        return request.method != "GET" or request.operation.route.input_structure == "detailed"

    @override
    def decode(self, request: Request, body: bytes) -> object:
        """See `Codec.decode`."""
        if request.operation.route.input_structure == "detailed":
            read = self._detailed_reader(request.operation)
            query, (content, is_text) = (
                self._decode_query(request),
                self._decode_body(request, body),
            )
            detailed = read(request, query, content)
            parts = ("params", "query", "headers", *(("body",) if is_text else ()))
            return self._typed(request.operation, detailed, [it for it in parts if it in detailed])
        if request.method == "GET":
            content, is_text = self._decode_query(request), True
        else:
            content, is_text = self._decode_body(request, body)
        value = _merge(content, request.params)
        if is_text:
            return self._typed(request.operation, value)
        return self._typed(request.operation, value, request.params) if request.params else value

    @override
    def json_form(self, operation: Operation) -> JsonForm | None:
        """See `Codec.json_form`."""
        route, serializer = operation.route, self._serializer
        if operation.streams or {route.input_structure, route.output_structure} != {"compact"}:
            return None

        def reader(take: Callable[[object], Any]) -> Callable[[bytes], Any]:
            def read(content: bytes) -> Any:
                is_short = 0 < len(content) <= MAX_DEPTH
                return take(parse_json(content) if is_short else serializer.decode(content))

            return read

        status = route.success_status
        encode = flat_writer(
            None, lambda value: standard_response(serializer.serialize_body(value), status)
        )
        return JsonForm(
            status=status, reader=reader, encode=encode, record_writer=record_writer(None)
        )

    @override
    def event_decoder(self, max_event_bytes: int) -> IteratorDecoder:
        """See `Codec.event_decoder`."""
        return IteratorDecoder(self._serializer, fill_status=True, max_event_bytes=max_event_bytes)

    @override
    def encode(self, operation: Operation, output: Any) -> Response:
        """See `Codec.encode`.

        Raises:
            TypeError: A detailed output is not of the form `{status?, headers?, body?}`.
        """
        route = operation.route
        if operation.streams:
            return event_response(operation, output, self._serializer, status=route.success_status)
        value = operation.dump(output)
        if route.output_structure == "compact":
            return standard_response(self._serializer.serialize_body(value), route.success_status)
        detail = DetailedOutput.of(value, route)
        response = standard_response(self._serializer.serialize_body(detail.body), detail.status)
        response.headers = (*response.headers, *detail.headers)
        return response

    @override
    def encode_error(self, error: ORPCError[Any]) -> Response:
        """See `Codec.encode_error`."""
        custom = None if self._encode_error_body is None else self._encode_error_body(error)
        body = self._serializer.encode(error_to_json(error) if custom is None else custom)
        return Response(status=error.status, headers=JSON_HEADERS, body=body)

    def _detailed_reader(self, operation: Operation) -> DetailedReader:
        reader = self._detailed_readers.get(operation.name)
        if reader is None:
            reader = detailed_reader(operation.place.contract.definition.input)
            self._detailed_readers[operation.name] = reader
        return reader

    def _decode_query(self, request: Request) -> Any:
        return self._serializer.deserialize_body(parse_urlencoded(request.query_string))

    def _decode_body(self, request: Request, body: bytes) -> tuple[Any, bool]:
        """The value of a body, and whether it came as text."""
        if request.is_json():
            return self._serializer.decode(body), False
        if request.is_event_stream():
            return EventIterator(request.upload(self.event_decoder)), False
        content = request.standard_body(body)
        is_text = isinstance(content, FormData | URLSearchParams | str)
        return self._serializer.deserialize_body(content), is_text

    def _typed(self, operation: Operation, value: Any, names: Collection[str] | None = None) -> Any:
        """A value whose members of these names, or else all of it, came as text."""
        try:
            coercer = self._coercers[operation.name]
        except KeyError:
            coercer = self._coercers[operation.name] = _coercer_of(operation)
        if coercer is None:
            return value
        if type(value) is dict:
            return coercer.coerce_members(value, value if names is None else names)
        return coercer.coerce(value)


def _coercer_of(operation: Operation) -> Coercer | None:
    schema = operation.place.contract.definition.input
    try:
        return None if schema is None else Coercer.of(schema)
    except UndescribableType:
        return None


def _merge(data: object, params: Mapping[str, str]) -> object:
    """Path parameters over the rest of a compact input (OpenAPI protocol, input)."""
    if not params:
        return data
    return {**data, **params} if isinstance(data, dict) else dict(params)


class OpenAPIHandler(StandardHandler):
    """Serves a router by method and path, as `@orpc/openapi-client`'s OpenAPILink speaks it.

    `interceptors` wrap matched requests, `client_interceptors` the call inside, decoded.
    `max_body_bytes` caps request bodies (413); `max_array_index` the array indexes of bracket
    notation; `encode_error_body` replaces the body of error responses.

    >>> import asyncio
    >>> from rawr.testing.asgi import ASGIClient
    >>> app = OpenAPIHandler(router).asgi(prefix="/api", context=None)
    >>> asyncio.run(ASGIClient(app).request("GET", "/api/planets/earth")).json()
    {'id': 'earth', 'name': 'Earth'}

    Raises:
        ContractError: Two procedures answer the same requests.
    """

    def __init__(
        self,
        router: Router[Any],
        *,
        interceptors: Sequence[Interceptor] = (),
        client_interceptors: Sequence[Middleware[Any]] = (),
        plugins: Sequence[Plugin] = (),
        max_body_bytes: int = DEFAULT_MAX_BODY_BYTES,
        max_array_index: int = MAX_ARRAY_INDEX,
        encode_error_body: ErrorBodyEncoder | None = None,
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
        serializer = OpenAPISerializer(max_array_index=max_array_index)
        codec = OpenAPICodec(serializer, encode_error_body)
        super().__init__(router, codec, OpenAPIMatcher, options)
