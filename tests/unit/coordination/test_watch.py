import asyncio

import pytest
from tests.unit.coordination.kit import BILLING

from rawr.coordination import UnknownRun


@pytest.fixture
async def run_id(send):
    return (await send(run_id="run-1")).run.run_id


async def collect(runs, run_id, after=0):
    return [event async for event in runs.watch(run_id, tenant_id="acme", after=after)]


async def test_a_watcher_sees_everything_and_ends_after_the_terminal_event(runs, run_id, clock):
    watching = asyncio.create_task(collect(runs, run_id))
    await clock.somebody_waits()
    await runs.transition(run_id, "settling", tenant_id="acme")
    await clock.somebody_waits()
    await runs.append(run_id, "desk.started", tenant_id="acme")
    await runs.transition(run_id, "completed", tenant_id="acme")
    events = await watching
    assert [event.type for event in events] == [
        "run.started",
        "run.settling",
        "desk.started",
        "run.completed",
    ]
    assert clock.now_ms() == 1_700_000_000_000  # no poll was needed


async def test_resuming_neither_loses_nor_repeats(runs, run_id):
    await runs.transition(run_id, "settling", tenant_id="acme")
    await runs.transition(run_id, "completed", tenant_id="acme")
    everything = await collect(runs, run_id)
    for after in range(4):
        assert await collect(runs, run_id, after) == everything[after:]


async def test_watching_a_finished_run_from_its_end_ends_at_once(runs, run_id):
    await runs.transition(run_id, "canceled", tenant_id="acme")
    assert await collect(runs, run_id, 2) == []
    assert await collect(runs, run_id, 99) == []


async def test_changes_of_another_process_are_found_by_polling(runs, run_id, clock, elsewhere):
    watching = asyncio.create_task(collect(runs, run_id))
    await clock.somebody_waits()
    await elsewhere.runs(BILLING).transition(run_id, "canceled", tenant_id="acme")
    clock.advance(1000)
    assert [event.status for event in await watching] == ["queued", "canceled"]


async def test_a_watcher_that_leaves_is_forgotten(runs, run_id, coordination):
    watcher = runs.watch(run_id, tenant_id="acme")
    await anext(watcher)
    await watcher.aclose()
    with pytest.raises(UnknownRun):
        await anext(runs.watch("nobody", tenant_id="acme"))
    assert coordination.store.signals._subscriptions == {}


async def test_two_watchers_see_the_same(runs, run_id, clock):
    watchers = [asyncio.create_task(collect(runs, run_id)) for _ in range(2)]
    await clock.somebody_waits()
    await runs.transition(run_id, "canceled", tenant_id="acme")
    first, second = await asyncio.gather(*watchers)
    assert first == second
    assert len(first) == 2
