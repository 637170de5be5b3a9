"""Event iterators read from an answer (RPC protocol v1, event iterator)."""

from collections import deque
from collections.abc import AsyncIterator
from typing import Any, Protocol, assert_never

from typing_extensions import override

from rawr.contract import Event, EventIterator, LinkCall, ORPCError
from rawr.schema import UNDEFINED
from rawr.wire import DecodeError
from rawr.wire.event_iterator import Done, Failed, Item, ItemEvent, IteratorDecoder

from ._calls import name_of
from ._errors import ConnectionLost, ContractMismatch, LinkError, ProtocolError
from ._messages import HTTPResponse
from ._output import typed_error, typed_output, typed_result
from ._reading import close_response, deadline


class EventFeed(Protocol):
    """Where the events of one stream come from."""

    async def receive(self) -> list[ItemEvent]:
        """What came next, in order; perhaps nothing that counts.

        Raises:
            LinkError: The stream broke.
        """
        ...

    async def aclose(self) -> None:
        """Tell the producer to stop; safe to call twice, even when cancelled."""
        ...


async def typed_events(call: LinkCall, feed: EventFeed) -> EventIterator[Any]:
    """The events of a procedure that streams.

    Raises:
        ContractMismatch: It should have answered with one value.
    """
    if not call.contract.definition.streams:
        await feed.aclose()
        raise ContractMismatch(
            f"{name_of(call)} answered with events; declare it with .streams(...)"
        )
    return EventIterator(EventSource(call, feed))


class ResponseFeed(EventFeed):
    """Decodes the body of an HTTP response."""

    def __init__(
        self,
        response: HTTPResponse,
        decoder: IteratorDecoder,
        name: str,
        *,
        idle_seconds: float | None,
    ) -> None:
        self._response = response
        self._decoder = decoder
        self._name = name
        self._idle_seconds = idle_seconds

    @override
    async def receive(self) -> list[ItemEvent]:
        async with deadline(self._idle_seconds, f"{self._name} sent nothing"):
            chunk = await anext(self._response.chunks, None)
        return self._end() if chunk is None else self._decoder.feed(chunk)

    @override
    async def aclose(self) -> None:
        await close_response(self._response)

    def _end(self) -> list[ItemEvent]:
        try:
            return self._decoder.close()
        except DecodeError as error:
            raise ConnectionLost(f"The events of {self._name} stopped half way") from error


class EventSource(AsyncIterator[Any]):
    """The typed items of a feed.

    It is no generator, so that it closes the feed even if nobody ever iterates it.
    """

    def __init__(self, call: LinkCall, feed: EventFeed) -> None:
        self._call = call
        self._feed = feed
        self._ready: deque[ItemEvent] = deque()
        self._closed = False
        self._result: tuple[object] | None = None

    @property
    def result(self) -> object:
        """See `EventIterator.result`."""
        if self._result is not None:
            return self._result[0]
        if self._call.contract.definition.returns is None:
            return UNDEFINED
        raise RuntimeError(
            f"{name_of(self._call)} has not returned yet: iterate it to its end, then read the "
            "result"
        )

    @override
    async def __anext__(self) -> Any:
        try:
            while not self._closed:
                if self._ready:
                    return await self._take(self._ready.popleft())
                self._ready.extend(await self._feed.receive())
        except LinkError:
            if not self._closed:  # else it is what closing does to a reader
                await self.aclose()
                raise
        except BaseException:
            await self.aclose()
            raise
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the feed; the server then stops its producer."""
        if not self._closed:
            self._closed = True
            self._ready.clear()
            await self._feed.aclose()

    async def _take(self, event: ItemEvent) -> Any:
        match event:
            case Item():
                return Event(typed_output(self._call, event.data), event.meta)
            case Failed():
                raise self._failure(event) from event.error
            case Done():
                self._result = (typed_result(self._call, event.data),)
                await self.aclose()
                raise StopAsyncIteration
            case _:
                assert_never(event)

    def _failure(self, event: Failed) -> Exception:
        if isinstance(event.error, ORPCError):
            return typed_error(self._call, event.error)
        name = name_of(self._call)
        if isinstance(event.error, DecodeError):
            return ProtocolError(f"{name} sent an event that cannot be read: {event.error}")
        return ProtocolError(
            f"{name} ended with an error event that holds no oRPC error: {event.error}"
        )
