"""The engine of this project with its functions in the same process, as a host runs it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import inngest

from benchmarks.durable_peers._worker import LENGTHS, main
from rawr.durable.domain.event import EventDraft
from rawr.durable.domain.run import Run, RunStatus
from rawr.durable.domain.step import StepRecord
from rawr.durable.engine import Engine


def build(client: inngest.Inngest, steps: int) -> inngest.Function[Any]:
    """Return a function of trivial sequential steps."""

    @client.create_function(
        fn_id=f"steps-{steps}", trigger=inngest.TriggerEvent(event=f"bench/go.{steps}")
    )
    async def function(ctx: inngest.Context) -> int:
        async def step(number: int) -> int:
            return number

        total = 0
        for number in range(steps):
            total += await ctx.step.run(f"step-{number}", step, number)
        return total

    return function


class InProcess:
    """Sends events, and hears of the ends of the runs they start."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._finished: dict[int, asyncio.Future[RunStatus]] = {}
        engine.listen(self)

    async def run(self, steps: int, number: int) -> None:
        finished: asyncio.Future[RunStatus] = asyncio.get_running_loop().create_future()
        self._finished[number] = finished
        await self._engine.send([EventDraft(name=f"bench/go.{steps}", data={"n": number})])
        status = await finished
        if status is not RunStatus.COMPLETED:
            raise RuntimeError(f"a run ended as {status}")

    def stepped(self, run: Run, step: StepRecord) -> None:
        """Nothing hangs on a step."""

    def ended(self, run: Run, status: RunStatus, output: bytes | None) -> None:  # noqa: ARG002 - the port's
        self._finished.pop(run.event.data["n"]).set_result(status)


@asynccontextmanager
async def start(directory: Path) -> AsyncIterator[InProcess]:
    client = inngest.Inngest(app_id="bench", is_production=False)
    async with await Engine.open(directory / "engine") as engine:
        await engine.serve(client, [build(client, steps) for steps in LENGTHS])
        yield InProcess(engine)


if __name__ == "__main__":
    main(start)
