"""The harness for durable functions."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import inngest
import pytest

from rawr.durable.domain.limits import RunLimits
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import EngineSettings
from rawr.testing import EngineHarness, NotOneRun

Handler = Callable[[inngest.Context], Any]


@pytest.fixture
def client() -> inngest.Inngest:
    return inngest.Inngest(app_id="shop", is_production=False)


def function(
    client: inngest.Inngest, handler: Handler, event: str = "shop/go", **options: Any
) -> inngest.Function[Any]:
    trigger = inngest.TriggerEvent(event=event)
    made: inngest.Function[Any] = client.create_function(
        fn_id=handler.__name__, trigger=trigger, **options
    )(handler)
    return made


async def unreachable() -> int:
    raise AssertionError("the real step executed")


async def add(ctx: inngest.Context) -> int:
    async def one() -> int:
        return 1

    async def two() -> int:
        return 2

    return await ctx.step.run("one", one) + await ctx.step.run("two", two)


async def test_a_run_is_triggered_and_its_outcome_told(client: inngest.Inngest) -> None:
    async with EngineHarness(client, [function(client, add)]) as harness:
        outcome = await harness.trigger("shop/go")
        assert outcome.status is RunStatus.COMPLETED
        assert (outcome.output, outcome.error) == (3, None)
        assert outcome.steps == ("one", "two")
        assert outcome.function_id == "shop-add"


async def test_steps_that_stand_in_do_not_execute(client: inngest.Inngest) -> None:
    async def mocked(ctx: inngest.Context) -> list[Any]:
        first = await ctx.step.run("charge", unreachable)
        again = await ctx.step.run("charge", unreachable)
        left, right = await ctx.group.parallel(
            (lambda: ctx.step.run("left", unreachable), lambda: ctx.step.run("right", unreachable))
        )
        answer = await ctx.step.invoke_by_id("ask", function_id="nowhere")
        event = await ctx.step.wait_for_event("paid", event="shop/paid", timeout=timedelta(days=1))
        never = await ctx.step.wait_for_event("gone", event="shop/gone", timeout=timedelta(days=1))
        assert event is not None
        return [first, again, left, right, answer, event.data["n"], never]

    async with EngineHarness(client, [function(client, mocked)]) as harness:
        harness.returns("charge", {"id": 1})
        harness.returns("charge", {"id": 2}, index=1)
        harness.returns("left", "l")
        harness.returns("right", None)
        harness.returns("ask", "yes")
        harness.receives("paid", {"n": 7}, name="shop/paid")
        harness.receives("gone", None)
        outcome = await harness.trigger("shop/go")
        assert outcome.output == [{"id": 1}, {"id": 2}, "l", None, "yes", 7, None]
        assert outcome.steps == ()


async def test_a_step_may_fail_in_place_of_executing(client: inngest.Inngest) -> None:
    async def careful(ctx: inngest.Context) -> str:
        try:
            await ctx.step.run("charge", unreachable)
        except inngest.StepError as error:
            return f"{error.name}: {error.message}"
        return "charged"

    async with EngineHarness(client, [function(client, careful)]) as harness:
        harness.raises("charge", ValueError("declined"))
        assert (await harness.trigger("shop/go")).output == "ValueError: declined"


async def test_time_passes_only_where_a_test_says_so(client: inngest.Inngest) -> None:
    async def naps(ctx: inngest.Context) -> str:
        await ctx.step.sleep("night", timedelta(hours=8))
        return "awake"

    async with EngineHarness(client, [function(client, naps)]) as harness:
        outcome = await harness.trigger("shop/go")
        assert outcome.status is RunStatus.RUNNING
        await harness.advance(timedelta(hours=7))
        assert (await harness.refresh(outcome)).status is RunStatus.RUNNING
        await harness.run_until_idle()
        assert (await harness.refresh(outcome)).output == "awake"


async def test_idle_is_reached_over_retries_and_time_outs(client: inngest.Inngest) -> None:
    async def fails(ctx: inngest.Context) -> None:
        raise ValueError(f"attempt {ctx.attempt}")

    async def waits(ctx: inngest.Context) -> None:
        await ctx.step.wait_for_event("never", event="shop/never", timeout=timedelta(days=30))

    both = [function(client, fails, retries=3), function(client, waits, "shop/wait")]
    async with EngineHarness(client, both) as harness:
        failed = await harness.trigger("shop/go")
        waited = await harness.trigger("shop/wait")
        await harness.run_until_idle(at_most=timedelta(days=1))
        assert (await harness.refresh(waited)).status is RunStatus.RUNNING
        await harness.run_until_idle()
        ended = await harness.refresh(failed)
        assert ended.error is not None
        assert ended.error["message"] == "attempt 3"
        assert (await harness.refresh(waited)).status is RunStatus.COMPLETED


async def test_idle_does_not_wait_for_crons(client: inngest.Inngest) -> None:
    @client.create_function(fn_id="nightly", trigger=inngest.TriggerCron(cron="0 0 * * *"))
    async def nightly(ctx: inngest.Context) -> str:
        return ctx.event.name

    async with EngineHarness(client, [nightly]) as harness:
        await harness.run_until_idle()
        assert await harness.engine.list_runs() == []
        await harness.advance(timedelta(days=2))
        assert len(await harness.engine.list_runs()) == 2


async def test_a_run_goes_on_after_a_crash(client: inngest.Inngest, tmp_path: Path) -> None:
    executed: list[str] = []

    async def durable(ctx: inngest.Context) -> str:
        async def once() -> str:
            executed.append("once")
            return "done"

        value = await ctx.step.run("once", once)
        await ctx.step.sleep("nap", timedelta(hours=1))
        return value

    async with EngineHarness(client, [function(client, durable)], data_dir=tmp_path) as harness:
        outcome = await harness.trigger("shop/go")
        await harness.restart()
        await harness.run_until_idle()
        assert (await harness.refresh(outcome)).output == "done"
        assert executed == ["once"]
    assert (tmp_path / "engine.db").exists()


async def test_events_of_functions_are_seen_and_start_other_functions(
    client: inngest.Inngest,
) -> None:
    async def tells(ctx: inngest.Context) -> None:
        await ctx.step.send_event("tell", inngest.Event(name="shop/told", data={"n": 1}))

    async def hears(ctx: inngest.Context) -> Any:
        return ctx.event.data["n"]

    both = [function(client, tells), function(client, hears, "shop/told")]
    async with EngineHarness(client, both) as harness:
        await harness.trigger("shop/go", id="once")
        (told,) = await harness.events("shop/told")
        assert (await harness.outcome(told.internal_id)).output == 1
        with pytest.raises(NotOneRun, match="The event started 0 runs: none"):
            await harness.trigger("shop/go", id="once")


async def test_settings_apply(client: inngest.Inngest) -> None:
    settings = EngineSettings(limits=RunLimits(max_steps=1, max_step_bytes=10))
    async with EngineHarness(client, [function(client, add)], settings=settings) as harness:
        outcome = await harness.trigger("shop/go")
        assert outcome.error is not None
        assert outcome.error["name"] == "InngestErrFunctionOverflowed"


async def test_larger_limits_are_a_setting(client: inngest.Inngest) -> None:
    async def large(ctx: inngest.Context) -> int:
        async def make() -> str:
            return "x" * 5 * 1024 * 1024

        return len(await ctx.step.run("make", make))

    async with EngineHarness(client, [function(client, large, retries=0)]) as harness:
        error = (await harness.trigger("shop/go")).error
        assert error is not None
        assert error["name"] == "InngestErrStepOutputTooLarge"
    settings = EngineSettings(limits=RunLimits(max_step_bytes=8 * 1024 * 1024))
    both = [function(client, large, retries=0)]
    async with EngineHarness(client, both, settings=settings) as harness:
        assert (await harness.trigger("shop/go")).output == 5 * 1024 * 1024


def test_the_harness_must_be_entered(client: inngest.Inngest) -> None:
    with pytest.raises(RuntimeError, match="async with"):
        _ = EngineHarness(client, []).engine


async def test_an_event_of_the_sdk_is_sent_with_all_its_fields(client: inngest.Inngest) -> None:
    async with EngineHarness(client, [function(client, add)]) as harness:
        event = inngest.Event(name="shop/go", data={"order": 7}, id="order-7")
        assert (await harness.trigger(event)).status is RunStatus.COMPLETED
        (sent,) = await harness.events("shop/go")
        assert (sent.id, sent.data) == ("order-7", {"order": 7})
        assert await harness.runs(await harness.send(event)) == [], "the same id starts nothing"


async def test_runs_that_no_test_sent_an_event_for_are_listed(client: inngest.Inngest) -> None:
    @client.create_function(fn_id="report", trigger=inngest.TriggerCron(cron="0 6 * * *"))
    async def report(ctx: inngest.Context) -> str:
        return "done"

    async with EngineHarness(client, [function(client, add), report]) as harness:
        assert await harness.runs() == []
        await harness.trigger("shop/go")
        await harness.advance(timedelta(days=2))
        runs = await harness.runs()
    assert [run.function_id for run in runs] == ["shop-add", "shop-report", "shop-report"]
    assert {run.output for run in runs[1:]} == {"done"}
