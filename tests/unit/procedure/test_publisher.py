"""What the publisher of one process adds: bounds, retention, its end."""

import gc
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from rawr.contract import Event, EventIterator
from rawr.procedure import Call, Channel, MemoryPublisher, call, procedures

NUMBERS = Channel("numbers", int)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def drained(publisher: MemoryPublisher, events: EventIterator[int]) -> list[int]:
    await publisher.aclose()
    return [item async for item in events]


async def test_a_full_buffer_drops_the_oldest() -> None:
    publisher = MemoryPublisher(buffer=3)
    events = await publisher.subscribe(NUMBERS)
    for number in range(10):
        await publisher.publish(NUMBERS, number)
    assert await drained(publisher, events) == [7, 8, 9]


async def test_what_is_missed_does_not_count_against_the_buffer() -> None:
    publisher = MemoryPublisher(buffer=2)
    first = await publisher.publish(NUMBERS, 0)
    for number in range(1, 6):
        await publisher.publish(NUMBERS, number)
    events = await publisher.subscribe(NUMBERS, last_event_id=first)
    for number in range(6, 9):
        await publisher.publish(NUMBERS, number)
    assert await drained(publisher, events) == [1, 2, 3, 4, 5, 7, 8]


async def test_events_are_retained_for_a_time() -> None:
    clock = Clock()
    publisher = MemoryPublisher(retention=timedelta(seconds=10), clock=clock)
    first = await publisher.publish(NUMBERS, 0)
    for number in (1, 2, 3):
        clock.now += 4
        await publisher.publish(NUMBERS, number)
    events = await publisher.subscribe(NUMBERS, last_event_id=first)
    assert await drained(publisher, events) == [1, 2, 3]

    publisher = MemoryPublisher(retention=timedelta(seconds=10), clock=clock)
    await publisher.publish(NUMBERS, 1)
    clock.now += 11
    events = await publisher.subscribe(NUMBERS, last_event_id="")
    assert await drained(publisher, events) == []


async def test_only_so_many_events_are_retained() -> None:
    publisher = MemoryPublisher(max_retained=2)
    for number in range(5):
        await publisher.publish(NUMBERS, number)
    events = await publisher.subscribe(NUMBERS, last_event_id="")
    assert await drained(publisher, events) == [3, 4]


async def test_without_retention_nothing_is_kept() -> None:
    publisher = MemoryPublisher(retention=timedelta(0))
    last = await publisher.publish(NUMBERS, 0)
    await publisher.publish(NUMBERS, 1)
    events = await publisher.subscribe(NUMBERS, last_event_id=last)
    await publisher.publish(NUMBERS, 2)
    assert await drained(publisher, events) == [2]


async def test_forgotten_channels_leave_nothing_behind() -> None:
    clock = Clock()
    publisher = MemoryPublisher(retention=timedelta(seconds=10), clock=clock)
    for number in range(100):
        await publisher.publish(NUMBERS.at(str(number)), number)
    events = await publisher.subscribe(NUMBERS.at("kept"))
    clock.now = 30
    await publisher.publish(NUMBERS, 1)
    assert len(publisher._topics) == 2
    await events.aclose()


async def test_an_iterator_nobody_closed_is_forgotten() -> None:
    publisher = MemoryPublisher()
    events = await publisher.subscribe(NUMBERS)
    topic = publisher._topics["numbers"]
    assert len(topic.subscriptions) == 1
    del events
    gc.collect()
    assert len(topic.subscriptions) == 0


async def test_the_ids_of_another_publisher_are_unknown() -> None:
    before, after = MemoryPublisher(name="before"), MemoryPublisher(name="after")
    for number in range(3):
        last = await before.publish(NUMBERS, number)
    await after.publish(NUMBERS, 10)
    assert last == "before-3"
    events = await after.subscribe(NUMBERS, last_event_id=last)
    assert await drained(after, events) == [10]


async def test_a_streaming_handler_passes_the_ids_on() -> None:
    publisher = MemoryPublisher(name="p")

    @procedures(MemoryPublisher).streams(int).stream
    async def watch(context: MemoryPublisher, call: Call[MemoryPublisher]) -> AsyncIterator[int]:
        return await context.subscribe(NUMBERS, last_event_id=call.last_event_id)

    await publisher.publish(NUMBERS, 1)
    await publisher.publish(NUMBERS, 2)
    events = await call(watch, context=publisher, last_event_id="p-1")
    await publisher.aclose()
    found = [item async for item in events.events()]
    assert [(item.data, item.meta.id) for item in found if isinstance(item, Event)] == [(2, "p-2")]


def test_keys_cannot_make_a_channel_of_another() -> None:
    names = {NUMBERS.at("a").at("b").name, NUMBERS.at("a:b").name, NUMBERS.at("a%3Ab").name}
    assert len(names) == 3


def test_a_buffer_holds_at_least_one_event() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        MemoryPublisher(buffer=0)


async def test_a_publisher_tells_what_it_did() -> None:
    publisher = MemoryPublisher(name="p")
    await publisher.publish(NUMBERS, 1)
    assert repr(publisher) == "<MemoryPublisher p: 1 events published>"


def test_a_channel_tells_its_name() -> None:
    assert repr(NUMBERS.at("run 1")) == "Channel('numbers:run%201')"
