"""Killed with SIGKILL under load: no accepted event is lost, no committed step runs again."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

KILLS = int(os.environ.get("RAWR_KILLS", "8"))

CHILD = """
import asyncio, sys
from pathlib import Path
import inngest
from rawr.durable.domain.event import EventDraft
from rawr.durable.engine import Engine

data_dir, log, accepted = Path(sys.argv[1]), open(sys.argv[2], "a"), open(sys.argv[3], "a")
first, count = int(sys.argv[4]), int(sys.argv[5])
client = inngest.Inngest(app_id="app", is_production=False)

def note(file, *words):
    print(*words, file=file, flush=True)

@client.create_function(fn_id="fn", trigger=inngest.TriggerEvent(event="app/go"))
async def fn(ctx: inngest.Context) -> list[int]:
    async def step(number: int) -> int:
        note(log, "ran", ctx.event.data["n"], number)
        return number

    done = [await ctx.step.run(f"s{number}", step, number) for number in range(2)]
    await ctx.step.sleep("nap", 20)
    done += await ctx.group.parallel(
        (lambda: ctx.step.run("p2", step, 2), lambda: ctx.step.run("p3", step, 3))
    )
    return done

async def main():
    engine = await Engine.open(data_dir)
    await engine.serve(client, [fn])
    async with engine:
        for n in range(first, first + count):
            await engine.send([EventDraft(name="app/go", data={"n": n}, id=f"e{n}")])
            note(accepted, n)
            await asyncio.sleep(0.002)
        print("sent", flush=True)
        await engine.settle()
        while engine.next_due_at() is not None:
            await asyncio.sleep(0.02)
            await engine.settle()
    print("done", flush=True)

asyncio.run(main())
"""


def child(tmp_path: Path, first: int, count: int) -> subprocess.Popen[bytes]:
    arguments = [tmp_path / "data", tmp_path / "log", tmp_path / "accepted", first, count]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *map(str, arguments)], stdout=subprocess.PIPE
    )


@pytest.mark.acceptance
@pytest.mark.timeout(300)
async def test_every_accepted_run_completes_with_each_step_committed_once(tmp_path: Path) -> None:
    from rawr.durable.engine import Engine

    chance = random.Random(7)
    per_kill = 20
    for kill in range(KILLS):
        process = child(tmp_path, kill * per_kill, per_kill)
        await asyncio.sleep(0.6 + chance.random() * 0.5)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    last = child(tmp_path, KILLS * per_kill, per_kill)
    output, _ = last.communicate(timeout=120)
    assert output.split() == [b"sent", b"done"]

    accepted = {int(line) for line in (tmp_path / "accepted").read_text().split("\n") if line}
    async with await Engine.open(tmp_path / "data") as engine:
        runs = await engine.list_runs(limit=10_000, function_id="app-fn")
        finished: Counter[int] = Counter()
        for run in runs:
            assert run.status == "completed", run
            assert json.loads(run.output or b"null") == [0, 1, 2, 3]
            (event,) = (await engine.run_state(run.id)).run.events
            finished[event.data["n"]] += 1
            steps = await engine.run_steps(run.id)
            assert len({step.position for step in steps}) == len(steps) == 5
    assert accepted <= set(finished)
    assert set(finished.values()) == {1}
    assert len(accepted) >= per_kill
