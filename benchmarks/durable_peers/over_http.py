"""The stand-alone engine of this project, and an app on the official SDK behind HTTP."""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from benchmarks.durable_peers._http import Requests, free_port
from benchmarks.durable_peers._processes import cpu_ms, server
from benchmarks.durable_peers._worker import main

ROOT = Path(__file__).parents[2]
APP = "benchmarks.durable_peers.over_http_app:app"


class OverHTTP:
    """Calls a function through the engine, which answers when its run has finished."""

    def __init__(self, engine: Requests) -> None:
        self._engine = engine

    async def run(self, steps: int, number: int) -> None:
        path = f"/invoke/bench-steps-{steps}?wait=1m"
        answer = json.loads(await self._engine.post(path, {"data": {"n": number}}))
        if answer["run"]["output"] != sum(range(steps)):
            raise RuntimeError(f"a function returned something else: {answer}")


@asynccontextmanager
async def beside(
    directory: Path, app: Sequence[str], *, app_port: int, **env: str
) -> AsyncIterator[OverHTTP]:
    """Run the engine and an app, which registers; `env` is what the app finds besides ours."""
    engine_port = free_port()
    rawr = [str(Path(sys.executable).with_name("rawr")), "engine", "--port", str(engine_port)]
    engine = [*rawr, "--data-dir", str(directory / "data")]
    env = {"INNGEST_DEV": f"http://127.0.0.1:{engine_port}", **env}
    with (
        server("engine", engine, port=engine_port, cwd=directory),
        server("app", app, port=app_port, cwd=directory, **env),
    ):
        await Requests(app_port).post("/api/inngest", {}, method="PUT")
        yield OverHTTP(Requests(engine_port))


def beside_uvicorn(directory: Path, app: str) -> AbstractAsyncContextManager[OverHTTP]:
    """Run the engine and an ASGI app of a module: uvloop, httptools, no access log."""
    port = free_port()
    serve = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--no-access-log"]
    return beside(
        directory, [*serve, "--log-level", "warning"], app_port=port, PYTHONPATH=str(ROOT)
    )


def start(directory: Path) -> AbstractAsyncContextManager[OverHTTP]:
    return beside_uvicorn(directory, APP)


if __name__ == "__main__":
    main(start, cpu_ms=cpu_ms)
