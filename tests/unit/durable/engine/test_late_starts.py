"""Runs that are kept waiting before they start: batches, debounces, delayed events."""

import json
from datetime import timedelta
from typing import Any

import inngest

from rawr.durable.domain.run import RunStatus

from .conftest import APP_URL, Host
from .test_flow import record, send


def seconds(count: int) -> timedelta:
    return timedelta(seconds=count)


async def nap(ctx: inngest.Context) -> None:
    """Let a minute of the engine's time go by: an SDK counts a sleep by its own clock."""
    await ctx.step.wait_for_event("nap", event="app/never", timeout=seconds(60))


async def test_events_join_a_batch_after_its_time_to_finish(host: Host) -> None:
    batch = inngest.Batch(max_size=9, timeout=seconds(60))
    ran = record(host, batch_events=batch, timeouts=inngest.Timeouts(finish=seconds(10)))
    await host.start()
    await send(host, 1)
    await host.advance(20)
    await send(host, 2)
    await host.advance(300)

    assert ran == [([0, 0, 1], 60)]


async def test_the_time_to_start_counts_from_when_a_debounce_is_over(host: Host) -> None:
    debounce = inngest.Debounce(period=seconds(30))
    ran = record(host, debounce=debounce, timeouts=inngest.Timeouts(start=seconds(10)))
    await host.start()
    await send(host, 2)
    await host.advance(300)

    assert ran == [([1], 30)]


async def test_cancel_on_compares_with_the_event_a_debounce_runs(host: Host) -> None:
    stop = inngest.Cancel(event="app/stop", if_exp="event.data.n == async.data.n")
    done: list[int] = []

    @host.function(
        "fn", "app/go", debounce=inngest.Debounce(period=seconds(30)), cancel=[stop], retries=0
    )
    async def function(ctx: inngest.Context) -> None:
        await nap(ctx)
        done.append(int(str(ctx.event.data["n"])))

    await host.start()
    await send(host, 2)
    await host.send("app/stop", {"n": 0})
    await host.send("app/stop", {"n": 1})
    await host.advance(300)
    assert done == [1], "what came before the run began is not meant for it"

    events = await send(host, 2)
    await host.advance(40)
    await host.send("app/stop", {"n": 1})
    await host.advance(300)
    assert done == [1]
    assert await host.runs(events[0]) == []
    assert (await host.run(events[1])).status is RunStatus.CANCELLED


async def test_full_batches_are_throttled(host: Host) -> None:
    batch = inngest.Batch(max_size=2, timeout=seconds(10))
    throttle = inngest.Throttle(limit=1, period=seconds(60), burst=0)
    ran = record(host, batch_events=batch, throttle=throttle)
    await host.start()
    await send(host, 4)
    await host.advance(5)
    await host.restart()
    await host.send("app/go", {"n": 4})
    await host.advance(300)

    assert ran == [([0, 1], 0), ([2, 3], 60), ([4], 120)]


async def test_a_debounced_run_is_rate_limited_when_it_would_start(host: Host) -> None:
    limit = inngest.RateLimit(limit=1, period=seconds(60))
    ran = record(host, debounce=inngest.Debounce(period=seconds(5)), rate_limit=limit)
    await host.start()
    sent = []
    for _ in range(3):
        sent += await send(host, 2)
        await host.advance(30)

    assert [at for _, at in ran] == [5, 65]
    assert (await host.run(sent[3])).status is RunStatus.SKIPPED
    assert await host.engine.queue_depth() == 0


async def test_a_debounced_singleton_skips_while_one_run_lives(host: Host) -> None:
    @host.function(
        "fn",
        "app/go",
        debounce=inngest.Debounce(period=seconds(5)),
        singleton=inngest.Singleton(mode="skip"),
    )
    async def function(ctx: inngest.Context) -> None:
        await nap(ctx)

    await host.start()
    sent = []
    for _ in range(3):
        sent += await send(host, 1)
        await host.advance(40)
    await host.advance(300)

    statuses = [(await host.run(event)).status for event in sent]
    assert statuses == [RunStatus.COMPLETED, RunStatus.SKIPPED, RunStatus.COMPLETED]


async def test_a_delayed_event_takes_its_place_in_a_throttle_when_it_is_due(host: Host) -> None:
    ran = record(host, throttle=inngest.Throttle(limit=1, period=seconds(60), burst=0))
    await host.start()
    await host.send("app/go", {"n": 0}, ts=host.clock.now_ms() + 3_600_000)
    await host.send("app/go", {"n": 1})
    await host.advance(60)
    await host.restart()
    await host.advance(3540)
    await host.send("app/go", {"n": 2})
    await host.advance(300)

    assert ran == [([1], 0), ([0], 3600), ([2], 3660)]


async def test_each_step_that_invokes_a_batched_function_gets_its_result(host: Host) -> None:
    batch = inngest.Batch(max_size=2, timeout=seconds(10))

    @host.function("child", "app/child", batch_events=batch)
    async def child(ctx: inngest.Context) -> int:
        return len(ctx.events)

    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> Any:
        return await ctx.step.invoke("child", function=child)

    await host.start()
    events = await send(host, 3)
    await host.restart()
    await host.advance(20)

    assert sorted([await host.output(event) for event in events]) == [1, 2, 2]


async def test_a_step_whose_invocation_is_debounced_fails(host: Host) -> None:
    @host.function("child", "app/child", debounce=inngest.Debounce(period=seconds(10)))
    async def child(ctx: inngest.Context) -> str:
        return "ran"

    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> Any:
        try:
            return await ctx.step.invoke("child", function=child)
        except inngest.StepError as error:
            return error.message

    await host.start()
    events = await send(host, 2)
    await host.advance(20)
    outputs = sorted([await host.output(event) for event in events])
    assert outputs == ["invoked function was debounced", "ran"]

    # An older event than the one that waits does not run either.
    (late,) = await send(host, 1)
    await host.send("app/child", {}, ts=host.clock.now_ms() + 5_000)
    (older,) = await send(host, 1)
    await host.advance(30)
    assert await host.output(late) == "invoked function was debounced"
    assert await host.output(older) == "invoked function was debounced"


async def test_an_event_that_was_rate_limited_may_be_sent_again(host: Host) -> None:
    ran = record(host, rate_limit=inngest.RateLimit(limit=1, period=seconds(60)))
    await host.start()
    await host.send("app/go", {"n": 0})
    await host.send("app/go", {"n": 1}, id="one")
    await host.advance(100)
    await host.send("app/go", {"n": 1}, id="one")
    await host.send("app/go", {"n": 1}, id="one")
    await host.advance(10)

    assert ran == [([0], 0), ([1], 100)]


async def test_a_batch_is_repeated_without_being_gathered_again(host: Host) -> None:
    batch = inngest.Batch(max_size=2, timeout=seconds(10))
    ran = record(host, batch_events=batch)
    await host.start()
    events = await send(host, 2)
    await host.advance(1)
    run = await host.run(events[0])
    await host.engine.rerun(run.id)
    await host.engine.settle()

    assert ran == [([0, 1], 0), ([0, 1], 1)]


async def test_a_limit_on_live_runs_holds_over_a_restart(host: Host) -> None:
    seen: list[tuple[str, Any]] = []

    @host.function("fn", "app/go")
    async def function(ctx: inngest.Context) -> None:
        async def note(step: str) -> None:
            seen.append((step, ctx.event.data["n"]))

        await ctx.step.run("first", note, "first")
        await nap(ctx)
        await ctx.step.run("last", note, "last")

    limited = {"fn": [{"limit": 1, "key": "event.data.tenant"}], "step": [{"limit": 0}]}
    await start_limited(host, limited)
    await send(host, 2, tenant="a")
    await host.send("app/go", {"n": 9, "tenant": "b"})
    await host.engine.settle()
    assert seen == [("first", 0), ("first", 9)]

    await host.crash()
    await start_limited(host, limited)
    await host.advance(30)
    assert seen == [("first", 0), ("first", 9)]
    await host.advance(300)
    assert sorted(seen[2:4]) == [("last", 0), ("last", 9)]
    assert seen[4:] == [("first", 1), ("last", 1)]
    assert await host.engine._store.held_run_slots() == []


async def start_limited(host: Host, concurrency: Any) -> None:
    """Start the host, with a form of concurrency its SDK does not write."""
    engine = await host.start()
    app = engine.apps()[0]
    url = APP_URL if host.transport == "http" else app.url
    function = {
        "id": "app-fn",
        "triggers": [{"event": "app/go"}],
        "concurrency": concurrency,
        "steps": {"step": {"runtime": {"type": "http", "url": f"{url}?fnId=app-fn&stepId=step"}}},
    }
    shape = {"appname": "app", "url": url, "sdk": app.sdk, "functions": [function]}
    await engine.register(json.dumps(shape).encode())
