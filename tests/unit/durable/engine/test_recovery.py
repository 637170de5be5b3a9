"""After a crash: nothing accepted is lost, nothing committed is executed again."""

import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from typing import Any

import anyio
import anyio.lowlevel
import anyio.to_thread
import inngest
import pytest

from rawr.durable.domain.errors import NotRunning, StoreLocked
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine


async def test_a_run_goes_on_after_a_crash_without_repeating_committed_steps(host: Any) -> None:
    executed: list[str] = []
    reached, never = anyio.Event(), anyio.Event()

    @host.function("long", "app/go")
    async def long(ctx: inngest.Context) -> object:
        async def step(name: str) -> str:
            executed.append(name)
            if name == "second" and executed.count("second") == 1:
                reached.set()
                await never.wait()
            return name

        return [await ctx.step.run(name, step, name) for name in ("first", "second", "third")]

    await host.start()
    event = await host.send("app/go")
    await reached.wait()
    await host.restart()
    await host.engine.settle()

    assert await host.output(event) == ["first", "second", "third"]
    assert executed == ["first", "second", "second", "third"]


async def test_sleeps_and_waits_survive_a_crash(host: Any) -> None:
    @host.function("patient", "app/go")
    async def patient(ctx: inngest.Context) -> object:
        await ctx.step.sleep("nap", timedelta(minutes=1))
        event = await ctx.step.wait_for_event(
            "wait",
            event="app/reply",
            if_exp="async.data.id == event.data.id",
            timeout=timedelta(days=1),
        )
        return None if event is None else event.data["text"]

    await host.start()
    event = await host.send("app/go", {"id": 1})
    await host.engine.settle()
    await host.restart()
    await host.advance(61)
    await host.restart()
    await host.engine.settle()
    host.clock.advance(1)
    await host.send("app/reply", {"id": 1, "text": "hello"})
    await host.engine.settle()

    assert await host.output(event) == "hello"


async def test_retries_survive_a_crash(host: Any) -> None:
    attempts: list[int] = []

    @host.function("flaky", "app/go", retries=2)
    async def flaky(ctx: inngest.Context) -> str:
        attempts.append(ctx.attempt)
        if ctx.attempt == 0:
            raise ValueError("once")
        return "ok"

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    await host.restart()
    await host.advance(20)

    assert await host.output(event) == "ok"
    assert attempts == [0, 1]


async def test_an_accepted_event_runs_after_a_crash_right_behind_it(host: Any) -> None:
    ran: list[str] = []

    @host.function("quick", "app/go")
    async def quick(ctx: inngest.Context) -> None:
        ran.append(ctx.run_id)

    await host.start()
    event = await host.send("app/go")
    await host.restart()
    await host.engine.settle()

    assert (await host.run(event)).status is RunStatus.COMPLETED
    assert len(set(ran)) == 1


async def test_events_a_step_sent_before_the_crash_start_nothing_twice(host: Any) -> None:
    received: list[str] = []

    @host.function("sender", "app/go")
    async def sender(ctx: inngest.Context) -> None:
        await ctx.step.send_event("tell", inngest.Event(name="app/told"))
        await ctx.step.send_event("more", inngest.Event(name="app/told"))

    @host.function("listener", "app/told")
    async def listener(ctx: inngest.Context) -> None:
        received.append(ctx.event.id)

    await host.start()
    event = await host.send("app/go")
    await host.engine.settle()
    assert (await host.run(event)).status is RunStatus.COMPLETED
    assert len(received) == 2


async def test_a_second_engine_on_the_same_directory_is_refused(host: Any) -> None:
    await host.start()
    with pytest.raises(StoreLocked, match="in use by process"):
        await Engine.open(host._data_dir)


async def test_a_closed_engine_accepts_nothing(host: Any) -> None:
    engine = await host.start()
    await engine.close()
    with pytest.raises(NotRunning):
        await engine.send([])
    await engine.close()


async def test_drain_lets_calls_in_flight_end_and_starts_nothing_more(host: Any) -> None:
    started, release = anyio.Event(), anyio.Event()

    @host.function("slow", "app/go")
    async def slow(ctx: inngest.Context) -> str:
        started.set()
        await release.wait()
        return "ended"

    engine = await host.start()
    event = await host.send("app/go")
    await started.wait()
    async with anyio.create_task_group() as group:
        group.start_soon(engine.drain)
        await anyio.lowlevel.checkpoint()
        release.set()

    assert await host.output(event) == "ended"


async def test_closing_does_not_wait_for_a_plain_function(host: Any) -> None:
    if host.transport == "http":
        return  # over HTTP the function is another process's

    started, release = threading.Event(), threading.Event()

    @host.function("slow", "app/go")
    def slow(ctx: inngest.ContextSync) -> None:
        started.set()
        release.wait(10)

    engine = await host.start()
    await host.send("app/go")
    await anyio.to_thread.run_sync(started.wait)
    with anyio.fail_after(5):
        await engine.close()
    release.set()


async def test_an_item_without_a_run_is_removed(
    host: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await host.start()
    await host.crash()
    path = host._data_dir / "engine.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "INSERT INTO queue (id, run_id, function_id, kind, due_at, attempt, max_attempts,"
            " generation, parked) VALUES (1, 'gone', 'app-fn', 'call', 0, 0, 1, 1, 1)"
        )
    await host.start()
    await host.engine.settle()
    assert "does not exist" in caplog.text
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM queue").fetchone() == (0,)
