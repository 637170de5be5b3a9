"""The opt-in by which a wait takes an event that came before it."""

from datetime import timedelta
from typing import Any

import inngest
import pytest

from rawr.durable.engine import EngineSettings

from .conftest import Host


def late_waiter(host: Host, times: int = 1, *, matching: str | None = None) -> None:
    @host.function("late", "app/go")
    async def late(ctx: inngest.Context) -> list[Any]:
        await ctx.step.sleep("nap", timedelta(minutes=5))
        found = []
        for number in range(times):
            event = await ctx.step.wait_for_event(
                f"wait {number}", event="app/said", if_exp=matching, timeout=timedelta(hours=1)
            )
            found.append(None if event is None else event.data["n"])
        return found


@pytest.fixture
def looking_back(host: Host) -> Host:
    host.settings = EngineSettings(wait_lookback=timedelta(minutes=10))
    return host


async def test_without_it_an_event_before_the_wait_is_missed(host: Host) -> None:
    late_waiter(host)
    await host.start()
    event_id = await host.send("app/go")
    await host.send("app/said", {"n": 1})
    await host.advance(310 + 3600)
    assert await host.output(event_id) == [None]


async def test_a_wait_takes_the_first_event_that_came_before_it(looking_back: Host) -> None:
    late_waiter(looking_back)
    await looking_back.start()
    await looking_back.send("app/said", {"n": 0})
    await looking_back.advance(1)
    event_id = await looking_back.send("app/go")
    await looking_back.send("app/said", {"n": 1})
    await looking_back.send("app/said", {"n": 2})
    await looking_back.advance(310)
    assert await looking_back.output(event_id) == [1]


async def test_an_event_ends_one_wait_of_a_run(looking_back: Host) -> None:
    late_waiter(looking_back, 3)
    await looking_back.start()
    event_id = await looking_back.send("app/go")
    await looking_back.send("app/said", {"n": 1})
    await looking_back.send("app/said", {"n": 2})
    await looking_back.advance(310)
    await looking_back.send("app/said", {"n": 3})
    await looking_back.advance(0)
    assert await looking_back.output(event_id) == [1, 2, 3]


async def test_the_expression_and_the_window_count_here_too(looking_back: Host) -> None:
    late_waiter(looking_back, matching="async.data.k == event.data.k && async.data.n > 1")
    looking_back.settings = EngineSettings(wait_lookback=timedelta(minutes=4))
    await looking_back.start()
    event_id = await looking_back.send("app/go", {"k": "x"})
    await looking_back.send("app/said", {"k": "x", "n": 9})
    await looking_back.advance(120)
    for data in ({"k": "y", "n": 2}, {"k": "x", "n": 1}, {"k": "x", "n": 3}):
        await looking_back.send("app/said", data)
    await looking_back.advance(190)
    assert await looking_back.output(event_id) == [3]


async def test_the_triggering_event_ends_no_wait_of_its_run(looking_back: Host) -> None:
    @looking_back.function("self", "app/said")
    async def itself(ctx: inngest.Context) -> bool:
        event = await ctx.step.wait_for_event(
            "wait", event="app/said", timeout=timedelta(seconds=10)
        )
        return event is None

    await looking_back.start()
    event_id = await looking_back.send("app/said", {"n": 1})
    await looking_back.advance(10)
    assert await looking_back.output(event_id) is True


async def test_a_wait_that_was_ended_by_the_past_is_over_after_a_crash(looking_back: Host) -> None:
    late_waiter(looking_back)
    await looking_back.start()
    event_id = await looking_back.send("app/go")
    await looking_back.send("app/said", {"n": 1})
    await looking_back.advance(290)
    await looking_back.restart()
    await looking_back.advance(20)
    assert await looking_back.output(event_id) == [1]
    assert await looking_back.engine.queue_depth() == 0
