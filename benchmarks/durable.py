"""Durable runs per second and from event to finish, beside DBOS on SQLite and Restate.

    python -m benchmarks.durable [--rounds N] [--only NAME ...] [--json]

Every contestant is a process of its own (`benchmarks/durable_peers`), in which the same lines of
code make the same load: 100 clients that start a run each, wait until it has finished and start
the next; then one such client, for the time from event to finish. A run is a function of three or
of ten sequential steps that return a number; each is warmed up, rounds take turns, and figures are
medians over the rounds, ratios medians of each round's own.

- in process: this project's engine, SQLite with `synchronous=FULL`, functions in the same process;
- over HTTP: `rawr engine` as a process, and an app on the official Python SDK as its pages show it,
  on FastAPI behind uvicorn (uvloop, httptools, no access log). The SDK ends a call with each step,
  so that a run is a call more than it has steps, and more than half of a run is the app's own;
- over HTTP, ingress: the same functions on the same SDK behind uvicorn, served by this project's
  own mount (`create_ingress(..., checkpointing=True)`) in place of the SDK's: a run is one call,
  and each step is saved by a request of its own and committed before the next begins;
- over HTTP, Node: `rawr engine` as a process, and an app on the official TypeScript SDK behind
  Node's server, with the checkpointing it comes with (`checkpointing: true`, that is
  `bufferedSteps: 1`, `maxInterval: 0`): the same, a request a step;
- over HTTP, Node, buffered: with `bufferedSteps: 10`, so that ten steps, or all before the function
  ends, are saved together: what is done and not saved when the app dies is done again, which
  none of the others does. No target counts it;
- DBOS: its SQLite store as the package configures it, coroutines in the same process;
- Restate: its server as the package starts it, and an app on its Python SDK behind Hypercorn, as
  its pages show it, over HTTP/2 both ways, so that a run is one call;
- Restate, Node: the same server, and an app on its TypeScript SDK behind the SDK's own server.

Over HTTP a client starts a run and hears of its end in one request, from either server
(`POST /invoke/{function}?wait=`, Restate's ingress); every server gets the same few variables of
the environment.

Among the ratios `http_restate`, `http_ingress_restate` and `http_node_restate` compare the engine
over HTTP with Restate in the same language, `http_node_restate_python` Node with Restate's Python
SDK. All of Python is on uvloop. `make bench` installs the peers, into `.venv/peers` and
`benchmarks/node`. A peer that is not there is named, its ratios are left out, and the exit code is
3. The last line is one JSON object: `runs_per_s`, `p50_ms`, `ratios`, and the targets with what was
reached. `cpu_ms_per_run` is the processor time a run took in each part of a contestant, in
milliseconds: the `engine` (or Restate's server), the `app`, and the `loader`, which starts the
runs; `all` where these are one process.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.node_peer import node_path

ROOT: Final = Path(__file__).parents[1]
PEERS: Final = ROOT / "benchmarks/durable_peers"
PEER_PYTHON: Final = ROOT / ".venv/peers/bin/python"
RESTATE: Final = ROOT / "benchmarks/node/node_modules/.bin/restate-server"
RESTATE_SDK: Final = ROOT / "benchmarks/node/node_modules/@restatedev/restate-sdk/package.json"
INNGEST_SDK: Final = ROOT / "tests/node/node_modules/inngest/package.json"
NODE: Final = node_path()

INCOMPLETE: Final = 3
CLIENTS: Final = 100
LENGTHS: Final[Mapping[str, int]] = {"three_steps": 3, "ten_steps": 10}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A contestant: how it is started, and how many runs keep it busy for a few seconds.

    `needs` are files that must be there.
    """

    name: str
    command: Sequence[str | Path]
    runs: Mapping[str, int]
    needs: Sequence[Path] = ()
    extra: Sequence[str | Path] = ()


ENTRIES: Final = (
    Entry(
        name="in_process",
        command=(sys.executable, "-m", "benchmarks.durable_peers.in_process"),
        runs={"three_steps": 3000, "ten_steps": 1500},
    ),
    Entry(
        name="over_http",
        command=(sys.executable, "-m", "benchmarks.durable_peers.over_http"),
        runs={"three_steps": 1500, "ten_steps": 500},
    ),
    Entry(
        name="over_http_ingress",
        command=(sys.executable, "-m", "benchmarks.durable_peers.over_http_ingress"),
        runs={"three_steps": 3000, "ten_steps": 1500},
    ),
    Entry(
        name="over_http_node",
        command=(sys.executable, "-m", "benchmarks.durable_peers.over_http_node"),
        runs={"three_steps": 1500, "ten_steps": 600},
        needs=(INNGEST_SDK,),
        extra=("1", NODE),
    ),
    Entry(
        name="over_http_node_buffered",
        command=(sys.executable, "-m", "benchmarks.durable_peers.over_http_node"),
        runs={"three_steps": 2000, "ten_steps": 1500},
        needs=(INNGEST_SDK,),
        extra=("10", NODE),
    ),
    Entry(
        name="restate",
        command=(PEER_PYTHON, PEERS / "restate_server.py"),
        runs={"three_steps": 1500, "ten_steps": 700},
        needs=(PEER_PYTHON, RESTATE),
        extra=(RESTATE,),
    ),
    Entry(
        name="restate_node",
        command=(PEER_PYTHON, PEERS / "restate_node.py"),
        runs={"three_steps": 2000, "ten_steps": 1000},
        needs=(PEER_PYTHON, RESTATE, RESTATE_SDK),
        extra=(RESTATE, NODE),
    ),
    Entry(
        name="dbos",
        command=(PEER_PYTHON, PEERS / "dbos_sqlite.py"),
        runs={"three_steps": 200, "ten_steps": 120},
        needs=(PEER_PYTHON,),
    ),
)

#: Ratios of this project's engine over HTTP to Restate, which is always over HTTP.
OVER_HTTP: Final[Mapping[str, tuple[str, str]]] = {
    "http_restate": ("over_http", "restate"),
    "http_ingress_restate": ("over_http_ingress", "restate"),
    "http_node_restate": ("over_http_node", "restate_node"),
    "http_node_restate_python": ("over_http_node", "restate"),
    "http_node_buffered_restate": ("over_http_node_buffered", "restate_node"),
}

#: The figure, what it must reach, and whether more is better.
TARGETS: Final[tuple[tuple[str, float, bool], ...]] = (
    ("runs_per_s.three_steps", 1500, True),
    ("runs_per_s.ten_steps", 600, True),
    ("p50_ms", 3, False),
    ("ratios.dbos.three_steps", 12, True),
    ("ratios.dbos.ten_steps", 12, True),
    ("ratios.restate.three_steps", 8, True),
    ("ratios.restate.ten_steps", 8, True),
    ("ratios.http_restate.three_steps", 2, True),
    ("ratios.http_ingress_restate.three_steps", 2, True),
    ("ratios.http_ingress_restate.ten_steps", 2, True),
    ("ratios.http_node_restate.three_steps", 2, True),
)


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of a load; `times_ms` is how long each run took."""

    runs_per_s: float = 0.0
    times_ms: Sequence[float] = ()
    cpu_ms_per_run: Mapping[str, float] = field(default_factory=dict)


class Process:
    """A contestant that runs, and does what it is told."""

    def __init__(self, entry: Entry, directory: Path) -> None:
        self.entry = entry
        command = [*map(str, entry.command), str(directory), *map(str, entry.extra)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self._answer()

    def load(self, *, steps: int, runs: int, concurrency: int) -> "Load":
        """Make a load, and return what came of it."""
        assert self._process.stdin is not None
        order = {"steps": steps, "runs": runs, "concurrency": concurrency}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answer(self) -> "Load":
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.entry.name} ended with {self._process.wait()}")
        return Load(**json.loads(line))


@dataclass(kw_only=True)
class Figures:
    """What one contestant reached in each round."""

    runs_per_s: dict[str, list[float]] = field(
        default_factory=lambda: {length: [] for length in LENGTHS}
    )
    cpu_ms_per_run: dict[str, list[Mapping[str, float]]] = field(
        default_factory=lambda: {length: [] for length in LENGTHS}
    )
    p50_ms: list[float] = field(default_factory=list)

    def add_round(self, process: Process) -> None:
        for length, steps in LENGTHS.items():
            runs = process.entry.runs[length]
            load = process.load(steps=steps, runs=runs, concurrency=CLIENTS)
            self.runs_per_s[length].append(load.runs_per_s)
            self.cpu_ms_per_run[length].append(load.cpu_ms_per_run)
        one_by_one = process.load(steps=3, runs=100, concurrency=1)
        self.p50_ms.append(statistics.median(one_by_one.times_ms))

    def shape(self) -> dict[str, object]:
        per_second = {key: round(statistics.median(v), 1) for key, v in self.runs_per_s.items()}
        return {
            "runs_per_s": per_second,
            "p50_ms": round(statistics.median(self.p50_ms), 3),
            "cpu_ms_per_run": {key: by_part(v) for key, v in self.cpu_ms_per_run.items()},
        }


def by_part(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the median over the rounds of each part."""
    return {part: round(statistics.median(each[part] for each in rounds), 3) for part in rounds[0]}


def ratio(ours: Figures, theirs: Figures) -> dict[str, float]:
    """Return how many times as many runs a second, as the median over rounds side by side."""
    return {
        length: round(
            statistics.median(
                mine / other
                for mine, other in zip(
                    ours.runs_per_s[length], theirs.runs_per_s[length], strict=True
                )
            ),
            2,
        )
        for length in LENGTHS
    }


def measure(entries: Sequence[Entry], rounds: int) -> dict[str, Figures]:
    """Let contestants take turns."""
    figures = {entry.name: Figures() for entry in entries}
    with ExitStack() as stack:
        processes: list[Process] = []
        for entry in entries:
            directory = stack.enter_context(tempfile.TemporaryDirectory(dir=ROOT))
            process = Process(entry, Path(directory))
            stack.callback(process.close)
            processes.append(process)
        for number in range(1, rounds + 1):
            for process in processes:
                name = process.entry.name
                figures[name].add_round(process)
                latest = {key: round(v[-1]) for key, v in figures[name].runs_per_s.items()}
                print(
                    f"round {number} {name}: {latest} runs/s,"
                    f" {figures[name].p50_ms[-1]:.2f} ms for one",
                    flush=True,
                )
    return figures


def report(figures: Mapping[str, Figures]) -> dict[str, object]:
    """Return the result as it is printed."""
    ratios: dict[str, object] = {}
    ours = figures.get("in_process")
    for name in ("dbos", "restate", "over_http"):
        if ours is not None and name in figures:
            ratios[name] = ratio(ours, figures[name])
    for key, (mine, other) in OVER_HTTP.items():
        if mine in figures and other in figures:
            ratios[key] = ratio(figures[mine], figures[other])
    result: dict[str, object] = {} if ours is None else ours.shape()
    result["ratios"] = ratios
    result["others"] = {
        name: each.shape() for name, each in figures.items() if name != "in_process"
    }
    return result


def judged(result: Mapping[str, object]) -> list[dict[str, object]]:
    """Return each target with what was reached; `None` when it was not measured."""
    verdicts: list[dict[str, object]] = []
    for path, target, more_is_better in TARGETS:
        found: object = result
        for key in path.split("."):
            found = found.get(key) if isinstance(found, Mapping) else None
        is_met = None
        if isinstance(found, int | float):
            is_met = found >= target if more_is_better else found <= target
        verdicts.append({"figure": path, "target": target, "reached": found, "met": is_met})
    return verdicts


def main() -> int:
    """Parse the arguments, print the result, and return the exit code."""
    names = [entry.name for entry in ENTRIES]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    parser.add_argument("--json", action="store_true", help="the last line is JSON in any case")
    arguments = parser.parse_args()
    chosen = [entry for entry in ENTRIES if entry.name in arguments.only]
    missing = {
        entry.name: [str(file.relative_to(ROOT)) for file in entry.needs if not file.exists()]
        for entry in chosen
    }
    missing = {name: files for name, files in missing.items() if files}
    for name, files in missing.items():
        print(f"{name} is not measured: no {', '.join(files)}; `make bench` installs it")
    present = [entry for entry in chosen if entry.name not in missing]
    result = report(measure(present, arguments.rounds))
    result["targets"] = judged(result)
    result["missing"] = sorted(missing)
    for verdict in judged(result):
        word = {True: "met", False: "MISSED", None: "not measured"}[verdict["met"]]  # type: ignore[index]  # as built above
        print(f"{verdict['figure']}: {verdict['reached']} (target {verdict['target']}) {word}")
    print(json.dumps(result))
    return INCOMPLETE if missing else 0


if __name__ == "__main__":
    raise SystemExit(main())
