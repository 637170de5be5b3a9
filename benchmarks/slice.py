"""The whole HQ as a user meets it: time to ready, and from trigger to finish over HTTP.

    python -m benchmarks.slice [--runs N] [--json]

Starts the reference HQ as a process, then triggers reconciliations one after the other and
follows each to its terminal timeline event. A second host, in this process, runs a workflow
of three steps from its trigger to its finish. The last line is one JSON object:
`ready_ms` (process start to `ready`), `trigger_to_finish_p50_ms`, `three_steps_p50_ms`.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx2
import inngest

from rawr.composition import (
    HostPorts,
    Manifest,
    WorkflowBoundary,
    compose_capabilities,
    define_capability,
    define_workflow_surface,
)
from rawr.contract import Contract, post
from rawr.coordination import EventType, RunRequest, Runs, Workflow
from rawr.host import Settings, boot
from rawr.procedure import Router, implement
from rawr.schema import Schema
from rawr.testing.asgi import ASGIClient

HQ = Path(__file__).parents[1] / "hq"
RAWR = Path(sys.executable).with_name("rawr")
WARM_UP = 5
TENANT = "local"


class Job(Schema):
    """Names a run of three steps."""

    run_id: str


class Steps(Contract, prefix="/steps"):
    """One trigger."""

    trigger = post("/trigger").output(Job)


WORKFLOW = Workflow(capability="steps", name="three")
Requested = EventType("steps.requested", Job)
os_ = implement(Steps, WorkflowBoundary)


@os_.handler(Steps.trigger)
async def trigger(context: WorkflowBoundary) -> Job:
    run_id = context.dispatch.new_run_id()
    await context.dispatch.send(
        Requested.event(Job(run_id=run_id)),
        run=RunRequest(
            workflow=WORKFLOW,
            tenant_id=TENANT,
            requested_by=context.principal.subject,
            request_id=run_id,
            correlation_id=run_id,
            run_id=run_id,
        ),
    )
    return Job(run_id=run_id)


def create_functions(client: inngest.Inngest, runs: Runs) -> Sequence[inngest.Function[Any]]:
    @client.create_function(fn_id="three", trigger=Requested.trigger())
    async def three(ctx: inngest.Context) -> None:
        run_id = Requested.parse(ctx.event).run_id

        async def reach(status: str) -> str:
            return (await runs.transition(run_id, status, tenant_id=TENANT)).run.status

        await ctx.step.run("start", reach, "running")
        await ctx.step.run("work", reach, "running")
        await ctx.step.run("finish", reach, "completed")

    return [three]


def manifest() -> Manifest:
    def provide(ports: HostPorts) -> Runs:
        return ports.runs(WORKFLOW)

    def create_router() -> Router[WorkflowBoundary]:
        return os_.router()

    surface = define_workflow_surface(
        contract=Steps,
        create_router=create_router,
        create_context=lambda boundary, _runs: boundary,
        create_functions=create_functions,
        events=(Requested,),
    )
    return compose_capabilities([define_capability("steps", provide=provide, workflows=surface)])


async def three_steps(count: int, data_dir: Path) -> list[float]:
    """Milliseconds from the trigger's request to the finish of each run."""
    settings = Settings(hq_dir=data_dir, data_dir=data_dir)
    times: list[float] = []
    async with boot(manifest(), settings) as host:
        token = (data_dir / "dev-token").read_text().strip()
        runs = host.coordination.all_runs
        client = ASGIClient(host.app, headers={"authorization": f"Bearer {token}"})
        for _ in range(WARM_UP + count):
            started = time.perf_counter()
            answer = await client.request("POST", "/api/workflows/steps/trigger")
            async for _event in runs.watch(answer.json()["runId"], tenant_id=TENANT):
                pass
            times.append((time.perf_counter() - started) * 1000)
    return times[WARM_UP:]


def whole_hq(count: int, data_dir: Path) -> tuple[float, list[float]]:
    """Milliseconds from process start to ready, and from trigger to finish over HTTP."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [RAWR, "dev", HQ],
        env={**os.environ, "RAWR_PORT": "0", "RAWR_DATA_DIR": str(data_dir)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        base_url = next(
            found[1] for line in process.stdout if (found := re.match(r"ready (\S+)", line))
        )
        ready = (time.perf_counter() - started) * 1000
        token = (data_dir / "dev-token").read_text().strip()
        with httpx2.Client(
            base_url=base_url, headers={"authorization": f"Bearer {token}"}, trust_env=False
        ) as client:
            times = [follow(client, number) for number in range(WARM_UP + count)]
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()
    return ready, times[WARM_UP:]


def follow(client: httpx2.Client, number: int) -> float:
    """Trigger one reconciliation and read its event stream to the end."""
    started = time.perf_counter()
    accepted = client.post(
        "/api/workflows/invoicing/reconciliation/trigger", json={"invoiceId": f"inv-{number}"}
    ).json()
    client.get(f"/api/workflows/invoicing/runs/{accepted['runId']}/events").raise_for_status()
    return (time.perf_counter() - started) * 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="print the JSON line only")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ready, over_http = whole_hq(arguments.runs, Path(folder) / "hq")
        steps = asyncio.run(three_steps(arguments.runs, Path(folder) / "steps"))
    result = {
        "ready_ms": round(ready, 1),
        "trigger_to_finish_p50_ms": round(statistics.median(over_http), 2),
        "three_steps_p50_ms": round(statistics.median(steps), 2),
    }
    if not arguments.json:
        print(f"ready after {result['ready_ms']} ms")
        print(f"trigger to finish, two steps, over HTTP: {result['trigger_to_finish_p50_ms']} ms")
        print(f"trigger to finish, three steps, in process: {result['three_steps_p50_ms']} ms")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
