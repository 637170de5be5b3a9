"""Event iterators read from a response (RPC protocol v1, event iterator)."""

from collections import deque
from collections.abc import AsyncIterator
from typing import Any, assert_never

from typing_extensions import override

from rawr.contract import Event, LinkCall, ORPCError
from rawr.schema import UNDEFINED
from rawr.wire import DecodeError
from rawr.wire.event_iterator import Done, Failed, Item, ItemEvent, IteratorDecoder

from ._errors import ConnectionLost, ProtocolError
from ._messages import HTTPResponse
from ._output import typed_error, typed_output
from ._reading import close_response, deadline


class EventSource(AsyncIterator[Any]):
    """Decodes the body of a response event by event.

    It is no generator, so that it closes the response even if nobody ever iterates it.
    """

    def __init__(
        self,
        response: HTTPResponse,
        decoder: IteratorDecoder,
        call: LinkCall,
        *,
        idle_seconds: float | None,
    ) -> None:
        self._response = response
        self._decoder = decoder
        self._call = call
        self._name = ".".join(call.path)
        self._idle_seconds = idle_seconds
        self._ready: deque[ItemEvent] = deque()
        self._closed = False
        self.result: object = UNDEFINED

    @override
    async def __anext__(self) -> Any:
        try:
            while not self._closed:
                if self._ready:
                    return await self._take(self._ready.popleft())
                self._ready.extend(await self._receive())
        except BaseException:
            await self.aclose()
            raise
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close the response; the server then stops its producer."""
        if not self._closed:
            self._closed = True
            self._ready.clear()
            await close_response(self._response)

    async def _receive(self) -> list[ItemEvent]:
        async with deadline(self._idle_seconds, f"{self._name} sent nothing"):
            chunk = await anext(self._response.chunks, None)
        return self._end() if chunk is None else self._decoder.feed(chunk)

    def _end(self) -> list[ItemEvent]:
        try:
            return self._decoder.close()
        except DecodeError as error:
            raise ConnectionLost(f"The events of {self._name} stopped half way") from error

    async def _take(self, event: ItemEvent) -> Any:
        match event:
            case Item():
                return Event(typed_output(self._call, event.data), event.meta)
            case Failed():
                raise self._failure(event) from event.error
            case Done():
                self.result = event.data
                await self.aclose()
                raise StopAsyncIteration
            case _:
                assert_never(event)

    def _failure(self, event: Failed) -> Exception:
        if isinstance(event.error, ORPCError):
            return typed_error(self._call, event.error)
        if isinstance(event.error, DecodeError):
            return ProtocolError(f"{self._name} sent an event that cannot be read: {event.error}")
        return ProtocolError(
            f"{self._name} ended with an error event that holds no oRPC error: {event.error}"
        )
