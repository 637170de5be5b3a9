"""One validated procedure, called over HTTP: ours against what people would otherwise pick.

    python -m benchmarks.boundary [--json] [--seconds N]

`POST {invoiceId, requestedBy} -> {runId, accepted}`, validated in and out, on: our RPC and
OpenAPI handlers, a raw ASGI application that does only what must be done, FastAPI and Litestar
(all on one uvicorn worker with uvloop and httptools), and oRPC on Node (node:http). Ours, the
raw application and FastAPI validate with the same pydantic models; Litestar gets msgspec's, its
fastest. The raw application is asked the very request of our RPC handler. Every server is a
process of its own; all are measured in turn, in several rounds, with 32 connections. A ratio is
the median of the rounds' ratios, so that a machine that slows down slows down both sides.
`--seconds` is the time under load in all.

The last line is one JSON object: `rps` and `cpu_us` (server CPU time for each request, where
the system tells) by server, `ratios`, `cpu_ratios` (the same of CPU time, which other work on
the machine disturbs less), and costs without a network: `client_call_us` (an in-process call
through client, middleware pipeline and validation, less the handler itself), `openapi_1000_ms`
(a document of 1,000 procedures), `import_contract_ms`.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks._load import Request, loader_name, requests_per_second

ROOT: Final = Path(__file__).resolve().parents[1]
NODE_DIRECTORY: Final = ROOT / "tests" / "node"
ROUNDS: Final = 5
DEFAULT_SECONDS: Final = 60.0
WARM_UP_SHARE: Final = 0.5
SHORTEST_SLOT_SECONDS: Final = 0.05
INPUT: Final = '{"invoiceId":"inv-0001","requestedBy":"ada@example.com"}'
RPC_INPUT: Final = f'{{"json":{INPUT}}}'

RATIOS: Final[Mapping[str, tuple[str, str]]] = {
    "fastapi": ("rpc", "fastapi"),
    "litestar": ("rpc", "litestar"),
    "orpc_node": ("rpc", "orpc_node"),
    "raw_floor": ("rpc", "raw"),
    "openapi_fastapi": ("openapi", "fastapi"),
    "openapi_litestar": ("openapi", "litestar"),
    "openapi_orpc_node": ("openapi", "orpc_node"),
    "openapi_raw_floor": ("openapi", "raw"),
}
"""How many times as many requests the first of each pair answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server, and the request it is asked."""

    name: str
    pid: int
    request: Request


@contextmanager
def server(command: list[str | Path], directory: Path) -> Iterator[tuple[int, int]]:
    """A server process that prints its port; gives process id and port."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=directory
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"{command} did not start")
            yield process.pid, json.loads(line)["port"]
        finally:
            process.stdin.close()
            process.wait(10)


def start_all(stack: ExitStack) -> list[Target]:
    """Start every server; they stop with the stack."""

    def python(name: str) -> tuple[int, int]:
        command: list[str | Path] = [sys.executable, "-m", "benchmarks.boundary_servers", name]
        return stack.enter_context(server(command, ROOT))

    def target(name: str, process: tuple[int, int], path: str, body: str) -> Target:
        pid, port = process
        url = f"http://127.0.0.1:{port}{path}"
        return Target(name=name, pid=pid, request=Request(url=url, body=body))

    node = stack.enter_context(server([_node(), "peers/bench.mjs"], NODE_DIRECTORY))
    return [
        target("rpc", python("rpc"), "/rpc/trigger", RPC_INPUT),
        target("raw", python("raw"), "/rpc/trigger", RPC_INPUT),
        target("openapi", python("openapi"), "/api/trigger", INPUT),
        target("fastapi", python("fastapi"), "/trigger", INPUT),
        target("litestar", python("litestar"), "/trigger", INPUT),
        target("orpc_node", node, "/rpc/trigger", RPC_INPUT),
    ]


def _node() -> Path:
    from tests.node_peer import node_path

    return node_path()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One target in one round."""

    rps: float
    cpu_us: float | None


def sample(target: Target, seconds: float) -> Sample:
    """Put load on one target."""
    before = _cpu_seconds(target.pid)
    started = time.perf_counter()
    rps = requests_per_second(target.request, seconds)
    elapsed = time.perf_counter() - started
    after = _cpu_seconds(target.pid)
    if before is None or after is None:
        return Sample(rps=rps, cpu_us=None)
    return Sample(rps=rps, cpu_us=(after - before) / (rps * min(elapsed, seconds)) * 1e6)


def _cpu_seconds(pid: int) -> float | None:
    """CPU time of a process; None where the system has no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure_servers(seconds: float) -> dict[str, Any]:
    """Measure all servers in turn, `ROUNDS` times."""
    rounds: list[dict[str, Sample]] = []
    with ExitStack() as stack:
        targets = start_all(stack)
        slot = max(SHORTEST_SLOT_SECONDS, seconds / len(targets) / (ROUNDS + WARM_UP_SHARE))
        if loader_name() == "wrk" and slot >= 1:
            slot = float(round(slot))
        for target in targets:
            sample(target, slot * WARM_UP_SHARE)
        for number in range(ROUNDS):
            order = targets if number % 2 == 0 else targets[::-1]
            rounds.append({target.name: sample(target, slot) for target in order})
    cpu_us = {
        name: _median(rounds, name, "cpu_us")
        for name, first in rounds[0].items()
        if first.cpu_us is not None
    }
    return {
        "rps": {name: round(_median(rounds, name, "rps")) for name in rounds[0]},
        "cpu_us": {name: round(value, 1) for name, value in cpu_us.items()},
        "cpu_ratios": {
            ratio: round(cpu_us[right] / cpu_us[left], 2)
            for ratio, (left, right) in RATIOS.items()
            if cpu_us.get(left)
        },
        "ratios": {
            ratio: round(statistics.median(r[left].rps / r[right].rps for r in rounds), 2)
            for ratio, (left, right) in RATIOS.items()
        },
    }


def _median(rounds: list[dict[str, Sample]], name: str, figure: str) -> float:
    return float(statistics.median(getattr(samples[name], figure) for samples in rounds))


def client_call_us(seconds: float) -> float:
    """Microseconds of one in-process call, beyond what its handler itself takes."""
    from rawr.contract import Contract, post
    from rawr.procedure import create_router_client, implement
    from rawr.schema import Schema

    class Trigger(Schema):
        invoice_id: str
        requested_by: str

    class Accepted(Schema):
        run_id: str
        accepted: bool

    class Api(Contract):
        trigger = post("/trigger").input(Trigger).output(Accepted)

    os_ = implement(Api)

    async def trigger(_context: None, input: Trigger) -> Accepted:
        return Accepted(run_id=f"run-{input.invoice_id}", accepted=True)

    os_.handler(Api.trigger)(trigger)
    client = create_router_client(Api, os_.router(), context=None)
    request = Trigger(invoice_id="inv-0001", requested_by="ada@example.com")

    async def through_client() -> object:
        return await client.trigger(request)

    async def alone() -> object:
        return await trigger(None, request)

    async def run() -> float:
        whole = await _best_us(through_client, seconds / 2)
        return whole - await _best_us(alone, seconds / 2)

    return asyncio.run(run())


async def _best_us(call: Callable[[], Any], seconds: float) -> float:
    """The best of many batches: what the call takes when nothing disturbs it."""
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        for _ in range(200):
            await call()
        best = min(best, (time.perf_counter() - started) / 200)
    return best * 1e6


def openapi_ms(procedures: int) -> float:
    """Milliseconds to generate the document of so many procedures, each with an input type."""
    from rawr.contract import Contract, TypedError, post
    from rawr.openapi import generate_openapi
    from rawr.schema import Schema

    class Accepted(Schema):
        run_id: str
        accepted: bool

    class Missing(TypedError[Accepted], code="MISSING", status=404):
        """Missing."""

    def procedure(number: int) -> Any:
        fields = {"invoice_id": str, "requested_by": str, "tags": list[str], "number": int}
        model = type(f"Input{number}", (Schema,), {"__annotations__": fields})
        return post(f"/procedures/{number}").input(model).output(Accepted).errors(Missing)

    names = {f"procedure_{number}": procedure(number) for number in range(procedures)}
    contract: Any = type("Large", (Contract,), names)
    started = time.perf_counter()
    document = generate_openapi(contract, title="Large", version="1", published_only=False)
    elapsed = time.perf_counter() - started
    if len(document["paths"]) != procedures:
        raise SystemExit("the document is not complete")
    return elapsed * 1000


def import_ms(module: str, times: int) -> float:
    """Milliseconds to import a module in a new interpreter, the median of several."""
    code = (
        "import time; started = time.perf_counter(); "
        f"import {module}; print((time.perf_counter() - started) * 1000)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
        for _ in range(times)
    ]
    return statistics.median(float(run.stdout) for run in runs)


def measure(seconds: float) -> dict[str, Any]:
    """Run the whole benchmark, about so many seconds under load."""
    is_quick = seconds < DEFAULT_SECONDS / 10
    return {
        "benchmark": "boundary",
        "loader": loader_name(),
        "seconds": seconds,
        **measure_servers(seconds),
        "client_call_us": round(client_call_us(min(1.0, seconds / 10)), 1),
        "openapi_1000_ms": round(openapi_ms(1000), 1),
        "import_contract_ms": round(import_ms("rawr.contract", 1 if is_quick else 5), 1),
    }


def describe(result: Mapping[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'server':<12}{'requests/s':>12}{'CPU us/request':>16}"]
    for name, rps in sorted(result["rps"].items(), key=lambda pair: -pair[1]):
        lines.append(f"{name:<12}{rps:>12}{result['cpu_us'].get(name, '-'):>16}")
    lines += [
        f"{RATIOS[name][0]} is {value} x {RATIOS[name][1]}"
        for name, value in result["ratios"].items()
    ]
    return "\n".join(lines)


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=DEFAULT_SECONDS)
    parser.add_argument("--json", action="store_true", help="print nothing but the JSON line")
    arguments = parser.parse_args()
    result = measure(arguments.seconds)
    if not arguments.json:
        print(describe(result))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
