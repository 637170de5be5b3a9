"""Event iterators: items, metadata, results, closing."""

from collections.abc import AsyncIterator

import pytest

from rawr.contract import Event, EventIterator, EventMeta, with_event_meta
from rawr.schema import UNDEFINED


class Source(AsyncIterator[int | Event[int]]):
    """Items, a result, and how often it was closed."""

    def __init__(self, *items: int | Event[int]) -> None:
        self._items = iter(items)
        self.result = "fin"
        self.closed = 0

    async def __anext__(self) -> int | Event[int]:
        try:
            return next(self._items)
        except StopIteration:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        self.closed += 1


async def test_items_come_without_their_metadata() -> None:
    events = EventIterator(Source(1, with_event_meta(2, id="a"), 3))
    assert [item async for item in events] == [1, 2, 3]


async def test_the_last_id_and_retry_are_kept() -> None:
    events = EventIterator(
        Source(with_event_meta(1, id="a", retry=5), with_event_meta(2, retry=0), 3)
    )
    assert (events.last_event_id, events.retry) == (None, None)
    await anext(events)
    assert (events.last_event_id, events.retry) == ("a", 5)
    await anext(events)
    await anext(events)
    assert (events.last_event_id, events.retry) == ("a", 0)


async def test_events_may_be_read_with_their_metadata() -> None:
    events = EventIterator(Source(1, with_event_meta(2, id="a", comments=("c",))))
    assert [item async for item in events.events()] == [
        1,
        Event(2, EventMeta(id="a", comments=("c",))),
    ]


async def test_leaving_the_context_closes_the_source() -> None:
    source = Source(1)
    with pytest.raises(ZeroDivisionError):
        async with EventIterator(source):
            raise ZeroDivisionError
    assert source.closed == 1


async def test_the_result_is_the_sources() -> None:
    assert EventIterator(Source()).result == "fin"


async def test_a_generator_has_no_result_and_closes() -> None:
    closed = []

    async def generate() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            closed.append(True)

    events = EventIterator(generate())
    await anext(events)
    await events.aclose()
    await events.aclose()
    assert (closed, events.result) == ([True], UNDEFINED)


async def test_a_plain_iterator_needs_no_closing() -> None:
    class Bare(AsyncIterator[int]):
        async def __anext__(self) -> int:
            raise StopAsyncIteration

    async with EventIterator(Bare()) as events:
        assert [item async for item in events] == []


def test_events_can_be_made_with_their_type() -> None:
    assert Event[int](1, EventMeta()) == Event(1, EventMeta())
