"""What both HTTP links do with a call, whatever the protocol."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeAlias

from typing_extensions import override

from rawr.contract import EventIterator, Link, LinkCall, is_error_status
from rawr.wire import DecodeError

from ._codec import LinkCodec
from ._context import HeaderSource, Seconds, headers_of, seconds, timeout_of
from ._errors import ContractMismatch, LinkError, ProtocolError, Redirected
from ._events import EventSource
from ._httpx import HTTPClient, HTTPXTransport
from ._messages import HTTPResponse, Transport
from ._output import typed_error, typed_output
from ._reading import (
    close_response,
    deadline,
    is_event_stream,
    read_body,
)

LinkNext: TypeAlias = Callable[[LinkCall], Awaitable[Any]]
"""What is further inside the link: other interceptors, at last the request."""

LinkInterceptor: TypeAlias = Callable[[LinkCall, LinkNext], Awaitable[Any]]
"""Wraps every call of a link: `async def log(call, next): return await next(call)`."""

DEFAULT_TIMEOUT_SECONDS = 60.0


class HTTPLink(Link):
    """Carries calls over HTTP in the protocol of its codec.

    Close it, or use it as an async context manager, if it opened its own HTTP client.
    """

    def __init__(
        self,
        codec: LinkCodec,
        *,
        headers: HeaderSource,
        timeout: Seconds | None,
        event_timeout: Seconds | None,
        client: HTTPClient | Transport | None,
        interceptors: Sequence[LinkInterceptor],
        max_response_bytes: int,
    ) -> None:
        self._codec = codec
        self._headers = headers
        self._timeout = timeout
        self._event_seconds = seconds(event_timeout)
        self._transport = as_transport(client)
        self._max_response_bytes = max_response_bytes
        self._call: LinkNext = self._exchange
        for interceptor in reversed(interceptors):
            self._call = _wrap(interceptor, self._call)

    @override
    async def call(self, call: LinkCall) -> Any:
        """See `Link.call`; raises a `LinkError` too, if there is no usable answer."""
        try:
            return await self._call(call)
        except LinkError as error:
            error.add_note(f"in the call of {'.'.join(call.path)}")
            raise

    async def aclose(self) -> None:
        """Close the HTTP client the link opened; one that was given stays open."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _exchange(self, call: LinkCall) -> Any:
        limit = timeout_of(call, self._timeout)
        async with deadline(limit, f"{'.'.join(call.path)} did not answer"):
            request = self._codec.encode(_on_the_wire(call), await headers_of(call, self._headers))
            response = await self._transport.send(request)
            if is_event_stream(response):
                return await self._events(call, response)
            try:
                body = await read_body(response, self._max_response_bytes)
            finally:
                await close_response(response)
        try:
            return self._output(call, response, body)
        except DecodeError as error:
            raise ProtocolError(
                f"Status {response.status} came with a body that cannot be read: {error}. "
                "Do the link's URL and prefix lead to an oRPC server?"
            ) from error

    async def _events(self, call: LinkCall, response: HTTPResponse) -> EventIterator[Any]:
        if not call.contract.definition.streams:
            await close_response(response)
            raise ContractMismatch(
                f"{'.'.join(call.path)} answered with events; declare it with .streams(...)"
            )
        decoder = self._codec.event_decoder(self._max_response_bytes)
        return EventIterator(EventSource(response, decoder, call, idle_seconds=self._event_seconds))

    def _output(self, call: LinkCall, response: HTTPResponse, body: bytes) -> object:
        status, headers = response.status, response.headers
        if is_error_status(status):
            raise typed_error(call, self._codec.decode_error(status, headers, body))
        if status >= _FIRST_REDIRECT and not self._codec.expects_redirect(call):
            raise Redirected(status, headers.get("location", ""))
        if call.contract.definition.streams:
            raise ContractMismatch(
                f"{'.'.join(call.path)} answered with a single value where its contract streams"
            )
        return typed_output(call, self._codec.decode(call, status, headers, body))


_FIRST_REDIRECT = 300


def as_transport(client: HTTPClient | Transport | None) -> Transport:
    """The transport of what a link was given; an httpx2 client of its own for None."""
    if client is None or isinstance(client, HTTPClient):
        return HTTPXTransport(client)
    return client


def _wrap(interceptor: LinkInterceptor, inner: LinkNext) -> LinkNext:
    def wrapped(call: LinkCall) -> Awaitable[Any]:
        return interceptor(call, inner)

    return wrapped


def _on_the_wire(call: LinkCall) -> LinkCall:
    """The call with its input as wire values."""
    schema = call.contract.definition.input
    return call if schema is None else replace(call, input=schema.dump(call.input))
