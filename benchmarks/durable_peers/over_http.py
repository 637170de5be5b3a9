"""The stand-alone engine of this project, and an app on the official SDK behind HTTP."""

import asyncio
import os
import re
import sys
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from benchmarks.durable_peers._http import Requests, free_port
from benchmarks.durable_peers._processes import cpu_ms, server
from benchmarks.durable_peers._worker import main

ROOT = Path(__file__).parents[2]
APP = "benchmarks.durable_peers.over_http_app:app"

_ENDED = re.compile(rb"rawr_engine_runs_ended_total\{[^}]*completed[^}]*\} (\d+)")
#: How often to look for runs that finished, in seconds, with one of them under way and with many.
_GLANCE_S = 0.001
_LOOK_S = 0.02


class OverHTTP:
    """Sends events, and counts the runs the engine says it has completed.

    Runs are alike, so that the one that has waited longest is taken for the one that finished.
    """

    def __init__(self, engine: Requests) -> None:
        self._engine = engine
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._ended = 0

    async def run(self, steps: int, number: int) -> None:
        event = {"name": f"bench/go.{steps}", "data": {"n": number}}
        finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(finished)
        await self._engine.post("/e/key", event)
        await finished

    async def watch(self) -> None:
        """Release who waits, as runs end."""
        while True:
            await asyncio.sleep(_LOOK_S if len(self._waiting) > 1 else _GLANCE_S)
            if not self._waiting:
                continue
            counted = _ENDED.findall(await self._engine.get("/metrics"))
            ended = sum(map(int, counted))
            for _ in range(ended - self._ended):
                self._waiting.popleft().set_result(None)
            self._ended = ended


@asynccontextmanager
async def beside(
    directory: Path, app: Sequence[str], *, app_port: int, **env: str
) -> AsyncIterator[OverHTTP]:
    """Run the engine and an app, which registers; `env` is what the app finds besides ours."""
    engine_port = free_port()
    rawr = [str(Path(sys.executable).with_name("rawr")), "engine", "--port", str(engine_port)]
    engine = [*rawr, "--data-dir", str(directory / "data")]
    env = {**os.environ, "INNGEST_DEV": f"http://127.0.0.1:{engine_port}", **env}
    with (
        server("engine", engine, port=engine_port, cwd=directory, **os.environ),
        server("app", app, port=app_port, cwd=directory, **env),
    ):
        await Requests(app_port).post("/api/inngest", {}, method="PUT")
        contestant = OverHTTP(Requests(engine_port))
        watching = asyncio.create_task(contestant.watch())
        yield contestant
        watching.cancel()


def start(directory: Path) -> AbstractAsyncContextManager[OverHTTP]:
    port = free_port()
    app = [sys.executable, "-m", "uvicorn", APP, "--port", str(port), "--no-access-log"]
    return beside(directory, [*app, "--log-level", "warning"], app_port=port, PYTHONPATH=str(ROOT))


if __name__ == "__main__":
    main(start, cpu_ms=cpu_ms)
