"""Functions that invoke functions."""

from datetime import timedelta
from typing import Any

import inngest

from rawr.durable.domain.run import RunStatus


async def test_invoke_gives_the_childs_result(host: Any) -> None:
    @host.function("child", "app/child")
    async def child(ctx: inngest.Context) -> object:
        return {"double": ctx.event.data["n"] * 2}  # type: ignore[operator]  # an int

    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> object:
        return await ctx.step.invoke("call", function=child, data={"n": 21})

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == {"double": 42}


async def test_a_failed_child_raises_in_the_parent(host: Any) -> None:
    @host.function("child", "app/child", retries=0)
    async def child(ctx: inngest.Context) -> None:
        raise ValueError("child broke")

    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> str:
        try:
            await ctx.step.invoke("call", function=child)
        except inngest.StepError as error:
            return f"{error.name}: {error.message}"
        return "not reached"

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == "ValueError: child broke"


async def test_an_unknown_function_is_a_step_error_of_the_parent(host: Any) -> None:
    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> str:
        try:
            await ctx.step.invoke_by_id("call", function_id="nobody")
        except inngest.StepError as error:
            return error.message
        return "not reached"

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == "could not find function with ID: app-nobody"


async def test_an_invocation_times_out_while_the_child_goes_on(host: Any) -> None:
    @host.function("child", "app/child")
    async def child(ctx: inngest.Context) -> str:
        await ctx.step.sleep("long", timedelta(hours=1))
        return "done"

    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> str:
        try:
            await ctx.step.invoke("call", function=child, timeout=timedelta(minutes=1))
        except inngest.StepError as error:
            return error.name
        return "not reached"

    await host.start()
    event = await host.send("app/go")
    await host.advance(61)
    assert await host.output(event) == "InngestInvokeTimeoutError"
    (child_run,) = await host.engine.list_runs(function_id="app-child")
    assert child_run.status is RunStatus.RUNNING
    await host.advance(3600)
    (child_run,) = await host.engine.list_runs(function_id="app-child")
    assert child_run.status is RunStatus.COMPLETED


async def test_a_cancelled_child_raises_in_the_parent(host: Any) -> None:
    @host.function("child", "app/child")
    async def child(ctx: inngest.Context) -> None:
        await ctx.step.sleep("long", timedelta(hours=1))

    @host.function("parent", "app/go")
    async def parent(ctx: inngest.Context) -> str:
        try:
            await ctx.step.invoke("call", function=child)
        except inngest.StepError as error:
            return error.message
        return "not reached"

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    (child_run,) = await host.engine.list_runs(function_id="app-child")
    await host.engine.cancel_run(child_run.id)
    await host.engine.settle()

    assert await host.output(event) == "the invoked function was cancelled"
