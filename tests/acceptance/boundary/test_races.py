"""Two processes ask for the same at the same moment: one run, one reconciliation.

One process owns the data of an HQ (a second host is refused, see `test_slice`), so two processes
meet as its callers.
"""

import json
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import anyio
import pytest

from tests.acceptance.boundary import probes
from tests.acceptance.boundary.callers import Callers
from tests.acceptance.boundary.world import SERVICE_TOKEN, World
from tests.acceptance.hq import ROOT

pytestmark = pytest.mark.acceptance

PROCESSES, ROUNDS = 2, 20
RACER = [sys.executable, "-m", "tests.acceptance.boundary.racer"]


def race(world: World, *bodies: list[dict[str, str]]) -> list[tuple[int, str]]:
    """Have one process post each list of bodies, all at once; status and run id or code."""
    url = world.base_url + probes.TRIGGER
    racers = [
        subprocess.Popen(
            [*RACER, url, SERVICE_TOKEN, json.dumps(each)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for each in bodies
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    lines = [line for racer in racers for line in racer.communicate(timeout=30)[0].splitlines()]
    assert [racer.returncode for racer in racers] == [0] * len(racers)
    return [(status, told) for status, told in map(json.loads, lines)]


async def test_one_request_of_two_processes_is_one_run(world: World, callers: Callers) -> None:
    requests = [
        {"requestId": probes.fresh("request"), "invoiceId": probes.fresh("invoice")}
        for _ in range(ROUNDS)
    ]
    answers = race(world, *[requests] * PROCESSES)
    assert {status for status, _ in answers} == {200}
    runs = Counter(run_id for _, run_id in answers)
    assert set(runs.values()) == {PROCESSES}
    assert len(runs) == ROUNDS
    for run_id in runs:
        await probes.completed(callers.service.workflows(), run_id)
    await assert_executed_once(world, runs)


async def test_one_run_asked_for_by_two_processes_is_reconciled_once(
    world: World, callers: Callers
) -> None:
    run_ids = [await probes.registered(callers.service) for _ in range(ROUNDS)]
    answers = race(
        world,
        *[
            [{"requestId": probes.fresh("request"), "runId": run_id} for run_id in run_ids]
            for _ in range(PROCESSES)
        ],
    )
    refusals = (PROCESSES - 1) * ROUNDS
    assert Counter(answers) == Counter(
        {**{(200, run_id): 1 for run_id in run_ids}, (412, "PRECONDITION_FAILED"): refusals}
    )
    for run_id in run_ids:
        await probes.completed(callers.service.workflows(), run_id)
    await assert_executed_once(world, run_ids)


def test_one_key_for_two_invoices_is_one_run_and_one_conflict(world: World) -> None:
    keys = [probes.fresh("request") for _ in range(ROUNDS)]
    answers = race(
        world,
        *[
            [{"requestId": key, "invoiceId": probes.fresh("invoice")} for key in keys]
            for _ in range(PROCESSES)
        ],
    )
    assert Counter(status for status, _ in answers) == {200: ROUNDS, 409: ROUNDS}


async def assert_executed_once(world: World, run_ids: Collection[str]) -> None:
    """Every run was executed by one run of the engine, by its own books."""
    with anyio.fail_after(10):  # the engine's run ends a moment after ours
        while True:
            ended = executions(world)
            if {*run_ids} <= {*ended}:
                break
            await anyio.sleep(0.01)
    assert {ended[run_id] for run_id in run_ids} == {1}


def executions(world: World) -> Counter[str]:
    """How many runs of the engine have ended for each of ours."""
    books = Path(world.hq.data_dir) / "engine" / "engine.db"
    engine = sqlite3.connect(f"file:{books}?mode=ro", uri=True)
    try:
        outputs = [output for (output,) in engine.execute("SELECT output FROM runs") if output]
    finally:
        engine.close()
    return Counter(json.loads(output)["runId"] for output in outputs)
