"""More runs than memory is given room for."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import anyio
import inngest

from rawr.durable.domain.run import RunState
from rawr.durable.engine import EngineSettings

from .conftest import Host


def one_at_a_time(host: Host, order: list[int]) -> None:
    @host.function("one", "app/one", concurrency=[inngest.Concurrency(limit=1)])
    async def one(ctx: inngest.Context) -> None:
        order.append(ctx.event.data["n"])
        await anyio.lowlevel.checkpoint()


async def test_runs_above_a_limit_wait_in_the_store_and_run_in_order(host: Host) -> None:
    order: list[int] = []
    host.settings = EngineSettings(ready_limit=4, max_calls=3)
    one_at_a_time(host, order)
    await host.start()
    await host.engine.send([host.draft("app/one", {"n": number}) for number in range(60)])
    await host.engine.settle()
    assert sorted(order) == list(range(60))
    assert await host.engine.queue_depth() == 0


async def test_runs_that_wait_in_the_store_are_found_after_a_restart(host: Host) -> None:
    reached, go_on = anyio.Event(), anyio.Event()
    done: list[int] = []
    host.settings = EngineSettings(ready_limit=4, drain_timeout=timedelta(seconds=1))

    @host.function("one", "app/one", concurrency=[inngest.Concurrency(limit=1)])
    async def one(ctx: inngest.Context) -> None:
        reached.set()
        await go_on.wait()
        done.append(ctx.event.data["n"])

    await host.start()
    await host.engine.send([host.draft("app/one", {"n": number}) for number in range(30)])
    await reached.wait()
    while await host.engine._store.waiting_slots() == []:
        await anyio.lowlevel.checkpoint()
    assert await host.engine.queue_depth() == 30
    assert await host.engine.queue_due() == 30
    await host.crash()
    go_on.set()
    await host.start()
    await host.engine.settle()
    assert sorted(done) == list(range(30))
    assert await host.engine.queue_depth() == 0


async def test_a_cancelled_run_leaves_the_line(host: Host) -> None:
    go_on = anyio.Event()
    host.settings = EngineSettings(ready_limit=2)

    @host.function("one", "app/one", concurrency=[inngest.Concurrency(limit=1)])
    async def one(ctx: inngest.Context) -> None:
        await go_on.wait()

    await host.start()
    ids = await host.engine.send([host.draft("app/one", {"n": number}) for number in range(20)])
    last = await host.run(ids[-1])
    assert await host.engine.cancel_run(last.id)
    go_on.set()
    await host.engine.settle()
    assert (await host.run(ids[-1])).status == "cancelled"
    assert {run.status for run in await host.engine.list_runs(limit=50)} == {
        "completed",
        "cancelled",
    }


async def test_idle_runs_leave_memory(host: Host) -> None:
    host.settings = EngineSettings(cached_bytes=20_000)

    @host.function("nap", "app/nap")
    async def nap(ctx: inngest.Context) -> str:
        await ctx.step.sleep("long", 60_000)
        return "slept"

    await host.start()
    await host.engine.send([host.draft("app/nap", {"n": number}) for number in range(50)])
    await host.engine.settle()
    assert len(host.engine._parts.runs._runs) < 15
    await host.advance(120)
    assert {run.status for run in await host.engine.list_runs(limit=50)} == {"completed"}
    assert host.engine._parts.runs._bytes == 0


async def test_runs_that_are_due_together_are_loaded_together(host: Host) -> None:
    @host.function("nap", "app/nap")
    async def nap(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", 60_000)

    await host.start()
    await host.engine.send([host.draft("app/nap") for _ in range(300)])
    await host.engine.settle()
    await host.restart()
    single, together = counted_loads(host)
    await host.advance(120)
    assert {run.status for run in await host.engine.list_runs(limit=400)} == {"completed"}
    assert single == []
    assert sum(together) == 300
    # Over HTTP the SDK sleeps by its own clock, so that the runs are due in several moments.
    assert len(together) <= (4 if host.transport == "in_process" else 60)


def counted_loads(host: Host) -> tuple[list[str], list[int]]:
    store: Any = host.engine._store
    load_state, load_states = store.load_state, store.load_states
    single: list[str] = []
    together: list[int] = []

    async def one(run_id: str) -> RunState | None:
        single.append(run_id)
        return await load_state(run_id)

    async def many(run_ids: Sequence[str]) -> dict[str, RunState]:
        together.append(len(run_ids))
        return await load_states(run_ids)

    store.load_state, store.load_states = one, many
    return single, together


async def test_what_is_parked_while_a_claim_is_loaded_is_not_forgotten(host: Host) -> None:
    """Due in a second, it is stored after the claim looked and before its runs are loaded."""

    @host.function("nap", "app/nap")
    async def nap(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", 60_000)

    @host.function("late", "app/late")
    async def late(ctx: inngest.Context) -> str:
        return "ran"

    await host.start()
    await host.send("app/nap")
    await host.engine.settle()
    await host.restart()
    store: Any = host.engine._store
    load_states = store.load_states
    sent: list[str] = []

    async def load(run_ids: Sequence[str]) -> dict[str, RunState]:
        if not sent:
            sent.append("")
            ts = host.clock.now_ms() + 1000
            # Parked, as memory is full.
            host.engine._parts.planner._is_full = lambda: True
            sent.append(await host.send("app/late", ts=ts))
            host.engine._parts.planner._is_full = lambda: False
        return await load_states(run_ids)

    store.load_states = load
    await host.advance(120)
    assert await host.output(sent[1]) == "ran"


async def test_a_crowd_above_a_limit_is_put_away_as_it_is_claimed(host: Host) -> None:
    """One write for a hundred of them, and the store is free for as long after each."""
    reached, go_on = anyio.Event(), anyio.Event()
    host.settings = EngineSettings(ready_limit=4)

    @host.function("one", "app/one", concurrency=[inngest.Concurrency(limit=1)])
    async def one(ctx: inngest.Context) -> None:
        reached.set()
        await go_on.wait()

    await host.start()
    await host.engine.send([host.draft("app/one", {"n": number}) for number in range(40)])
    await reached.wait()
    store: Any = host.engine._store
    singly: list[int] = []
    wait_for_slots = store.wait_for_slots

    async def counted(waits: Sequence[Any]) -> None:
        singly.append(len(waits))
        await wait_for_slots(waits)

    store.wait_for_slots = counted
    await host.engine.send([host.draft("app/one", {"n": number}) for number in range(60)])
    while host.engine._parts.agenda.parked_due_at is not None:
        await anyio.lowlevel.checkpoint()
    assert singly == []
    assert await host.engine.queue_depth() == 100
    go_on.set()
    await host.engine.settle()
    assert await host.engine.queue_depth() == 0


async def test_what_is_new_does_not_wait_for_a_whole_backlog(host: Host) -> None:
    order: list[int] = []
    host.settings = EngineSettings(ready_limit=8, max_calls=1)

    @host.function("old", "app/old")
    async def old(ctx: inngest.Context) -> None:
        order.append(ctx.event.data["n"])
        if len(order) == 20:
            await host.send("app/new")

    @host.function("new", "app/new")
    async def new(ctx: inngest.Context) -> None:
        order.append(-1)

    await host.start()
    later = host.clock.now_ms() + 1000
    await host.engine.send([host.draft("app/old", {"n": n}, ts=later + n) for n in range(100)])
    await host.restart()
    host.clock.move_to(later + 100_000)
    await host.engine.settle()
    assert [n for n in order if n >= 0] == list(range(100))
    assert order.index(-1) < 30
