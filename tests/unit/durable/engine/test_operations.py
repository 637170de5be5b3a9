"""Cancelling and replaying many runs, and pausing functions."""

import inngest
import pytest

from rawr.durable.domain.errors import EngineError, FunctionNotFound
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import RunSelection

from .conftest import Host

MINUTE_MS = 60_000


def sleeper(host: Host, fn_id: str = "nap", event: str = "app/nap") -> None:
    @host.function(fn_id, event)
    async def nap(ctx: inngest.Context) -> str:
        await ctx.step.sleep("long", 3_600_000)
        return "slept"


def breaker(host: Host) -> list[object]:
    """A function that fails until its list says otherwise."""
    mended: list[object] = []

    @host.function("break", "app/break", retries=0)
    async def fragile(ctx: inngest.Context) -> str:
        if ctx.event.data["n"] not in mended:
            raise inngest.NonRetriableError("broken")
        return "fine"

    return mended


async def statuses(host: Host, function_id: str) -> list[str]:
    runs = await host.engine.list_runs(limit=1000, function_id=function_id)
    return [run.status for run in reversed(runs)]


async def test_live_runs_are_cancelled_by_expression(host: Host) -> None:
    sleeper(host)
    await host.start()
    for number in range(6):
        await host.send("app/nap", {"n": number})
    await host.engine.settle()
    selection = RunSelection(function_id="app-nap", expression="event.data.n > 3")
    assert await host.engine.cancel_runs(selection) == 2
    assert await host.engine.cancel_runs(selection) == 0
    assert await statuses(host, "app-nap") == ["running"] * 4 + ["cancelled"] * 2


async def test_live_runs_are_cancelled_by_time(host: Host) -> None:
    sleeper(host)
    await host.start()
    began = host.clock.now_ms()
    for _ in range(3):
        await host.send("app/nap")
        await host.advance(60)
    selection = RunSelection(created_after=began + MINUTE_MS, created_before=began + 2 * MINUTE_MS)
    assert await host.engine.cancel_runs(selection) == 1
    assert await statuses(host, "app-nap") == ["running", "cancelled", "running"]


async def test_every_function_is_cancelled_when_none_is_named(host: Host) -> None:
    sleeper(host)
    sleeper(host, "other", "app/other")
    await host.start()
    await host.send("app/nap")
    await host.send("app/other")
    await host.engine.settle()
    assert await host.engine.cancel_runs(RunSelection()) == 2


async def test_more_runs_than_a_page_are_cancelled(host: Host) -> None:
    sleeper(host)
    await host.start()
    await host.engine.send([host.draft("app/nap", {"n": number}) for number in range(450)])
    await host.engine.settle()
    assert await host.engine.cancel_runs(RunSelection(expression="event.data.n % 2 == 0")) == 225
    assert host.engine.next_due_at() is not None


async def test_a_selection_that_does_not_compile_is_refused(host: Host) -> None:
    await host.start()
    with pytest.raises(EngineError):
        await host.engine.cancel_runs(RunSelection(expression="event.data.("))


async def test_a_selection_without_a_boolean_selects_nothing(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    sleeper(host)
    await host.start()
    await host.send("app/nap", {"n": 1})
    await host.engine.settle()
    assert await host.engine.cancel_runs(RunSelection(expression="event.data.n")) == 0
    assert "cannot be decided" in caplog.text


async def test_failed_runs_are_replayed_by_expression(host: Host) -> None:
    mended = breaker(host)
    await host.start()
    for number in range(4):
        await host.send("app/break", {"n": number})
    await host.engine.settle()
    mended += range(4)
    selection = RunSelection(function_id="app-break", expression="event.data.n < 2")
    assert await host.engine.replay_runs(selection) == 2
    await host.engine.settle()
    assert await statuses(host, "app-break") == ["failed"] * 4 + ["completed"] * 2


async def test_a_replay_does_not_repeat_its_own_runs(host: Host) -> None:
    breaker(host)
    await host.start()
    await host.engine.send([host.draft("app/break", {"n": number}) for number in range(250)])
    await host.engine.settle()
    assert await host.engine.replay_runs(RunSelection()) == 250
    await host.engine.settle()
    assert await statuses(host, "app-break") == ["failed"] * 500


async def test_runs_that_completed_can_be_replayed(host: Host) -> None:
    breaker(host).append(1)
    await host.start()
    await host.send("app/break", {"n": 1})
    await host.engine.settle()
    done = frozenset({RunStatus.COMPLETED})
    assert await host.engine.replay_runs(RunSelection(), statuses=done) == 1


async def test_only_a_registered_function_is_replayed(host: Host) -> None:
    await host.start()
    with pytest.raises(FunctionNotFound):
        await host.engine.replay_runs(RunSelection(function_id="app-gone"))


async def test_a_paused_function_skips_until_it_is_resumed(host: Host) -> None:
    breaker(host).extend([1, 2])
    await host.start()
    await host.engine.pause_function("app-break")
    await host.send("app/break", {"n": 1})
    await host.engine.settle()
    assert host.engine.paused_functions() == {"app-break": host.clock.now_ms()}
    assert await statuses(host, "app-break") == ["skipped"]

    assert await host.engine.resume_function("app-break")
    assert not await host.engine.resume_function("app-break")
    await host.send("app/break", {"n": 2})
    skipped = frozenset({RunStatus.SKIPPED})
    assert await host.engine.replay_runs(RunSelection(), statuses=skipped) == 1
    await host.engine.settle()
    assert await statuses(host, "app-break") == ["skipped", "completed", "completed"]


async def test_a_pause_outlives_the_engine(host: Host) -> None:
    breaker(host)
    await host.start()
    await host.engine.pause_function("app-break")
    await host.restart()
    await host.send("app/break", {"n": 1})
    await host.engine.settle()
    assert await statuses(host, "app-break") == ["skipped"]


async def test_runs_go_on_while_their_function_is_paused(host: Host) -> None:
    sleeper(host)
    await host.start()
    event_id = await host.send("app/nap")
    await host.engine.settle()
    await host.engine.pause_function("app-nap")
    await host.advance(3_700)
    assert await host.output(event_id) == "slept"


async def test_a_step_that_invokes_a_paused_function_fails(host: Host) -> None:
    @host.function("child", "app/none")
    async def child(ctx: inngest.Context) -> str:
        return ctx.run_id

    @host.function("parent", "app/parent")
    async def parent(ctx: inngest.Context) -> str:
        try:
            await ctx.step.invoke("call", function=child)
        except inngest.StepError as error:
            return error.message
        return "answered"

    await host.start()
    await host.engine.pause_function("app-child")
    event_id = await host.send("app/parent")
    await host.engine.settle()
    assert await host.output(event_id) == "invoked function was skipped"


async def test_the_crons_of_a_paused_function_rest(host: Host) -> None:
    @host.function("tick", "", trigger=inngest.TriggerCron(cron="* * * * *"))
    async def tick(ctx: inngest.Context) -> None:
        return None

    await host.start()
    await host.engine.pause_function("app-tick")
    await host.advance(300)
    assert await statuses(host, "app-tick") == []
    await host.engine.resume_function("app-tick")
    await host.advance(60)
    assert await statuses(host, "app-tick") == ["completed"]


async def test_only_a_registered_function_is_paused(host: Host) -> None:
    await host.start()
    with pytest.raises(FunctionNotFound):
        await host.engine.pause_function("app-gone")
