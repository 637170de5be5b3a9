"""Streaming procedures: items validated, errors derived, producers closed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.unit.procedure.kit import Count, Forbidden, Payment, Ref, Runs, call_of

from rawr.contract import (
    Contract,
    Event,
    EventIterator,
    EventMeta,
    ORPCError,
    event_result,
    procedure,
    with_event_meta,
)
from rawr.schema import UNDEFINED, SchemaError

WIRE = {"runId": "r"}


class Producer(AsyncIterator[Any]):
    """Gives items or raises errors, in order; counts how often it was closed."""

    def __init__(self, *items: object) -> None:
        self._items = iter(items)
        self.closed = 0
        self.result: object = "fin"

    async def __anext__(self) -> Any:
        for item in self._items:
            if isinstance(item, BaseException):
                raise item
            return item
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self.closed += 1


async def watch(producer: AsyncIterator[Any]) -> EventIterator[Count]:
    def handler(context: object, input: Ref) -> AsyncIterator[Any]:
        return producer

    events: EventIterator[Count] = await call_of(Runs.watch, handler, WIRE)
    assert isinstance(events, EventIterator)
    return events


async def test_items_are_validated_into_their_type() -> None:
    events = await watch(Producer({"n": 1}, Count(n=2)))
    assert [item async for item in events] == [Count(n=1), Count(n=2)]


async def test_generators_are_producers() -> None:
    async def handler(context: object, input: Ref) -> AsyncIterator[Count]:
        yield Count(n=1)

    events = await call_of(Runs.watch, handler, WIRE)
    assert [item async for item in events] == [Count(n=1)]


async def test_an_async_function_may_return_the_producer() -> None:
    async def handler(context: object, input: Ref) -> AsyncIterator[Any]:
        return Producer(Count(n=1))

    events = await call_of(Runs.watch, handler, WIRE)
    assert [item async for item in events] == [Count(n=1)]


async def test_an_async_function_may_refuse_the_call_itself() -> None:
    async def handler(context: object, input: Ref) -> AsyncIterator[Any]:
        raise ORPCError("FORBIDDEN")

    with pytest.raises(Forbidden):
        await call_of(Runs.watch, handler, WIRE)


async def test_event_metadata_passes() -> None:
    events = await watch(Producer(with_event_meta({"n": 1}, id="a", retry=3)))
    assert [item async for item in events.events()] == [
        Event(Count(n=1), EventMeta(id="a", retry=3))
    ]


async def test_a_passed_on_stream_keeps_ids_and_result() -> None:
    producer = Producer(with_event_meta({"n": 1}, id="a"))
    events = await watch(EventIterator(producer))
    assert [item async for item in events] == [Count(n=1)]
    assert (events.last_event_id, events.result) == ("a", "fin")
    await events.aclose()
    assert producer.closed == 1


async def test_a_generator_returns_nothing() -> None:
    async def handler(context: object, input: Ref) -> AsyncIterator[Count]:
        yield Count(n=1)

    events = await call_of(Runs.watch, handler, WIRE)
    assert [item async for item in events]
    assert events.result is UNDEFINED


@pytest.mark.parametrize("item", [{"n": "x"}, None, with_event_meta({"n": "x"}, id="a")])
async def test_a_bad_item_is_the_servers_error_and_ends_the_stream(item: object) -> None:
    producer = Producer({"n": 1}, item)
    events = await watch(producer)
    await anext(events)
    with pytest.raises(ORPCError, match="Event iterator validation failed") as caught:
        await anext(events)
    assert (caught.value.code, caught.value.status) == ("EVENT_ITERATOR_VALIDATION_FAILED", 500)
    assert isinstance(caught.value.__cause__, SchemaError)
    assert producer.closed == 1


async def test_errors_of_the_producer_are_derived() -> None:
    producer = Producer(ORPCError("PAYMENT", status=402, data={"n": 1}))
    with pytest.raises(Payment) as caught:
        await anext(await watch(producer))
    assert caught.value.data == Count(n=1)
    assert producer.closed == 1


async def test_an_error_already_right_is_raised_as_it_is() -> None:
    raised = Payment(Count(n=1))
    with pytest.raises(Payment) as caught:
        await anext(await watch(Producer(raised)))
    assert caught.value is raised
    assert caught.value.__cause__ is None


async def test_an_undeclared_error_is_not_defined() -> None:
    with pytest.raises(ORPCError) as caught:
        await anext(await watch(Producer(ORPCError("TEAPOT", defined=True))))
    assert not caught.value.defined


async def test_other_failures_pass_and_close_the_producer() -> None:
    producer = Producer(ValueError("secret"))
    with pytest.raises(ValueError, match="secret"):
        await anext(await watch(producer))
    assert producer.closed == 1


async def test_closing_reaches_a_producer_nobody_has_read() -> None:
    producer = Producer({"n": 1})
    events = await watch(producer)
    await events.aclose()
    assert producer.closed == 1


async def test_closing_runs_the_generators_cleanup() -> None:
    cleaned: list[bool] = []

    async def handler(context: object, input: Ref) -> AsyncIterator[Count]:
        try:
            yield Count(n=1)
            yield Count(n=2)
        finally:
            cleaned.append(True)

    async with await call_of(Runs.watch, handler, WIRE) as events:
        await anext(events)
    assert cleaned == [True]


@pytest.mark.parametrize("result", [None, [1], "text"])
async def test_what_is_no_stream_is_the_servers_error(result: object) -> None:
    async def handler(context: object, input: Ref) -> object:
        return result

    with pytest.raises(ORPCError, match="Output validation failed"):
        await call_of(Runs.watch, handler, WIRE)


async def test_input_is_validated_before_the_stream_starts() -> None:
    def handler(context: object, input: Ref) -> AsyncIterator[Any]:
        raise AssertionError

    with pytest.raises(ORPCError, match="Input validation failed"):
        await call_of(Runs.watch, handler, {})


class Tally(Contract):
    count = procedure().streams(Count, returns=Ref)


@pytest.mark.parametrize("result", [Ref(run_id="r"), {"runId": "r"}])
async def test_a_declared_result_is_validated(result: object) -> None:
    async def handler(context: object) -> AsyncIterator[Any]:
        yield Count(n=1)
        yield event_result(result)

    events = await call_of(Tally.count, handler, UNDEFINED)
    assert [item async for item in events] == [Count(n=1)]
    assert events.result == Ref(run_id="r")


async def test_a_missing_result_is_the_servers_error() -> None:
    async def handler(context: object) -> AsyncIterator[Any]:
        yield Count(n=1)

    events = await call_of(Tally.count, handler, UNDEFINED)
    await anext(events)
    with pytest.raises(ORPCError, match="Event iterator validation failed") as caught:
        await anext(events)
    assert not caught.value.defined
