"""Event iterators as a schema: of inputs, and as a word for streams."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from rawr.contract import (
    Event,
    EventIterator,
    EventMeta,
    InvalidItem,
    ORPCError,
    event_iterator,
    event_result,
    map_events,
    procedure,
    with_event_meta,
)
from rawr.schema import UNDEFINED, Schema, SchemaError, adapt


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
    assert items.result is UNDEFINED
    with pytest.raises(StopAsyncIteration):
        await anext(items)


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
    with pytest.raises(InvalidItem):
        await anext(items)
    await items.aclose()
    assert [item async for item in items] == []


class Total(Schema):
    in_all: int


TOTALLED = event_iterator(Number, returns=Total)


async def test_the_result_is_validated_at_the_end() -> None:
    items = TOTALLED.validate(Source({"someNumber": 1}, result={"inAll": 1}))
    with pytest.raises(RuntimeError, match="iterate it to its end"):
        _ = items.result
    assert [item async for item in items] == [Number(some_number=1)]
    assert items.result == Total(in_all=1)


async def test_a_generator_returns_what_it_yields_as_its_result() -> None:
    closed: list[bool] = []

    async def count() -> AsyncIterator[Any]:
        try:
            yield {"someNumber": 1}
            yield event_result({"inAll": 1})
            yield {"someNumber": 2}
        finally:
            closed.append(True)

    items = TOTALLED.validate(count())
    assert [item async for item in items] == [Number(some_number=1)]
    assert (items.result, closed) == (Total(in_all=1), [True])
    assert [item async for item in items] == []


@pytest.mark.parametrize("result", [{"inAll": "x"}, None, UNDEFINED])
async def test_a_result_that_breaks_the_contract_is_refused(result: object) -> None:
    source = Source(result=result)
    items = TOTALLED.validate(source)
    with pytest.raises(InvalidItem) as caught:
        await anext(items)
    assert isinstance(caught.value.__cause__, SchemaError)
    assert source.closed == 1
    with pytest.raises(StopAsyncIteration):
        await anext(items)


async def test_a_result_that_is_not_there_may_be_declared() -> None:
    items = event_iterator(Number, returns=adapt(int | None)).validate(Source(result=UNDEFINED))
    assert ([item async for item in items], items.result) == ([], None)


async def test_without_a_declaration_any_result_passes() -> None:
    items = NUMBERS.validate(Source(result={"any": "thing"}))
    assert ([item async for item in items], items.result) == ([], {"any": "thing"})


async def test_results_are_dumped() -> None:
    dumped = TOTALLED.dump(Source(result=Total(in_all=3)))
    assert ([item async for item in dumped], dumped.result) == ([], {"inAll": 3})
    assert TOTALLED.dump_result(UNDEFINED) is UNDEFINED
    assert NUMBERS.dump_result("as it is") == "as it is"


async def test_a_stream_that_was_left_has_no_result() -> None:
    items = TOTALLED.validate(Source({"someNumber": 1}))
    await anext(items)
    await items.aclose()
    assert [item async for item in items] == []
    with pytest.raises(RuntimeError, match="has no result yet"):
        _ = items.result


async def test_a_stream_left_while_somebody_waits_just_ends() -> None:
    class Left(Source):
        async def __anext__(self) -> Any:
            await items.aclose()
            raise StopAsyncIteration

    items = TOTALLED.validate(Left())
    assert [item async for item in items] == []


def test_the_result_is_part_of_the_schema() -> None:
    assert event_iterator(Number, returns=Total) == TOTALLED
    assert event_iterator(adapt(Number), returns=adapt(Total)) == TOTALLED
    assert TOTALLED != NUMBERS
    assert len({TOTALLED, NUMBERS, event_iterator(Number, returns=Total)}) == 2
    assert repr(event_iterator(int, returns=str)) == (
        "EventIteratorSchema(PydanticAdapter(<class 'int'>), "
        "returns=PydanticAdapter(<class 'str'>))"
    )


def test_a_contract_tells_what_its_stream_returns() -> None:
    declared = procedure().streams(Number, returns=Total)
    assert declared.definition.events == TOTALLED
    assert procedure().output(TOTALLED).definition == declared.definition
    assert declared.output(int).definition.events is None
    assert declared.streams(Number).definition.events == NUMBERS


async def test_events_are_mapped_with_their_metadata_result_and_errors() -> None:
    async def words() -> AsyncIterator[Any]:
        yield with_event_meta("one", id="e1")
        yield event_result("end")

    loud = map_events(words(), str.upper, change_result=len)
    assert [item async for item in loud] == ["ONE"]
    assert (loud.last_event_id, loud.result) == ("e1", 3)

    async def failing() -> AsyncIterator[str]:
        yield "one"
        raise ORPCError("GONE")

    told = map_events(failing(), str.upper, change_error=lambda _: ORPCError("LOST"))
    assert await anext(told) == "ONE"
    with pytest.raises(ORPCError, match="LOST") as caught:
        await anext(told)
    assert isinstance(caught.value.__cause__, ORPCError)
