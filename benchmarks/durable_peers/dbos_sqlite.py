"""DBOS on SQLite, in process, with its own defaults: run by the interpreter of the peers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from _worker import main
from dbos import DBOS, DBOSConfig


@DBOS.step()
async def step(number: int) -> int:
    return number


@DBOS.workflow()
async def workflow(steps: int) -> int:
    total = 0
    for number in range(steps):
        total += await step(number)
    return total


class OnSQLite:
    """Calls a workflow, which is durable, and waits for its result."""

    async def run(self, steps: int, number: int) -> None:  # noqa: ARG002 - DBOS numbers its own
        if await workflow(steps) != sum(range(steps)):
            raise RuntimeError("a workflow returned something else")


@asynccontextmanager
async def start(directory: Path) -> AsyncIterator[OnSQLite]:
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": f"sqlite:///{directory / 'dbos.sqlite'}",
        "log_level": "WARNING",
    }
    DBOS(config=config)
    DBOS.launch()
    yield OnSQLite()
    DBOS.destroy()


if __name__ == "__main__":
    main(start)
