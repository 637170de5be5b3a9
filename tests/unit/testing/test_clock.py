"""The clock that tests move."""

import anyio
import anyio.lowlevel
import pytest

from rawr.durable.domain.clock import SystemClock
from rawr.testing.clock import VirtualClock


async def test_time_stands_still_until_it_is_moved() -> None:
    clock = VirtualClock(start_ms=1000)
    assert clock.now_ms() == 1000
    clock.advance(50)
    clock.move_to(1100)
    assert clock.now_ms() == 1100


def test_it_never_goes_back() -> None:
    clock = VirtualClock(start_ms=1000)
    with pytest.raises(ValueError, match="never goes back"):
        clock.move_to(999)


async def test_whoever_waits_for_a_time_is_woken_when_it_comes() -> None:
    clock = VirtualClock(start_ms=0)
    woken: list[int] = []

    async def sleeper(until_ms: int) -> None:
        await clock.wait(anyio.Event(), until_ms)
        woken.append(until_ms)

    async with anyio.create_task_group() as group:
        for until_ms in (300, 100, 200):
            group.start_soon(sleeper, until_ms)
        await anyio.wait_all_tasks_blocked()
        clock.move_to(250)
        await anyio.wait_all_tasks_blocked()
        assert sorted(woken) == [100, 200]
        clock.move_to(300)


@pytest.mark.parametrize("clock", [VirtualClock(start_ms=0), SystemClock()])
async def test_an_event_ends_a_wait_early(clock: VirtualClock | SystemClock) -> None:
    wake = anyio.Event()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(clock.wait, wake, clock.now_ms() + 60_000)
            group.start_soon(clock.wait, wake, None)
            await anyio.wait_all_tasks_blocked()
            wake.set()


@pytest.mark.parametrize("clock", [VirtualClock(start_ms=0), SystemClock()])
async def test_a_time_in_the_past_is_not_waited_for(clock: VirtualClock | SystemClock) -> None:
    with anyio.fail_after(5):
        await clock.wait(anyio.Event(), clock.now_ms())
