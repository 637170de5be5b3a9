"""What every publisher promises; a new back end joins by adding itself to PUBLISHERS."""

import asyncio
from collections.abc import Callable

import pytest

from rawr.contract import Event, EventIterator
from rawr.procedure import Channel, MemoryPublisher, Publisher

PUBLISHERS: dict[str, Callable[[], Publisher]] = {"memory": MemoryPublisher}

NUMBERS = Channel("numbers", int)
WORDS = Channel("words", str)


@pytest.fixture(params=PUBLISHERS)
def publisher(request: pytest.FixtureRequest) -> Publisher:
    return PUBLISHERS[request.param]()


async def take(events: EventIterator[int], count: int) -> list[int]:
    return [await asyncio.wait_for(anext(events), 5) for _ in range(count)]


async def is_idle(events: EventIterator[int]) -> bool:
    waiting = asyncio.ensure_future(anext(events))
    done, _ = await asyncio.wait([waiting], timeout=0.02)
    waiting.cancel()
    return not done


async def test_subscribers_get_what_is_published_in_order(publisher: Publisher) -> None:
    one, two = await publisher.subscribe(NUMBERS), await publisher.subscribe(NUMBERS)
    async with one, two:
        for number in range(5):
            await publisher.publish(NUMBERS, number)
        assert await take(one, 5) == await take(two, 5) == [0, 1, 2, 3, 4]


async def test_a_waiting_subscriber_is_woken(publisher: Publisher) -> None:
    async with await publisher.subscribe(NUMBERS) as events:
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        await publisher.publish(NUMBERS, 1)
        assert await asyncio.wait_for(waiting, 5) == 1


async def test_what_was_published_before_is_not_delivered(publisher: Publisher) -> None:
    await publisher.publish(NUMBERS, 1)
    async with await publisher.subscribe(NUMBERS) as events:
        await publisher.publish(NUMBERS, 2)
        assert await take(events, 1) == [2]


async def test_channels_do_not_mix(publisher: Publisher) -> None:
    async with await publisher.subscribe(NUMBERS.at("a")) as events:
        await publisher.publish(WORDS, "x")
        await publisher.publish(NUMBERS, 1)
        await publisher.publish(NUMBERS.at("b"), 2)
        await publisher.publish(NUMBERS.at("a"), 3)
        assert await take(events, 1) == [3]
        assert await is_idle(events)


async def test_publishing_to_nobody_is_fine(publisher: Publisher) -> None:
    assert await publisher.publish(NUMBERS, 1) != await publisher.publish(NUMBERS, 1)


async def test_events_carry_the_ids_publish_returned(publisher: Publisher) -> None:
    async with await publisher.subscribe(NUMBERS) as events:
        ids = [await publisher.publish(NUMBERS, number) for number in range(3)]
        found = []
        for _ in range(3):
            event = await anext(events.events())
            assert isinstance(event, Event)
            found.append(event.meta.id)
        assert found == ids
        assert len(set(ids)) == 3


@pytest.mark.parametrize("seen", [0, 1, 2])
async def test_a_subscriber_resumes_after_the_last_event_it_got(
    publisher: Publisher, seen: int
) -> None:
    ids = [await publisher.publish(NUMBERS, number) for number in range(3)]
    await publisher.publish(WORDS, "elsewhere")
    async with await publisher.subscribe(NUMBERS, last_event_id=ids[seen]) as events:
        await publisher.publish(NUMBERS, 3)
        expected = [0, 1, 2, 3][seen + 1 :]
        assert await take(events, len(expected)) == expected
        assert await is_idle(events)


async def test_of_an_unknown_id_all_that_is_retained_follows(publisher: Publisher) -> None:
    await publisher.publish(NUMBERS, 1)
    for unknown in ("", "x", "other-7", "-1"):
        async with await publisher.subscribe(NUMBERS, last_event_id=unknown) as events:
            assert await take(events, 1) == [1]


async def test_a_closed_subscription_ends_and_gets_nothing_more(publisher: Publisher) -> None:
    events = await publisher.subscribe(NUMBERS)
    await publisher.publish(NUMBERS, 1)
    await events.aclose()
    await events.aclose()
    await publisher.publish(NUMBERS, 2)
    assert [item async for item in events] == []


async def test_closing_ends_a_waiting_subscriber(publisher: Publisher) -> None:
    events = await publisher.subscribe(NUMBERS)
    waiting = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    await events.aclose()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, 5)


async def test_a_cancelled_wait_loses_nothing(publisher: Publisher) -> None:
    async with await publisher.subscribe(NUMBERS) as events:
        assert await is_idle(events)
        await publisher.publish(NUMBERS, 1)
        assert await take(events, 1) == [1]


async def test_a_slow_subscriber_never_holds_up_publishing(publisher: Publisher) -> None:
    async with await publisher.subscribe(NUMBERS) as events:
        for number in range(2_000):
            await publisher.publish(NUMBERS, number)
        (first,) = await take(events, 1)
        rest = await take(events, 1_999 - first)
        assert rest == list(range(first + 1, 2_000))
