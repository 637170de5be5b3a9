"""Event iterators: streams of events, each with an optional id."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, Self, cast

from typing_extensions import TypeVar, override

from rawr.schema import UNDEFINED

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True, default=object)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMeta:
    """What travels beside an event's data: `retry` in milliseconds, `id` for resuming."""

    id: str | None = None
    retry: int | None = None
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Event(Generic[T]):
    """An item with event metadata; yield it in place of the bare item."""

    data: T
    meta: EventMeta


def with_event_meta(
    data: object,
    *,
    id: str | None = None,
    retry: int | None = None,
    comments: tuple[str, ...] = (),
) -> Any:
    """Attach an event id, a retry time (milliseconds) or comments to a yielded item.

    The result is typed `Any` because it stands where the item itself is declared.
    """
    return Event(data, EventMeta(id=id, retry=retry, comments=comments))


@dataclass(frozen=True)
class EventResult(Generic[T]):
    """The end of an event iterator, with what it returns; yield it as the last item."""

    value: T


def event_result(value: object) -> Any:
    """End an event iterator and return a value: what an async generator yields last.

    Python's async generators cannot `return` one, as those of TypeScript do. The result is
    typed `Any` because it stands where an item is declared.

    >>> async def count_up():
    ...     yield 1
    ...     yield 2
    ...     yield event_result("counted")
    """
    return EventResult(value)


class EventIterator(
    AsyncIterator[T], AbstractAsyncContextManager["EventIterator[T, R_co]"], Generic[T, R_co]
):
    """The items of a streaming procedure, validated, in order.

    Iterate it with `async for`; close it (or leave its `async with`) to tell the producer
    to stop. `last_event_id` is the id to resume from.
    """

    def __init__(self, source: AsyncIterator[T | Event[T]]) -> None:
        self._source = source
        self.last_event_id: str | None = None
        self.retry: int | None = None

    @property
    def result(self) -> R_co:
        """What the producer returned at the end; `UNDEFINED` if it returned nothing.

        Raises:
            RuntimeError: The contract promises a result, and the iterator has not ended.
        """
        return cast("R_co", getattr(self._source, "result", UNDEFINED))

    @override
    def __aiter__(self) -> Self:
        return self

    @override
    async def __anext__(self) -> T:
        item = await anext(self._source)
        if isinstance(item, Event):
            self.last_event_id = item.meta.id or self.last_event_id
            self.retry = item.meta.retry if item.meta.retry is not None else self.retry
            return item.data
        return item

    def events(self) -> AsyncIterator[T | Event[T]]:
        """The items as they were yielded: an `Event` where one carries metadata."""
        return self._source

    async def aclose(self) -> None:
        """Stop the producer; safe to call twice."""
        close = getattr(self._source, "aclose", None)
        if close is not None:
            await close()

    @override
    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
