"""The stand-alone engine as a process, and an app on the TypeScript SDK beside it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.node_peer import NODE_DIRECTORY, node_path

RAWR = Path(sys.executable).with_name("rawr")
_START_SECONDS = 30
_PATIENCE_SECONDS = 30
_TERMINAL = {"Completed", "Failed", "Cancelled", "Skipped"}


@dataclass
class RunningEngine:
    """A started `rawr engine`, ready to serve."""

    process: subprocess.Popen[bytes]
    base_url: str
    client: httpx2.Client

    @property
    def port(self) -> str:
        return self.base_url.rpartition(":")[2]

    def get(self, path: str, **params: str) -> Any:
        response = self.client.get(path, params=params)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def send(self, name: str, key: str = "key", **data: Any) -> str:
        """Send an event; return its internal id."""
        response = self.client.post(f"/e/{key}", json={"name": name, "data": data})
        assert response.status_code == 200, response.text
        event_id: str = response.json()["ids"][0]
        return event_id

    def runs(self, event_id: str) -> dict[str, dict[str, Any]]:
        """The runs an event started, by function."""
        return {run["function_slug"]: run for run in self.get(f"/v1/events/{event_id}/runs")}

    def ended(self, event_id: str, function: str) -> dict[str, Any]:
        """The run of one function, once it has ended."""

        def look() -> dict[str, Any] | None:
            run = self.runs(event_id).get(function)
            return run if run is not None and run["status"] in _TERMINAL else None

        run: dict[str, Any] = until(look)
        return run

    def output(self, event_id: str, function: str) -> Any:
        """The output of the run of one function, which must complete."""
        run = self.ended(event_id, function)
        assert run["status"] == "Completed", run
        return run["output"]

    def await_event(self, name: str) -> dict[str, Any]:
        """The newest event of this name, once there is one."""
        found: list[dict[str, Any]] = until(lambda: self.get("/v1/events", name=name))
        return found[0]

    def kill(self) -> None:
        """`kill -9`: nothing gets to clean up."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=20)


def until(look: Any) -> Any:
    """What `look` finds, once it finds something."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain for {look}"
        time.sleep(0.02)
    return found


def start_engine(
    data_dir: Path,
    *,
    port: str = "0",
    headers: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    retry_seconds: float = 0.05,
) -> RunningEngine:
    """Start `rawr engine` and wait until it says it is ready."""
    retries = ["--retry-interval", str(retry_seconds)]
    arguments = ["--port", port, "--data-dir", str(data_dir), *retries]
    process, ready = _started([str(RAWR), "engine", *arguments], data_dir, environ or {})
    client = httpx2.Client(base_url=ready, timeout=10, trust_env=False, headers=headers)
    return RunningEngine(process, ready, client)


@contextmanager
def running_engine(
    data_dir: Path, *, headers: Mapping[str, str] | None = None, **environ: str
) -> Iterator[RunningEngine]:
    """An engine for the length of a test."""
    engine = start_engine(data_dir, headers=headers, environ=environ)
    try:
        yield engine
    finally:
        engine.client.close()
        if engine.process.poll() is None:
            engine.kill()


@contextmanager
def running_app(
    engine: RunningEngine, log_dir: Path, *, peer: str = "inngest_app.mjs", **environ: str
) -> Iterator[str]:
    """A TypeScript app, registered; yields its origin."""
    command = [str(node_path()), str(NODE_DIRECTORY / "peers" / peer)]
    settings = {"INNGEST_DEV": engine.base_url, **environ, "ENGINE": engine.base_url}
    process, origin = _started(command, log_dir / "app", settings, stdin=subprocess.PIPE)
    try:
        yield origin
    finally:
        process.kill()
        process.communicate()


def _started(
    command: list[str], name: Path, environ: Mapping[str, str], *, stdin: int = subprocess.DEVNULL
) -> tuple[subprocess.Popen[bytes], str]:
    """Start a command and wait for its `ready <origin>` line."""
    log = name.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, "PYTHONUNBUFFERED": "", **environ},
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        ready = re.search(r"^ready (\S+)$", log.read_text(), re.MULTILINE)
        if ready:
            return process, ready[1]
        time.sleep(0.01)
    process.kill()
    process.communicate()
    raise AssertionError(f"{command[0]} did not start:\n{log.read_text()}")
