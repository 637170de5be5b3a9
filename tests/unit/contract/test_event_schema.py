"""Event iterators as a schema: of inputs, and as a word for streams."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from rawr.contract import (
    Event,
    EventIterator,
    EventMeta,
    InvalidItem,
    event_iterator,
    procedure,
    with_event_meta,
)
from rawr.schema import Schema, SchemaError, adapt


class Number(Schema):
    some_number: int


class Source(AsyncIterator[Any]):
    """Items, a result, and whether anybody said that no more is wanted."""

    def __init__(self, *items: object, result: object = None) -> None:
        self._items = iter(items)
        self.result = result
        self.closed = 0

    async def __anext__(self) -> Any:
        for item in self._items:
            return item
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed += 1


NUMBERS = event_iterator(Number)


async def test_items_are_validated_one_by_one() -> None:
    source = Source({"someNumber": 1}, {"someNumber": 2.0}, {"someNumber": "2"}, result="end")
    items = NUMBERS.validate(source)
    assert [await anext(items), await anext(items)] == [
        Number(some_number=1),
        Number(some_number=2),
    ]
    with pytest.raises(InvalidItem) as caught:
        await anext(items)
    assert (caught.value.code, caught.value.status) == ("EVENT_ITERATOR_VALIDATION_FAILED", 500)
    assert isinstance(caught.value.__cause__, SchemaError)
    assert source.closed == 1
    assert items.result == "end"


async def test_the_metadata_of_events_stays() -> None:
    source = EventIterator(Source(with_event_meta({"someNumber": 1}, id="e1", retry=5)))
    items = NUMBERS.validate(source)
    assert await anext(items.events()) == Event(Number(some_number=1), EventMeta(id="e1", retry=5))
    again = NUMBERS.validate(Source(with_event_meta({"someNumber": 1}, id="e1")))
    assert [item async for item in again] == [Number(some_number=1)]
    assert again.last_event_id == "e1"


async def test_closing_closes_the_producer_even_if_nothing_was_asked_for() -> None:
    source = Source()
    await NUMBERS.validate(EventIterator(source)).aclose()
    assert source.closed == 1


async def test_items_are_dumped_one_by_one() -> None:
    dumped = NUMBERS.dump(
        Source(Number(some_number=1), with_event_meta(Number(some_number=2), id="e"))
    )
    assert [item async for item in dumped] == [{"someNumber": 1}, {"someNumber": 2}]
    assert dumped.last_event_id == "e"


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, "text"])
def test_what_is_no_iterator_is_refused(value: object) -> None:
    with pytest.raises(SchemaError, match="Expect event iterator"):
        NUMBERS.validate(value)


def test_it_is_a_schema_like_any_other() -> None:
    assert adapt(NUMBERS) is NUMBERS
    assert event_iterator(Number) == NUMBERS
    assert event_iterator(int) != NUMBERS
    assert len({NUMBERS, event_iterator(Number)}) == 1
    assert NUMBERS.json_schema() == {"x-native-type": "event-iterator"}
    assert repr(event_iterator(adapt(int))) == "EventIteratorSchema(PydanticAdapter(<class 'int'>))"


def test_as_an_output_it_is_a_stream() -> None:
    declared = procedure().output(NUMBERS).definition
    assert declared.streams
    assert declared.output == adapt(Number)
    assert not procedure().output(NUMBERS).output(int).definition.streams


async def test_an_iterator_that_cannot_be_closed_is_left_alone() -> None:
    class Bare(AsyncIterator[Any]):
        async def __anext__(self) -> Any:
            return {"someNumber": "x"}

    items = NUMBERS.validate(Bare())
    await items.aclose()
    with pytest.raises(InvalidItem):
        await anext(items)
