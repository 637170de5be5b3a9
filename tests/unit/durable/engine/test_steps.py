"""Steps: memoized, replayed, retried."""

from datetime import timedelta
from typing import Any

import inngest

from rawr.durable.domain.run import RunStatus


async def test_a_function_runs_its_steps_once_and_returns(host: Any) -> None:
    executed: list[str] = []

    @host.function("three", "app/go")
    async def three(ctx: inngest.Context) -> object:
        async def step(name: str) -> dict[str, str]:
            executed.append(name)
            return {"name": name}

        first = await ctx.step.run("first", step, "a")
        second = await ctx.step.run("second", step, "b")
        return [first, second, ctx.event.data]

    await host.start()
    event = await host.send("app/go", {"n": 1})
    await host.engine.settle()

    assert await host.output(event) == [{"name": "a"}, {"name": "b"}, {"n": 1}]
    assert executed == ["a", "b"]


async def test_a_plain_function_runs_its_steps_once_and_returns(host: Any) -> None:
    executed: list[str] = []

    @host.function("plain", "app/go")
    def plain(ctx: inngest.ContextSync) -> object:
        def step(name: str) -> str:
            executed.append(name)
            return name

        return [ctx.step.run("first", step, "a"), ctx.step.run("second", step, "b")]

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == ["a", "b"]
    assert executed == ["a", "b"]


async def test_a_sleep_suspends_the_run_until_its_time(host: Any) -> None:
    @host.function("sleeper", "app/go")
    async def sleeper(ctx: inngest.Context) -> str:
        await ctx.step.sleep("nap", timedelta(hours=1))
        return "awake"

    await host.start()
    event = await host.send("app/go")
    await host.advance(3500)
    assert (await host.run(event)).status is RunStatus.RUNNING
    await host.advance(200)
    assert await host.output(event) == "awake"


async def test_a_failing_step_is_retried_by_the_table_and_then_succeeds(host: Any) -> None:
    attempts: list[tuple[int, int]] = []
    before: list[str] = []
    start = host.clock.now_ms()

    @host.function("flaky", "app/go", retries=3)
    async def flaky(ctx: inngest.Context) -> object:
        async def once() -> str:
            before.append("ran")
            return "kept"

        async def step() -> str:
            attempts.append((ctx.attempt, (host.clock.now_ms() - start) // 1000))
            if len(attempts) < 3:
                raise ValueError("not yet")
            return "done"

        kept = await ctx.step.run("once", once)
        return [kept, await ctx.step.run("flaky", step)]

    await host.start()
    event = await host.send("app/go")
    await host.advance(60)

    assert await host.output(event) == ["kept", "done"]
    assert attempts == [(0, 0), (1, 15), (2, 45)]
    assert before == ["ran"]


async def test_a_step_that_keeps_failing_raises_in_the_function(host: Any) -> None:
    @host.function("catcher", "app/go", retries=1)
    async def catcher(ctx: inngest.Context) -> str:
        async def step() -> None:
            raise ValueError("no")

        try:
            await ctx.step.run("bad", step)
        except inngest.StepError as error:
            return f"{error.name}: {error.message}"
        return "not reached"

    await host.start()
    event = await host.send("app/go")
    await host.advance(15)

    assert await host.output(event) == "ValueError: no"


async def test_a_run_whose_function_keeps_failing_fails(host: Any) -> None:
    calls: list[int] = []

    @host.function("broken", "app/go", retries=2)
    async def broken(ctx: inngest.Context) -> None:
        calls.append(ctx.attempt)
        raise RuntimeError("broken")

    await host.start()
    event = await host.send("app/go")
    await host.advance(15 + 30)

    run = await host.run(event)
    assert run.status is RunStatus.FAILED
    assert b"broken" in run.output
    assert calls == [0, 1, 2]


async def test_a_non_retriable_error_fails_the_run_at_once(host: Any) -> None:
    @host.function("final", "app/go")
    async def final(ctx: inngest.Context) -> None:
        raise inngest.NonRetriableError("never")

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert (await host.run(event)).status is RunStatus.FAILED


async def test_retry_after_replaces_the_table(host: Any) -> None:
    calls: list[int] = []

    @host.function("later", "app/go")
    async def later(ctx: inngest.Context) -> str:
        calls.append(ctx.attempt)
        if ctx.attempt == 0:
            raise inngest.RetryAfterError("busy", timedelta(seconds=5))
        return "ok"

    await host.start()
    event = await host.send("app/go")
    await host.advance(4)
    assert calls == [0]
    await host.advance(2)
    assert await host.output(event) == "ok"


async def test_a_saved_step_starts_the_count_of_attempts_again(host: Any) -> None:
    attempts: list[tuple[str, int]] = []

    @host.function("counted", "app/go", retries=1)
    async def counted(ctx: inngest.Context) -> str:
        async def step(name: str) -> str:
            attempts.append((name, ctx.attempt))
            if ctx.attempt == 0:
                raise ValueError(name)
            return name

        await ctx.step.run("a", step, "a")
        return await ctx.step.run("b", step, "b")

    await host.start()
    event = await host.send("app/go")
    await host.advance(60)

    assert await host.output(event) == "b"
    assert attempts == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]


async def test_the_same_step_id_twice_is_two_steps(host: Any) -> None:
    @host.function("twice", "app/go")
    async def twice(ctx: inngest.Context) -> object:
        async def step(value: int) -> int:
            return value

        return [await ctx.step.run("same", step, value) for value in (1, 2, 3)]

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == [1, 2, 3]


async def test_a_step_gives_the_value_a_replay_gives(host: Any) -> None:
    @host.function("values", "app/go")
    async def values(ctx: inngest.Context) -> str:
        async def step() -> object:
            return {"pair": (1, 2)}

        return str(await ctx.step.run("pair", step))

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == "{'pair': [1, 2]}"


async def test_the_events_data_is_the_same_in_every_call(host: Any) -> None:
    @host.function("greedy", "app/go")
    async def greedy(ctx: inngest.Context) -> object:
        data = ctx.event.data
        data["items"].append("mine")  # type: ignore[union-attr, index, call-overload]  # on purpose
        await ctx.step.sleep("nap", timedelta(seconds=1))
        return data

    await host.start()
    event = await host.send("app/go", {"items": []})
    await host.advance(2)

    assert await host.output(event) == {"items": ["mine"]}


async def test_output_that_is_not_json_fails_the_run(host: Any) -> None:
    @host.function("odd", "app/go", retries=0)
    async def odd(ctx: inngest.Context) -> object:
        async def step() -> object:
            return object()

        return await ctx.step.run("odd", step)

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    run = await host.run(event)
    assert run.status is RunStatus.FAILED
    assert b"unserializable" in run.output


async def test_history_tells_when_a_step_began_and_ended(host: Any) -> None:
    start = host.clock.now_ms()

    @host.function("timed", "app/go")
    async def timed(ctx: inngest.Context) -> None:
        async def step() -> None:
            host.clock.advance(250)

        await ctx.step.run("first", step)
        await ctx.step.sleep("nap", timedelta(seconds=1))

    await host.start()
    event = await host.send("app/go")
    await host.advance(2)

    run = await host.run(event)
    first, nap = await host.engine.run_steps(run.id)
    assert (first.started_at - start, first.ended_at - start) == (0, 250)
    assert nap.started_at - start >= 250
    # Over HTTP the SDK counts from the machine's clock, which the step above did not move.
    assert nap.ended_at - nap.started_at >= 700
    assert (run.started_at, run.ended_at) == (start, nap.ended_at)
