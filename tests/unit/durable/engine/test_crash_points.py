"""An engine that dies right after each of its commits in turn, with everything it can be doing.

The commit is durable, what it made ready is forgotten, and nothing is written after it: then the
next process must bring every run to the same end.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import inngest
import pytest

from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.run import RunStatus
from rawr.sqlite import StorageError

from .conftest import Host

#: What is sent: seconds since the one before, the event's name and its number.
SENT = (
    (0, "app/go", 0),
    (0, "app/lot", 1),
    (0, "app/lot", 2),
    (0, "app/calm", 3),
    (1, "app/calm", 4),
    (0, "app/one", 5),
    (1, "app/one", 6),
    (1, "app/later", 7),
    (0, "app/stopped", 8),
    (1, "app/stop", 9),
    (60, "app/answer", 10),
)
END_S = 300
TURN_S = 5


class Dying:
    """Lets a host's database commit so many times, and never again."""

    def __init__(self, host: Host, left: int) -> None:
        database: Any = host.engine._store._database  # type: ignore[attr-defined]
        write = database.write
        self.left = left

        async def dying(work: Any) -> Any:
            if self.left <= 0:
                raise StorageError("the process is dead")
            self.left -= 1
            answer = await write(work)
            if self.left == 0:
                raise StorageError("the process died before it learned of its commit")
            return answer

        database.write = dying

    @property
    def is_over(self) -> bool:
        return self.left <= 0


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


class World:
    """Functions that use what the engine has, and what their steps made."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.attempts: Counter[str] = Counter()
        self.has_died = False
        self._define()

    async def step(self, name: str) -> str:
        self.attempts[name] += 1
        if name == "flaky" and self.attempts[name] % 2:
            raise ValueError("every other attempt fails")
        return name

    def _define(self) -> None:
        host, step = self.host, self.step
        pairs = inngest.Batch(max_size=2, timeout=seconds(5))

        @host.function("child", "app/child", batch_events=pairs)
        async def child(ctx: inngest.Context) -> int:
            return len(ctx.events)

        @host.function("main", "app/go", retries=20)
        async def main(ctx: inngest.Context) -> list[Any]:
            first = await ctx.step.run("first", step, "first")
            both = await ctx.group.parallel(
                (
                    lambda: ctx.step.run("left", step, "left"),
                    lambda: ctx.step.invoke("right", function=child),
                )
            )
            await ctx.step.sleep("nap", 10)
            flaky = await ctx.step.run("flaky", step, "flaky")
            answer = await ctx.step.wait_for_event(
                "answer", event="app/answer", timeout=seconds(200)
            )
            # An app may send it again, if it dies before its step is kept.
            await ctx.step.send_event("tell", inngest.Event(name="app/told", id="told"))
            return [first, *both, flaky, answer is not None]

        @host.function("told", "app/told", retries=20)
        async def told(ctx: inngest.Context) -> str:
            return await ctx.step.run("told", step, "told")

        @host.function("lot", "app/lot", batch_events=pairs, retries=20)
        async def lot(ctx: inngest.Context) -> int:
            return len(ctx.events)

        throttle = inngest.Throttle(limit=1, period=seconds(30), burst=0)
        debounce = inngest.Debounce(period=seconds(5))

        @host.function("calm", "app/calm", debounce=debounce, throttle=throttle, retries=20)
        async def calm(ctx: inngest.Context) -> Any:
            return ctx.event.data["n"]

        @host.function("one", "app/one", singleton=inngest.Singleton(mode="cancel"), retries=20)
        async def one(ctx: inngest.Context) -> Any:
            await ctx.step.wait_for_event("nap", event="app/never", timeout=seconds(60))
            return ctx.event.data["n"]

        @host.function("later", "app/later", throttle=throttle, retries=20)
        async def later(ctx: inngest.Context) -> Any:
            return ctx.event.data["n"]

        @host.function("stopped", "app/stopped", cancel=[inngest.Cancel(event="app/stop")])
        async def stopped(ctx: inngest.Context) -> None:
            await ctx.step.wait_for_event("nap", event="app/never", timeout=seconds(90))

    async def play(self, commits: int) -> bool:
        """Send everything and let time pass, dying once; False when there are fewer commits."""
        dying = Dying(self.host, commits)
        for gap, name, number in SENT:
            await self._survive(dying, gap)
            draft = self.host.draft(name, {"n": number}, id=f"e{number}", ts=self._ts(name))
            try:
                await self.host.engine.send([draft])
            except EngineError:
                self.has_died = True
                await self.host.restart()
                await self.host.engine.send([draft])
            await self._survive(dying, 0)
        await self._survive(dying, 30)
        await self._survive(dying, END_S)
        return self.has_died

    def _ts(self, name: str) -> int | None:
        return self.host.clock.now_ms() + 20_000 if name == "app/later" else None

    async def _survive(self, dying: Dying, gap: int) -> None:
        """Let time pass; a process that has died is followed by another one soon."""
        for _ in range(max(gap // TURN_S, 1)):
            await self.host.advance(min(gap, TURN_S))
            if dying.is_over and not self.has_died:
                self.has_died = True
                await self.host.restart()
                await self.host.advance(0)

    async def ends(self) -> dict[str, list[Any]]:
        """How the runs of each function ended."""
        found: dict[str, list[Any]] = {}
        for run in await self.host.engine.list_runs(limit=100):
            assert run.status.is_terminal, (run.function_id, run.status)
            output = json.loads(run.output or b"null")
            end = output if run.status is RunStatus.COMPLETED else run.status.value
            found.setdefault(run.function_id.removeprefix("app-"), []).append(end)
        return {name: sorted(ends, key=str) for name, ends in sorted(found.items())}

    async def left(self) -> tuple[int, ...]:
        """How many rows are left of what live runs need."""
        tables = ("queue", "pauses", "waiting", "gatherings", "singletons", "run_slots")
        counts = ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)

        def count(connection: Any) -> tuple[int, ...]:
            row: tuple[int, ...] = connection.execute(f"SELECT {counts}").fetchone()
            return row

        store: Any = self.host.engine._store
        result: tuple[int, ...] = await store._read(count)
        return result


EXPECTED = {
    "calm": [4],
    "child": [1],
    "later": [7],
    "lot": [2],
    "main": [["first", "left", 1, "flaky", True]],
    "one": [6, "cancelled"],
    "stopped": ["cancelled"],
    "told": ["told"],
}


@asynccontextmanager
async def world(directory: Path, transport: str) -> AsyncIterator[World]:
    host = Host(directory, transport)
    one = World(host)
    await host.start()
    try:
        yield one
    finally:
        await host.engine.close()


@pytest.mark.parametrize("first", range(1, 5))
@pytest.mark.parametrize("transport", ["in_process", "http"])
async def test_whatever_commit_was_the_last_every_run_ends_as_it_should(
    tmp_path: Path, transport: str, first: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", logger="rawr.durable")
    commits, has_died = first - 4, True
    while has_died:
        commits += 4
        async with world(tmp_path / str(commits), transport) as one:
            has_died = await one.play(commits)
            assert await one.ends() == EXPECTED, f"after {commits} commits"
            assert await one.left() == (0,) * 6, f"after {commits} commits"
    assert commits > 40
