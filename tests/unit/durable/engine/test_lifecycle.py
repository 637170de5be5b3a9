"""What a run's end tells others: failure handlers, events, cancellation."""

from datetime import timedelta
from typing import Any

import inngest

from rawr.durable.domain.limits import RunLimits
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import EngineSettings


async def test_on_failure_runs_with_the_error_and_the_event(host: Any) -> None:
    handled: list[Any] = []

    async def on_failure(ctx: inngest.Context) -> None:
        handled.append(ctx.event)

    @host.function("doomed", "app/go", retries=0, on_failure=on_failure)
    async def doomed(ctx: inngest.Context) -> None:
        raise ValueError("bad")

    await host.start()
    event = await host.send("app/go", {"n": 1})
    await host.engine.settle()

    run = await host.run(event)
    (failure,) = handled
    assert run.status is RunStatus.FAILED
    assert failure.name == "inngest/function.failed"
    assert failure.id == run.id
    assert failure.data["function_id"] == "app-doomed"
    assert failure.data["run_id"] == run.id
    assert failure.data["event"]["data"] == {"n": 1}
    assert failure.data["error"]["name"] == "ValueError"
    assert failure.data["error"]["message"] == "bad"
    assert failure.data["error"]["error"] == "invalid status code: 500"
    assert failure.data["_inngest"] == {"status": "Failed"}
    assert failure.data["result"]["code"] == "unknown"


async def test_a_failure_of_the_failure_handler_starts_nothing(host: Any) -> None:
    handled: list[str] = []

    async def on_failure(ctx: inngest.Context) -> None:
        handled.append(ctx.run_id)
        raise ValueError("worse")

    @host.function("doomed", "app/go", retries=0, on_failure=on_failure)
    async def doomed(ctx: inngest.Context) -> None:
        raise ValueError("bad")

    await host.start()
    await host.send("app/go")
    await host.engine.settle()

    assert len(handled) == 1
    names = [event.name for event in await host.engine.list_events()]
    assert names.count("inngest/function.failed") == 1


async def test_every_end_emits_a_finished_event(host: Any) -> None:
    @host.function("done", "app/go")
    async def done(ctx: inngest.Context) -> dict[str, int]:
        return {"n": 1}

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    (finished,) = await host.engine.list_events(name="inngest/function.finished")
    run = await host.run(event)
    assert finished.data["run_id"] == run.id
    assert finished.data["result"] == {"n": 1}
    assert finished.data["function_id"] == "app-done"


async def test_a_cancelled_run_ends_and_is_not_resumed(host: Any) -> None:
    after: list[str] = []

    @host.function("sleeper", "app/go")
    async def sleeper(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", timedelta(minutes=1))
        after.append("ran")

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    run = await host.run(event)

    assert await host.engine.cancel_run(run.id) is True
    assert await host.engine.cancel_run(run.id) is False
    await host.advance(120)
    assert (await host.run(event)).status is RunStatus.CANCELLED
    assert after == []
    (cancelled,) = await host.engine.list_events(name="inngest/function.cancelled")
    assert cancelled.id == run.id


async def test_a_run_cancelled_during_a_step_goes_no_further(host: Any) -> None:
    executed: list[str] = []

    @host.function("busy", "app/go")
    async def busy(ctx: inngest.Context) -> None:
        async def cancel() -> str:
            executed.append("first")
            await host.engine.cancel_run(ctx.run_id)
            return "void"

        async def after() -> None:
            executed.append("second")

        await ctx.step.run("first", cancel)
        await ctx.step.run("second", after)

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    run = await host.run(event)
    assert run.status is RunStatus.CANCELLED
    assert executed == ["first"]
    assert await host.engine.run_steps(run.id) == []


async def test_too_many_steps_fail_the_run(host: Any) -> None:
    @host.function("long", "app/go")
    async def long(ctx: inngest.Context) -> None:
        async def step() -> None:
            return None

        for number in range(6):
            await ctx.step.run(f"{number}", step)

    host.settings = EngineSettings(limits=RunLimits(max_steps=5))
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    run = await host.run(event)
    assert run.status is RunStatus.FAILED
    assert b"step limit of 5 steps" in run.output


async def test_too_much_state_fails_the_run(host: Any) -> None:
    @host.function("fat", "app/go")
    async def fat(ctx: inngest.Context) -> None:
        async def step() -> str:
            return "x" * 600

        for number in range(3):
            await ctx.step.run(f"{number}", step)

    host.settings = EngineSettings(limits=RunLimits(max_state_bytes=1500))
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    run = await host.run(event)
    assert run.status is RunStatus.FAILED
    assert b"InngestErrStateOverflowed" in run.output
