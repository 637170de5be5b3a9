"""One request for many equal ones at the same time."""

from dataclasses import dataclass, field
from typing import Final

import anyio
from typing_extensions import override

from ._messages import HTTPRequest, HTTPResponse, Transport
from ._reading import DEFAULT_MAX_RESPONSE_BYTES, close_response, is_event_stream, read_body

_SHAREABLE_METHOD: Final = "GET"


@dataclass(slots=True, kw_only=True)
class _Flight:
    """A request under way and what became of it."""

    landed: anyio.Event = field(default_factory=anyio.Event)
    response: HTTPResponse | None = None
    content: bytes = b""

    def copy(self) -> HTTPResponse | None:
        """The response for one more caller; None if it could not be shared."""
        if self.response is None:
            return None
        return HTTPResponse.of(self.response.status, self.response.headers, self.content)


class DedupeTransport(Transport):
    """Lets equal `GET` requests under way at the same time share one answer.

    Equal means method, URL and headers, so callers with different credentials never share.
    A request that fails or is cancelled leaves the others to send their own.

    >>> import asyncio
    >>> from rawr.client import ASGITransport, OpenAPILink
    >>> async def main() -> None:
    ...     async with ASGITransport(app) as transport:
    ...         link = OpenAPILink("http://hq/api", client=DedupeTransport(transport))
    ...         planets = create_client(Planets, link)
    ...         print(await asyncio.gather(planets.count(), planets.count()))
    >>> asyncio.run(main())
    [8, 8]
    """

    def __init__(
        self, transport: Transport, *, max_response_bytes: int = DEFAULT_MAX_RESPONSE_BYTES
    ) -> None:
        self._transport = transport
        self._max_response_bytes = max_response_bytes
        self._flights: dict[tuple[object, ...], _Flight] = {}

    @override
    async def send(self, request: HTTPRequest) -> HTTPResponse:
        if request.method != _SHAREABLE_METHOD or request.body is not None:
            return await self._transport.send(request)
        key = (request.url, *sorted(request.headers.items()))
        flight = self._flights.get(key)
        if flight is None:
            return await self._lead(key, request)
        await flight.landed.wait()
        return flight.copy() or await self.send(request)

    @override
    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _lead(self, key: tuple[object, ...], request: HTTPRequest) -> HTTPResponse:
        flight = self._flights[key] = _Flight()
        try:
            response = await self._transport.send(request)
            if is_event_stream(response):
                return response
            try:
                flight.content = await read_body(response, self._max_response_bytes)
            finally:
                await close_response(response)
            flight.response = response
        finally:
            del self._flights[key]
            flight.landed.set()
        return HTTPResponse.of(response.status, response.headers, flight.content)
