"""Parallel steps: planned, targeted, discovered once per group."""

from datetime import timedelta
from typing import Any

import inngest
from inngest._internal import server_lib

from rawr.durable.domain.run import RunStatus


def count_calls(host: Any) -> list[int]:
    return [len(host.app.requests)]


async def test_parallel_steps_each_run_once_and_join(host: Any) -> None:
    executed: list[str] = []

    @host.function("fan", "app/go")
    async def fan(ctx: inngest.Context) -> object:
        async def step(name: str) -> str:
            executed.append(name)
            return name

        pair = await ctx.group.parallel(
            (
                lambda: ctx.step.run("a", step, "a"),
                lambda: ctx.step.run("b", step, "b"),
            )
        )
        return [*pair, await ctx.step.run("after", step, "after")]

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == ["a", "b", "after"]
    assert sorted(executed) == ["a", "after", "b"]


def two_groups(host: Any, mode: server_lib.ParallelMode) -> None:
    @host.function("groups", "app/go")
    async def groups(ctx: inngest.Context) -> object:
        async def step(name: str) -> str:
            return name

        first = await ctx.group.parallel(
            (lambda: ctx.step.run("a", step, "a"), lambda: ctx.step.run("b", step, "b")),
            parallel_mode=mode,
        )
        second = await ctx.group.parallel(
            (lambda: ctx.step.run("c", step, "c"), lambda: ctx.step.run("d", step, "d")),
            parallel_mode=mode,
        )
        return [*first, *second]


async def test_a_group_is_discovered_once_when_its_last_step_is_settled(host: Any) -> None:
    two_groups(host, server_lib.ParallelMode.WAIT)
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == ["a", "b", "c", "d"]
    if host.transport == "http":
        assert len(host.app.requests) == 7


async def test_race_mode_discovers_after_each_step(host: Any) -> None:
    two_groups(host, server_lib.ParallelMode.RACE)
    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == ["a", "b", "c", "d"]
    if host.transport == "http":
        assert len(host.app.requests) == 9


async def test_a_group_may_mix_steps_sleeps_and_waits(host: Any) -> None:
    @host.function("mixed", "app/go")
    async def mixed(ctx: inngest.Context) -> object:
        async def step() -> str:
            return "ran"

        ran, _, event = await ctx.group.parallel(
            (
                lambda: ctx.step.run("a", step),
                lambda: ctx.step.sleep("b", timedelta(minutes=1)),
                lambda: ctx.step.wait_for_event(
                    "c", event="app/reply", timeout=timedelta(minutes=2)
                ),
            )
        )
        return [ran, None if event is None else event.data]

    await host.start()
    event = await host.send("app/go")
    await host.advance(61)
    await host.send("app/reply", {"n": 1})
    await host.engine.settle()

    assert await host.output(event) == ["ran", {"n": 1}]


async def test_a_parallel_step_is_retried_alone(host: Any) -> None:
    executed: list[str] = []

    @host.function("fan", "app/go", retries=2)
    async def fan(ctx: inngest.Context) -> object:
        async def good() -> str:
            executed.append("good")
            return "good"

        async def flaky() -> str:
            executed.append("flaky")
            if executed.count("flaky") == 1:
                raise ValueError("once")
            return "flaky"

        return await ctx.group.parallel(
            (lambda: ctx.step.run("a", good), lambda: ctx.step.run("b", flaky))
        )

    await host.start()
    event = await host.send("app/go")
    await host.advance(20)

    assert await host.output(event) == ["good", "flaky"]
    assert sorted(executed) == ["flaky", "flaky", "good"]


async def test_a_parallel_step_out_of_attempts_raises_in_the_function(host: Any) -> None:
    @host.function("fan", "app/go", retries=0)
    async def fan(ctx: inngest.Context) -> str:
        async def good() -> str:
            return "good"

        async def bad() -> str:
            raise ValueError("bad")

        try:
            await ctx.group.parallel(
                (lambda: ctx.step.run("a", good), lambda: ctx.step.run("b", bad))
            )
        except inngest.StepError as error:
            return error.message
        return "not reached"

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    assert await host.output(event) == "bad"


async def test_parallel_groups_survive_a_crash(host: Any) -> None:
    executed: list[str] = []

    @host.function("fan", "app/go", retries=1)
    async def fan(ctx: inngest.Context) -> object:
        async def good() -> str:
            executed.append("good")
            return "good"

        async def flaky() -> str:
            executed.append("flaky")
            if executed.count("flaky") == 1:
                raise ValueError("once")
            return "flaky"

        return await ctx.group.parallel(
            (lambda: ctx.step.run("a", good), lambda: ctx.step.run("b", flaky))
        )

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    await host.restart()
    await host.advance(20)

    assert await host.output(event) == ["good", "flaky"]
    assert sorted(executed) == ["flaky", "flaky", "good"]


async def test_a_non_retriable_error_of_a_parallel_step_fails_the_run(host: Any) -> None:
    @host.function("fan", "app/go")
    async def fan(ctx: inngest.Context) -> None:
        async def good() -> str:
            return "good"

        async def bad() -> str:
            raise inngest.NonRetriableError("bad")

        await ctx.group.parallel((lambda: ctx.step.run("a", good), lambda: ctx.step.run("b", bad)))

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()

    run = await host.run(event)
    assert run.status is RunStatus.FAILED
    assert b"non_retriable_error" in run.output
