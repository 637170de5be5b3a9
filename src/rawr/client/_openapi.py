"""The link to plain HTTP: the OpenAPI protocol."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from typing_extensions import override

from rawr.contract import LinkCall, ORPCError
from rawr.schema import UNDEFINED
from rawr.wire.body import encode_body, parse_body
from rawr.wire.error import error_from_response
from rawr.wire.event_iterator import IteratorDecoder
from rawr.wire.openapi import CustomJson, OpenAPISerializer

from ._calls import DEFAULT_TIMEOUT_SECONDS, LinkInterceptor
from ._codec import LinkCodec
from ._context import HeaderSource, Seconds
from ._httpx import HTTPClient
from ._link import HTTPLink
from ._messages import Headers, HTTPRequest, Transport
from ._reading import DEFAULT_MAX_RESPONSE_BYTES
from ._structure import METHODS_WITHOUT_BODY, declared_output, split_input
from ._upload import EVENT_STREAM_HEADERS, UploadBody
from ._url import LinkURL

ErrorDecoder: TypeAlias = Callable[[object, int, Headers], ORPCError[Any] | None]
"""Reads a server's own error bodies from `(body, status, headers)`; None leaves it to us."""

_FIRST_REDIRECT: Final = 300
_MAX_ARRAY_INDEX: Final = 2**32 - 2
"""What a client trusts a server with: every index a JavaScript array can have."""


class OpenAPILink(HTTPLink):
    """Carries calls to any HTTP API the contract describes, by its methods and paths.

    JSON loses types; the contract's schemas bring them back.

    >>> import asyncio
    >>> from rawr.client import ASGITransport
    >>> async def main() -> None:
    ...     async with ASGITransport(app) as transport:
    ...         planets = create_client(Planets, OpenAPILink("http://hq/api", client=transport))
    ...         print(await planets.count())
    >>> asyncio.run(main())
    8

    Args:
        url: What the contract's paths are relative to.
        headers: For every call, or a (possibly async) function of the call.
        timeout: Seconds until the answer must be complete (of a stream: its head).
        event_timeout: Seconds a stream may stay silent. None waits for ever.
        client: An `httpx2.AsyncClient`, an `httpx.AsyncClient` or a `Transport`.
        interceptors: Wrap each call, the first one outermost.
        max_response_bytes: How large an answer, or one event of a stream, may be.
        error_decoder: For servers whose error bodies have a form of their own.
        custom_types: How an application's types are written as JSON.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: HeaderSource | None = None,
        timeout: Seconds | None = DEFAULT_TIMEOUT_SECONDS,
        event_timeout: Seconds | None = None,
        client: HTTPClient | Transport | None = None,
        interceptors: Sequence[LinkInterceptor] = (),
        max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES,
        error_decoder: ErrorDecoder | None = None,
        custom_types: Iterable[CustomJson] = (),
    ) -> None:
        super().__init__(
            OpenAPILinkCodec(
                LinkURL(url),
                OpenAPISerializer(
                    custom_types, max_array_index=_MAX_ARRAY_INDEX, keyed_as_objects=True
                ),
                error_decoder,
            ),
            headers={} if headers is None else headers,
            timeout=timeout,
            event_timeout=event_timeout,
            client=client,
            interceptors=interceptors,
            max_response_bytes=max_response_bytes,
        )


class OpenAPILinkCodec(LinkCodec):
    """Writes and reads the OpenAPI protocol (compact and detailed structures)."""

    def __init__(
        self,
        url: LinkURL,
        serializer: OpenAPISerializer,
        error_decoder: ErrorDecoder | None = None,
    ) -> None:
        self._url = url
        self._serializer = serializer
        self._error_decoder = error_decoder

    @override
    def encode(self, call: LinkCall, headers: Headers) -> HTTPRequest:
        method = call.contract.definition.route.effective_method
        parts = split_input(call, self._serializer)
        url = self._url.of(parts.path, self._serializer.serialize_query(parts.query))
        merged = {**parts.headers, **headers}
        if method in METHODS_WITHOUT_BODY or parts.body is UNDEFINED:
            return HTTPRequest(method=method, url=url, headers=merged)
        if isinstance(parts.body, AsyncIterator):
            return HTTPRequest(
                method=method,
                url=url,
                headers={**merged, **EVENT_STREAM_HEADERS},
                body=UploadBody(parts.body, self._serializer),
            )
        encoded = encode_body(self._serializer.serialize_body(parts.body))
        return HTTPRequest(
            method=method, url=url, headers={**merged, **encoded.headers}, body=encoded.content
        )

    @override
    def decode(self, call: LinkCall, status: int, headers: Headers, body: bytes) -> object:
        value = self._serializer.deserialize_body(parse_body(body, headers))
        if call.contract.definition.route.output_structure == "compact":
            return value
        return declared_output(
            call.contract.definition, {"status": status, "headers": dict(headers), "body": value}
        )

    @override
    def decode_error(self, status: int, headers: Headers, body: bytes) -> ORPCError[Any]:
        json = self._serializer.deserialize_body(parse_body(body, headers))
        if self._error_decoder is not None:
            error = self._error_decoder(json, status, headers)
            if error is not None:
                return error
        return error_from_response(json, status=status, headers=headers, fill_status=True)

    @override
    def event_decoder(self, max_event_bytes: int) -> IteratorDecoder:
        return IteratorDecoder(self._serializer, fill_status=True, max_event_bytes=max_event_bytes)

    @override
    def expects_redirect(self, call: LinkCall) -> bool:
        route = call.contract.definition.route
        return route.output_structure == "detailed" or route.success_status >= _FIRST_REDIRECT
