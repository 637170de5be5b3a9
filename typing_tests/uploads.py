"""What type checkers infer of event iterators as inputs."""

from collections.abc import AsyncIterator
from typing import assert_type

from rawr.contract import (
    Contract,
    ContractBuilder,
    EventIterator,
    EventIteratorSchema,
    InputCall,
    Link,
    create_client,
    event_iterator,
    event_result,
    map_events,
    post,
    procedure,
)
from rawr.procedure import Procedure, call, create_router_client, implement, procedures
from rawr.schema import Schema, SchemaAdapter, adapt


class Number(Schema):
    n: int


class Text(Schema):
    text: str


assert_type(event_iterator(Number), EventIteratorSchema[Number])
as_adapter: SchemaAdapter[EventIterator[Number]] = event_iterator(Number)


class Numbers(Contract):
    add = procedure().input(event_iterator(Number)).output(Number)
    double = post("/double").input(event_iterator(Number)).streams(Number)
    same = procedure().output(event_iterator(Number))


# The word of the protocol stands for both directions.
assert_type(Numbers.add, ContractBuilder[EventIterator[Number], Number])
assert_type(Numbers.double, ContractBuilder[EventIterator[Number], EventIterator[Number]])
assert_type(Numbers.same, ContractBuilder[None, EventIterator[Number]])

os = implement(Numbers)

# What the producer returns has a type too, where it is declared.
assert_type(event_iterator(Number, returns=Text), EventIteratorSchema[Number, Text])
as_schema: SchemaAdapter[EventIterator[Number, Text]] = event_iterator(Number, returns=Text)


class Sums(Contract):
    sum = procedure().input(event_iterator(Number, returns=Text)).output(Number)
    told = procedure().streams(Number, returns=Text)
    same = procedure().output(event_iterator(adapt(Number), returns=adapt(Text)))


assert_type(Sums.told, ContractBuilder[None, EventIterator[Number, Text]])
sums = implement(Sums)


@sums.handler(Sums.sum)
async def add_up(context: None, input: EventIterator[Number, Text]) -> Number:
    async for number in input:
        assert_type(number, Number)
    assert_type(input.result, Text)
    return Number(n=1)


@sums.stream(Sums.told)
async def told(context: None) -> AsyncIterator[Number]:
    yield Number(n=1)
    yield event_result(Text(text="all"))


@procedures().streams(Number, returns=Text).stream
async def built(context: None) -> AsyncIterator[Number]:
    yield Number(n=1)
    yield event_result(Text(text="all"))


assert_type(built, Procedure[None, None, EventIterator[Number, Text]])


@os.handler(Numbers.add)
async def add(context: None, input: EventIterator[Number]) -> Number:
    async for number in input:
        assert_type(number, Number)
    assert_type(input.last_event_id, str | None)
    return Number(n=1)


@os.stream(Numbers.double)
async def double(context: None, input: EventIterator[Number]) -> AsyncIterator[Number]:
    async for number in input:
        yield Number(n=number.n * 2)


@os.handler(Numbers.add)
async def plain(context: None, input: AsyncIterator[Number]) -> Number:
    return await anext(input)


@os.handler(Numbers.add)  # type: ignore[arg-type]  # the items are Numbers
async def wrong(context: None, input: EventIterator[Text]) -> Number:  # pyright: ignore[reportArgumentType]
    return Number(n=1)


@procedures().input(event_iterator(Number)).output(int).handler
async def count(context: None, input: EventIterator[Number]) -> int:
    return len([number async for number in input])


assert_type(count, Procedure[None, EventIterator[Number], int])


async def numbers() -> AsyncIterator[Number]:
    yield Number(n=1)


def accept(events: EventIterator[Number]) -> None:
    assert_type(events.result, object)


async def texts() -> AsyncIterator[Text]:
    yield Text(text="x")


async def calls(link: Link) -> None:
    client = create_client(Numbers, link)
    # A client takes any async iterator of the items.
    assert_type(client.add, InputCall[AsyncIterator[Number], Number])
    assert_type(await client.add(numbers()), Number)
    assert_type(await client.add(EventIterator(numbers())), Number)
    assert_type(await client.double(numbers()), EventIterator[Number])
    assert_type(await client.double(await client.double(numbers())), EventIterator[Number])
    await client.add(texts())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    await client.add(Number(n=1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    summing = create_client(Sums, link)
    assert_type(summing.sum, InputCall[AsyncIterator[Number], Number])
    async with await summing.told() as events:
        assert_type([number async for number in events], list[Number])
        assert_type(events.result, Text)
    anything = await client.double(numbers())
    assert_type(anything.result, object)
    accept(await summing.told())
    assert_type(map_events(numbers(), str), EventIterator[str])
    assert_type(map_events(numbers(), str, change_result=len), EventIterator[str, int])

    in_process = create_router_client(Numbers, os.router(), None)
    assert_type(await in_process.add(numbers()), Number)
    assert_type(await call(count, numbers(), context=None), int)
    await call(count, texts(), context=None)  # type: ignore[misc]  # pyright: ignore[reportCallIssue, reportArgumentType]
