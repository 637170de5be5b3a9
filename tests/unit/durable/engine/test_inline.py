"""What a step leaves behind when it is not a plain success, whichever way functions are reached."""

import json
from typing import Any

import inngest

from rawr.durable.domain.run import RunStatus

from .conftest import Host


async def error_of(host: Host, event_id: str) -> dict[str, Any]:
    run = await host.run(event_id)
    assert run.status is RunStatus.FAILED, run
    error: dict[str, Any] = json.loads(run.output or b"null")
    return error


async def test_the_stack_of_a_failed_step_begins_in_the_handler(host: Host) -> None:
    @host.function("fails", "app/go", retries=0)
    async def fails(ctx: inngest.Context) -> None:
        async def divide() -> float:
            return inner()

        await ctx.step.run("divide", divide)

    def inner() -> float:
        raise ValueError("no")

    await host.start()
    event_id = await host.send("app/go")
    await host.engine.settle()
    (step,) = await host.engine.run_steps((await host.run(event_id)).id)
    assert step.error is not None
    stack = [line for line in json.loads(step.error)["stack"].splitlines() if "File" in line]
    assert [line.rpartition(" in ")[2] for line in stack] == ["divide", "inner"]


async def test_a_failing_handler_is_called_once_an_attempt(host: Host) -> None:
    calls: list[int] = []

    @host.function("fails", "app/go", retries=1)
    async def fails(ctx: inngest.Context) -> None:
        async def fail() -> None:
            calls.append(ctx.attempt)
            raise ValueError("no")

        await ctx.step.run("fail", fail)

    await host.start()
    event_id = await host.send("app/go")
    await host.advance(3600)
    assert (await error_of(host, event_id))["message"] == "no"
    assert calls == [0, 1]


async def test_an_id_is_counted_once_when_its_step_fails(host: Host) -> None:
    @host.function("twice", "app/go", retries=0)
    async def twice(ctx: inngest.Context) -> list[str]:
        async def fail() -> str:
            raise ValueError("no")

        async def give() -> str:
            return "yes"

        got: list[str] = [await ctx.step.run("same", give)]
        try:
            await ctx.step.run("same", fail)
        except inngest.StepError as error:
            got.append(error.message)
        return [*got, await ctx.step.run("same", give)]

    await host.start()
    event_id = await host.send("app/go")
    await host.engine.settle()
    assert await host.output(event_id) == ["yes", "no", "yes"]


async def test_an_output_that_is_no_json_fails_the_run(host: Host) -> None:
    calls: list[str] = []

    @host.function("odd", "app/go", retries=0)
    async def odd(ctx: inngest.Context) -> None:
        async def give() -> object:
            calls.append("give")
            return object()

        await ctx.step.run("give", give)

    await host.start()
    event_id = await host.send("app/go")
    await host.engine.settle()
    assert (await error_of(host, event_id))["code"] == "output_unserializable"
    assert calls == ["give"]


async def test_a_step_in_a_step_is_refused(host: Host) -> None:
    @host.function("nests", "app/go", retries=0)
    async def nests(ctx: inngest.Context) -> None:
        async def outer() -> int:
            async def inner() -> int:
                return 1

            return await ctx.step.run("inner", inner)

        await ctx.step.run("outer", outer)

    await host.start()
    event_id = await host.send("app/go")
    await host.engine.settle()
    assert (await error_of(host, event_id))["message"] == "Nested steps are not supported."
    steps = await host.engine.run_steps((await host.run(event_id)).id)
    assert [step.name for step in steps] == ["outer"]


async def test_a_step_may_be_a_plain_callable(host: Host) -> None:
    @host.function("plain", "app/go")
    async def plain(ctx: inngest.Context) -> Any:
        return await ctx.step.run("plain", lambda: 7)  # type: ignore[return-value]  # the SDK takes it

    await host.start()
    event_id = await host.send("app/go")
    await host.engine.settle()
    assert await host.output(event_id) == 7
