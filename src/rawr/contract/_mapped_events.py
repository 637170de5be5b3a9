"""Event iterators made of other ones."""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar, overload

from typing_extensions import override

from rawr.schema import UNDEFINED

from ._errors import ORPCError
from ._events import Event, EventIterator, EventResult

T = TypeVar("T")
T2 = TypeVar("T2")
R2 = TypeVar("R2")


@overload
def map_events(
    events: AsyncIterator[T],
    change: Callable[[T], T2],
    *,
    change_result: None = None,
    change_error: Callable[[ORPCError[Any]], ORPCError[Any]] | None = None,
) -> EventIterator[T2]: ...
@overload
def map_events(
    events: AsyncIterator[T],
    change: Callable[[T], T2],
    *,
    change_result: Callable[[Any], R2],
    change_error: Callable[[ORPCError[Any]], ORPCError[Any]] | None = None,
) -> EventIterator[T2, R2]: ...
def map_events(
    events: AsyncIterator[Any],
    change: Callable[[Any], object],
    *,
    change_result: Callable[[Any], object] | None = None,
    change_error: Callable[[ORPCError[Any]], ORPCError[Any]] | None = None,
) -> EventIterator[Any, Any]:
    """An event iterator with each item changed as it comes; ids and other metadata stay.

    What the producer returns is changed by `change_result`, its errors by `change_error`;
    without these they stay as they are. Closing it closes the producer, also if nobody has
    asked for an item.

    >>> import asyncio
    >>> from rawr.contract import with_event_meta
    >>> async def words():
    ...     yield with_event_meta("one", id="e1")
    >>> async def shout():
    ...     loud = map_events(words(), str.upper)
    ...     return [word async for word in loud], loud.last_event_id
    >>> asyncio.run(shout())
    (['ONE'], 'e1')
    """
    return EventIterator(_MappedEvents(events, change, change_result, change_error))


class _MappedEvents(AsyncIterator[Any]):
    """It is no generator: closing it closes the source even if nobody asked for an item."""

    __slots__ = (
        "_change",
        "_change_error",
        "_change_result",
        "_closed",
        "_items",
        "_result",
        "_source",
    )

    def __init__(
        self,
        source: AsyncIterator[Any],
        change: Callable[[Any], object],
        change_result: Callable[[Any], object] | None,
        change_error: Callable[[ORPCError[Any]], ORPCError[Any]] | None,
    ) -> None:
        self._source = source
        # An event iterator unwraps its events; their ids have to travel on.
        self._items = source.events() if isinstance(source, EventIterator) else source
        self._change = change
        self._change_result = change_result
        self._change_error = change_error
        self._closed = False
        self._result: tuple[object] | None = None

    @property
    def result(self) -> object:
        """See `EventIterator.result`."""
        if self._result is not None:
            return self._result[0]
        if self._change_result is None:
            return UNDEFINED
        raise RuntimeError(
            "The event iterator has no result yet: iterate it to its end, then read the result"
        )

    @override
    async def __anext__(self) -> Any:
        if self._closed:
            raise StopAsyncIteration
        try:
            item = await anext(self._items)
            if isinstance(item, Event):
                return Event(self._change(item.data), item.meta)
            if not isinstance(item, EventResult):
                return self._change(item)
            self._end(item.value)
        except StopAsyncIteration:
            await self._ended()
            raise
        except BaseException as error:
            await self._fail(error)
            raise
        await self.aclose()
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop the producer."""
        self._closed = True
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()

    async def _ended(self) -> None:
        if self._closed:  # while somebody waited for an item
            return
        try:
            self._end(getattr(self._source, "result", UNDEFINED))
        except BaseException as error:
            await self._fail(error)
            raise
        self._closed = True

    def _end(self, result: object) -> None:
        change = self._change_result
        self._result = (result if change is None else change(result),)

    async def _fail(self, error: BaseException) -> None:
        await self.aclose()
        if self._change_error is None or not isinstance(error, ORPCError):
            return
        changed = self._change_error(error)
        if changed is not error:
            raise changed from error
