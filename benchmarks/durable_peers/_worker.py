"""What every contestant does with the orders of the benchmark: standard library only.

A contestant runs in the interpreter that has its packages. It reads orders as lines of JSON and
answers each with one. All are measured by these same lines of code: `concurrency` clients start a
run each, wait until it has finished, and start the next.
"""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

#: Steps are trivial and sequential; these are the two lengths of a run.
LENGTHS = (3, 10)


class Contestant(Protocol):
    """Runs one durable function from its start to the moment its caller knows that it finished."""

    async def run(self, steps: int, number: int) -> None:
        """Run a function of `steps` steps; numbers of runs are never used twice."""
        ...


Start = Callable[[Path], AbstractAsyncContextManager[Contestant]]


def _own_cpu_ms() -> dict[str, float]:
    return {"all": time.process_time() * 1000}


def main(start: Start, *, cpu_ms: Callable[[], dict[str, float]] = _own_cpu_ms) -> None:
    """Serve orders until the input ends.

    `cpu_ms` tells how much processor time each part of the contestant has taken so far.
    """
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(start, cpu_ms))
    else:
        uvloop.run(_serve(start, cpu_ms))


async def _serve(start: Start, cpu_ms: Callable[[], dict[str, float]]) -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not be taken for an answer
    async with start(Path(sys.argv[1])) as contestant:
        numbers = iter(range(1 << 40))
        await _load(contestant, LENGTHS[0], runs=20, concurrency=4, numbers=numbers)
        # As a host does once it has started: what is there stays.
        gc.collect()
        gc.freeze()
        print("{}", file=answers, flush=True)
        async for order in _orders():
            runs, before = order["runs"], cpu_ms()
            began = time.perf_counter()
            times = await _load(contestant, numbers=numbers, **order)
            seconds = time.perf_counter() - began
            spent = {part: (now - before[part]) / runs for part, now in cpu_ms().items()}
            answer = {"runs_per_s": runs / seconds, "times_ms": times, "cpu_ms_per_run": spent}
            print(json.dumps(answer), file=answers, flush=True)


async def _orders() -> AsyncIterator[dict[str, int]]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield json.loads(line)


async def _load(
    contestant: Contestant, steps: int, *, runs: int, concurrency: int, numbers: Iterator[int]
) -> list[float]:
    """Return the milliseconds each of `runs` runs took from start to finish."""
    times: list[float] = []
    left = iter(range(runs))

    async def client() -> None:
        for _ in left:
            began = time.perf_counter()
            await contestant.run(steps, next(numbers))
            times.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(client() for _ in range(concurrency)))
    return times
