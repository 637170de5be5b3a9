"""When the store fails: clear errors to callers, and nothing lost."""

import logging
from typing import Any

import inngest
import pytest

from rawr.durable.domain.errors import (
    EventRejected,
    LimitExceeded,
    RunNotFound,
    StoreFull,
    StoreLocked,
    StoreUnavailable,
)
from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.run import RunStatus
from rawr.sqlite import DatabaseLocked, DiskFull, StorageError


class FailingWrites:
    """Makes the next writes of a host's database fail."""

    def __init__(self, host: Any, error: StorageError, *, times: int) -> None:
        database = host.engine._store._database
        write = database.write
        self.left = times

        async def failing(work: Any) -> Any:
            if self.left > 0:
                self.left -= 1
                raise error
            return await write(work)

        database.write = failing


@pytest.mark.parametrize(
    ("error", "seen"),
    [
        (DiskFull("disk full"), StoreFull),
        (DatabaseLocked("locked"), StoreLocked),
        (StorageError("other"), StoreUnavailable),
    ],
)
async def test_an_event_that_cannot_be_stored_is_refused(
    host: Any, error: StorageError, seen: type[Exception]
) -> None:
    await host.start()
    await host.engine.settle()
    FailingWrites(host, error, times=1)
    with pytest.raises(seen):
        await host.send("app/go")
    assert await host.engine.list_events() == []
    await host.send("app/go")


async def test_a_run_goes_on_when_the_store_is_back(
    host: Any, caplog: pytest.LogCaptureFixture
) -> None:
    executed: list[str] = []

    @host.function("steady", "app/go", retries=0)
    async def steady(ctx: inngest.Context) -> str:
        async def step() -> str:
            executed.append("step")
            return "kept"

        return await ctx.step.run("step", step)

    await host.start()
    event = await host.send("app/go")
    FailingWrites(host, DiskFull("disk full"), times=3)
    with caplog.at_level(logging.CRITICAL, logger="rawr.durable"):
        await host.advance(60)

    assert await host.output(event) == "kept"
    assert executed.count("step") >= 2


async def test_a_refused_event_keeps_its_whole_request_out(host: Any) -> None:
    await host.start()
    good, bad = EventDraft(name="app/go", data={}), EventDraft(name="inngest/x", data={})
    with pytest.raises(EventRejected):
        await host.engine.send([good, bad])
    assert await host.engine.list_events() == []


async def test_events_that_are_not_json_or_too_large_are_refused(host: Any) -> None:
    await host.start()
    with pytest.raises(EventRejected, match="not JSON"):
        await host.send("app/go", {"x": object()})
    with pytest.raises(LimitExceeded, match="bytes"):
        await host.send("app/go", {"x": "y" * 3 * 1024 * 1024})


async def test_unknown_runs_are_told_apart_from_ended_ones(host: Any) -> None:
    await host.start()
    with pytest.raises(RunNotFound):
        await host.engine.cancel_run("01NOBODY")
    with pytest.raises(RunNotFound):
        await host.engine.run_state("01NOBODY")
    with pytest.raises(RunNotFound):
        await host.engine.wait_run("01NOBODY")
    assert await host.engine.get_run("01NOBODY") is None


async def test_a_run_of_a_function_nobody_registers_any_more_fails(host: Any) -> None:
    @host.function("gone", "app/go")
    async def gone(ctx: inngest.Context) -> None: ...

    engine = await host.start()
    event = await host.send("app/go", ts=host.clock.now_ms() + 1000)
    await engine.register(b'{"appname":"app","url":"http://app.test","functions":[]}')
    await host.advance(2)
    run = await host.run(event)
    assert run.status is RunStatus.FAILED
    assert b"FunctionNotFound" in run.output


async def test_an_app_that_is_not_served_yet_waits_without_using_attempts(host: Any) -> None:
    if host.transport == "http":
        return  # an HTTP app is simply unreachable

    attempts: list[int] = []

    @host.function("late", "app/go", retries=0)
    async def late(ctx: inngest.Context) -> None:
        attempts.append(ctx.attempt)

    await host.start()
    event = await host.send("app/go", ts=host.clock.now_ms() + 1000)
    functions, host._functions = host._functions, []
    await host.restart()
    await host.advance(7)
    assert attempts == []
    await host.engine.serve(host.client, functions)
    await host.advance(10)
    assert attempts == [0]
    assert (await host.run(event)).status is RunStatus.COMPLETED


async def test_waiting_for_a_run_returns_when_it_ends(host: Any) -> None:
    @host.function("quick", "app/go")
    async def quick(ctx: inngest.Context) -> int:
        return 1

    await host.start()
    event = await host.send("app/go")
    (run,) = await host.runs(event)
    ended = await host.engine.wait_run(run.id)
    assert ended.status is RunStatus.COMPLETED
    assert ended.output == b"1"
