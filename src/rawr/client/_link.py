"""What both HTTP links do with a call, whatever the protocol."""

from collections.abc import Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

from typing_extensions import override

from rawr.contract import EventIterator, Link, LinkCall, is_error_status
from rawr.wire import DecodeError

from ._calls import LinkInterceptor, intercepted, name_of, on_the_wire
from ._codec import LinkCodec
from ._context import HeaderSource, Seconds, headers_of, seconds, timeout_of
from ._errors import ProtocolError, Redirected
from ._events import ResponseFeed, typed_events
from ._httpx import HTTPClient, HTTPXTransport
from ._messages import HTTPResponse, Transport
from ._output import single_output, typed_error
from ._reading import (
    close_response,
    deadline,
    is_event_stream,
    read_body,
)


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
        self._call = intercepted(self._exchange, interceptors)

    @override
    async def call(self, call: LinkCall) -> Any:
        """See `Link.call`; raises a `LinkError` too, if there is no usable answer."""
        return await self._call(call)

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
        async with deadline(limit, f"{name_of(call)} did not answer"):
            request = self._codec.encode(on_the_wire(call), await headers_of(call, self._headers))
            if call.contract.definition.streams:
                request = replace(request, expects_events=True)
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
        decoder = self._codec.event_decoder(self._max_response_bytes)
        feed = ResponseFeed(response, decoder, name_of(call), idle_seconds=self._event_seconds)
        return await typed_events(call, feed)

    def _output(self, call: LinkCall, response: HTTPResponse, body: bytes) -> object:
        status, headers = response.status, response.headers
        if is_error_status(status):
            raise typed_error(call, self._codec.decode_error(status, headers, body))
        if status >= _FIRST_REDIRECT and not self._codec.expects_redirect(call):
            raise Redirected(status, headers.get("location", ""))
        return single_output(call, self._codec.decode(call, status, headers, body))


_FIRST_REDIRECT = 300


def as_transport(client: HTTPClient | Transport | None) -> Transport:
    """The transport of what a link was given; an httpx2 client of its own for None."""
    if client is None or isinstance(client, HTTPClient):
        return HTTPXTransport(client)
    return client
