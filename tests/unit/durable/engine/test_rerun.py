"""Repeating runs, whole or from one of their steps."""

import json

import inngest
import pytest

from rawr.durable.domain.errors import FunctionNotFound, RerunRejected, RunNotFound, StepNotFound
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import RunView

from .conftest import Host

UNKNOWN = "01JQDAE4RQF8MBCR55T5AK4KXS"


class Steps:
    """A function of three steps that counts how often each executes."""

    def __init__(self, host: Host) -> None:
        self.executed: list[str] = []

        @host.function("steps", "app/go", retries=0)
        async def steps(ctx: inngest.Context) -> object:
            return [
                await ctx.step.run(name, self.execute, name, ctx.event.data["n"]) for name in "abc"
            ]

    async def execute(self, name: str, number: object) -> str:
        self.executed.append(name)
        if number == len(self.executed):
            raise inngest.NonRetriableError("broken")
        return f"{name}{number}"


async def ended(host: Host, run_id: str) -> RunView:
    await host.engine.settle()
    return await host.engine.wait_run(run_id)


async def test_a_rerun_is_a_new_run_of_the_same_event(host: Host) -> None:
    steps = Steps(host)
    await host.start()
    event_id = await host.send("app/go", {"n": 9})
    await host.engine.settle()
    (first,) = await host.runs(event_id)
    again = await ended(host, await host.engine.rerun(first.id))
    assert (again.status, again.output) == (RunStatus.COMPLETED, first.output)
    assert (again.original_run_id, again.event_ids) == (first.id, first.event_ids)
    assert steps.executed == ["a", "b", "c", "a", "b", "c"]
    assert [run.id for run in await host.runs(event_id)] == [first.id, again.id]


async def test_a_rerun_of_a_rerun_names_the_original(host: Host) -> None:
    Steps(host)
    await host.start()
    first = await host.run(await host.send("app/go", {"n": 9}))
    second = await host.engine.rerun(first.id)
    third = await host.engine.rerun(second)
    assert (await ended(host, third)).original_run_id == first.id


async def test_a_rerun_from_a_step_keeps_what_came_before_it(host: Host) -> None:
    steps = Steps(host)
    await host.start()
    first = await host.run(await host.send("app/go", {"n": 9}))
    await host.engine.settle()
    _, second_step, _ = await host.engine.run_steps(first.id)
    again = await ended(host, await host.engine.rerun(first.id, from_step=second_step.id))
    assert json.loads(again.output or b"") == ["a9", "b9", "c9"]
    assert steps.executed == ["a", "b", "c", "b", "c"]


async def test_a_rerun_from_a_step_outlives_a_crash(host: Host) -> None:
    steps = Steps(host)
    await host.start()
    first = await host.run(await host.send("app/go", {"n": 9}))
    await host.engine.settle()
    *_, last_step = await host.engine.run_steps(first.id)
    await host.engine.drain()
    run_id = await host.engine.rerun(first.id, from_step=last_step.id)
    await host.restart()
    assert json.loads((await ended(host, run_id)).output or b"") == ["a9", "b9", "c9"]
    assert steps.executed == ["a", "b", "c", "c"]


async def test_what_cannot_be_repeated_is_refused(host: Host) -> None:
    Steps(host)
    await host.start()
    run = await host.run(await host.send("app/go", {"n": 9}))
    with pytest.raises(RunNotFound):
        await host.engine.rerun(UNKNOWN)
    with pytest.raises(StepNotFound):
        await host.engine.rerun(run.id, from_step="unknown")
    await host.engine.register(b'{"appname":"app","url":"http://x.test","functions":[]}')
    with pytest.raises(FunctionNotFound):
        await host.engine.rerun(run.id)


async def test_what_is_still_to_be_done_is_shown(host: Host) -> None:
    @host.function("naps", "app/nap")
    async def naps(ctx: inngest.Context) -> None:
        await ctx.step.sleep("nap", 60_000)

    await host.start()
    run = await host.run(await host.send("app/nap"))
    await host.engine.settle()
    (item,) = await host.engine.run_items(run.id)
    assert (item.kind, item.parked, item.run_id) == ("resume", True, run.id)
    assert await host.engine.queue_depth() == 1
    await host.advance(120)
    assert await host.engine.run_items(run.id) == []
    assert await host.engine.queue_depth() == 0


def adder(host: Host) -> None:
    @host.function("add", "app/add")
    async def add(ctx: inngest.Context) -> int:
        async def plus(left: int, right: int) -> int:
            return left + right

        first = await ctx.step.run("first", plus, 1, 2)
        return await ctx.step.run("second", plus, first, 10)


async def finished_adder(host: Host) -> tuple[str, list[str]]:
    event_id = await host.send("app/add")
    await host.engine.settle()
    run = await host.run(event_id)
    return run.id, [step.id for step in await host.engine.run_steps(run.id)]


async def test_a_rerun_can_give_its_first_step_other_arguments(host: Host) -> None:
    adder(host)
    await host.start()
    run_id, steps = await finished_adder(host)
    if host.transport == "http":
        with pytest.raises(RerunRejected, match="over HTTP"):
            await host.engine.rerun(run_id, from_step=steps[1], input=[5, 6])
        return
    again = await ended(host, await host.engine.rerun(run_id, from_step=steps[1], input=[5, 6]))
    assert again.output == b"11"
    assert [one.id for one in await host.engine.run_steps(again.id)] == steps


async def test_arguments_are_kept_over_a_restart(host: Host) -> None:
    if host.transport == "http":
        pytest.skip("the Python SDK takes no arguments over HTTP")
    adder(host)
    await host.start()
    run_id, steps = await finished_adder(host)
    await host.engine.drain()
    rerun = await host.engine.rerun(run_id, from_step=steps[1], input=[5, 6])
    await host.restart()
    assert (await ended(host, rerun)).output == b"11"


async def test_a_plain_function_gets_the_other_arguments_too(host: Host) -> None:
    @host.function("double", "app/double")
    def double(ctx: inngest.ContextSync) -> int:
        return ctx.step.run("once", lambda number: 2 * number, 1)

    if host.transport == "http":
        pytest.skip("the Python SDK takes no arguments over HTTP")
    await host.start()
    event_id = await host.send("app/double")
    await host.engine.settle()
    run = await host.run(event_id)
    (step,) = await host.engine.run_steps(run.id)
    again = await ended(host, await host.engine.rerun(run.id, from_step=step.id, input=21))
    assert again.output == b"42"


async def test_an_input_needs_a_step(host: Host) -> None:
    adder(host)
    await host.start()
    run_id, _ = await finished_adder(host)
    with pytest.raises(RerunRejected, match="name the step"):
        await host.engine.rerun(run_id, input=[1])
