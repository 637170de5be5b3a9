"""Event iterators that a client sends (RPC protocol v1, event iterator as request body)."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

from typing_extensions import override

from rawr.contract import Event, EventMeta, ORPCError
from rawr.schema import UNDEFINED
from rawr.wire import DecodeError
from rawr.wire.event_iterator import Done, Failed, Item, ItemEvent, IteratorDecoder

from ._asgi import Message, Receive
from ._companion import stays

MAX_BUFFERED_ITEMS: Final = 64
"""How many items of an event iterator may wait for the handler; then reading pauses."""

_NO_META: Final = EventMeta()


class Upload(AsyncIterator[Any]):
    """The items a client streams, decoded, in order; what the handler iterates over.

    Whoever carries the bytes feeds them: the companion of a call through `receive`, which
    reads from the client only while there is room, or a websocket through `feed`.
    """

    __slots__ = (
        "_closed",
        "_decoder",
        "_ended",
        "_items",
        "_max_items",
        "_on_stop",
        "_ready",
        "_receive",
        "_space",
        "result",
    )

    def __init__(
        self,
        decoder: IteratorDecoder,
        *,
        receive: Receive = stays,
        max_items: int = MAX_BUFFERED_ITEMS,
        on_stop: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._decoder = decoder
        self._receive = receive
        self._max_items = max_items
        self._on_stop = on_stop
        self._items = deque[ItemEvent]()
        self._ready = asyncio.Event()
        self._space = asyncio.Event()
        self._ended = False
        """Whether the last event is here: nothing that comes after it counts."""
        self._closed = False
        """Whether there is nothing more to give."""
        self.result: object = UNDEFINED
        """What the client returned at the end."""

    async def receive(self) -> Message:
        """The ASGI messages of the request, passed on once their events are buffered.

        It may be cancelled at any time without losing an event.
        """
        await self._room()
        message = await self._receive()
        if message["type"] == "http.request":
            self._take(message.get("body", b""))
            if not message.get("more_body", False):
                self.end()
        elif message["type"] == "http.disconnect":
            self.fail(ORPCError("CLIENT_CLOSED_REQUEST"))
        return message

    async def feed(self, chunk: bytes) -> None:
        """Take in some bytes of the stream once there is room."""
        await self._room()
        self._take(chunk)

    def end(self) -> None:
        """Say that the stream has ended."""
        if self._ended:
            return
        try:
            self._put(self._decoder.close())
        except DecodeError as error:
            self._put([Failed(error, _NO_META)])

    def fail(self, error: Exception) -> None:
        """Drop what has not been read; the handler gets this error instead."""
        if self._ended:
            return
        self._items.clear()
        self._put([Failed(error, _NO_META)])
        self._space.set()

    @override
    async def __anext__(self) -> Any:
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            self._ready.clear()
            await self._ready.wait()
        event = self._items.popleft()
        self._space.set()
        if isinstance(event, Item):
            return event.data if event.meta == _NO_META else Event(event.data, event.meta)
        self._closed = True
        if isinstance(event, Done):
            self.result = event.data
            raise StopAsyncIteration
        raise _as_answer(event.error)

    async def aclose(self) -> None:
        """Stop reading; a client that can be told to stop sending is told."""
        told = self._ended
        self.abandon()
        if self._on_stop is not None and not told:
            await self._on_stop()

    def abandon(self) -> None:
        """Take in nothing more; whatever still comes is dropped."""
        self._ended = self._closed = True
        self._items.clear()
        self._space.set()
        self._ready.set()

    async def _room(self) -> None:
        while len(self._items) >= self._max_items and not self._ended:
            self._space.clear()
            await self._space.wait()

    def _take(self, chunk: bytes) -> None:
        if not self._ended:
            self._put(self._decoder.feed(chunk))

    def _put(self, events: list[ItemEvent]) -> None:
        if events:
            self._items.extend(events)
            self._ended = isinstance(events[-1], Done | Failed)
            self._ready.set()


def _as_answer(error: Exception) -> Exception:
    if not isinstance(error, DecodeError):
        return error
    answer = ORPCError[Any]("BAD_REQUEST", message=f"Malformed event: {error}")
    answer.__cause__ = error
    return answer
