"""Durable runs per second, in process, on SQLite with full synchronisation.

    python -m benchmarks.durable [--runs N] [--steps N] [--json]

The last line is one JSON object: `runs_per_s` with many runs in flight, and `p50_ms` from event
to finish of one run at a time.
"""

import argparse
import asyncio
import gc
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import inngest

from rawr.durable.domain.event import EventDraft
from rawr.durable.engine import Engine

WARM_UP = 50
SEQUENTIAL = 200
WAVE = 100  # events per send


def build(client: inngest.Inngest, steps: int) -> inngest.Function[Any]:
    """Return a function of trivial sequential steps."""

    @client.create_function(fn_id="steps", trigger=inngest.TriggerEvent(event="bench/go"))
    async def function(ctx: inngest.Context) -> int:
        async def step(number: int) -> int:
            return number

        total = 0
        for number in range(steps):
            total += await ctx.step.run(f"step-{number}", step, number)
        return total

    return function


async def throughput(engine: Engine, runs: int) -> float:
    """Send `runs` events and return the runs finished per second."""
    started = time.perf_counter()
    for sent in range(0, runs, WAVE):
        count = min(WAVE, runs - sent)
        await engine.send([EventDraft(name="bench/go", data={"n": n}) for n in range(count)])
    await engine.settle()
    return runs / (time.perf_counter() - started)


async def latency(engine: Engine, runs: int) -> list[float]:
    """Return the milliseconds from event to finish of runs made one after the other."""
    times: list[float] = []
    for number in range(runs):
        started = time.perf_counter()
        await engine.send([EventDraft(name="bench/go", data={"n": number})])
        await engine.settle()
        times.append((time.perf_counter() - started) * 1000)
    return times


async def measure(runs: int, steps: int) -> dict[str, float]:
    """Run the benchmark in a fresh directory."""
    client = inngest.Inngest(app_id="bench", is_production=False)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as directory:
        async with await Engine.open(Path(directory)) as engine:
            await engine.serve(client, [build(client, steps)])
            await throughput(engine, WARM_UP)
            # As a host does once it has started: what is there stays.
            gc.collect()
            gc.freeze()
            one_by_one = await latency(engine, SEQUENTIAL)
            per_second = await throughput(engine, runs)
            completed = await engine.list_runs(limit=1, status=None)
            if completed[0].status != "completed":
                raise SystemExit(f"a run ended as {completed[0].status}")
    return {
        "steps": steps,
        "runs_per_s": round(per_second, 1),
        "p50_ms": round(statistics.median(one_by_one), 3),
    }


def main() -> None:
    """Parse the arguments and print the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3000)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    result = asyncio.run(measure(arguments.runs, arguments.steps))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
