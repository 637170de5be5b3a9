"""Servers a contestant needs, and the processor time they take: standard library only."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection

_PATIENCE_S = 30.0
_TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")

_BASE = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}

#: The servers that run beside the load, by their part in it.
_running: dict[str, int] = {}


@contextmanager
def server(
    part: str, command: Sequence[str], *, port: int, cwd: Path, **env: str
) -> Iterator[None]:
    """Run a server while the block runs; it is ready when it listens on its port.

    `env` is its environment, but for what every program needs: Node's copies all of it for each
    request. `part` is what it does in the run of a function: it is the `engine`, or the `app`.

    Raises:
        RuntimeError: it ended, or did not listen within half a minute.
    """
    log = cwd / f"{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=cwd, env={**_BASE, **env}, stdout=output, stderr=output
        )
    try:
        _await_port(process, port, log)
        _running[part] = process.pid
        yield
    finally:
        _running.pop(part, None)
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_port(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen on port {port}:\n{log.read_text()}")


def cpu_ms() -> dict[str, float]:
    """Return the processor time so far of this process, the `loader`, and of each server.

    A server's is that of all its processes and threads, user and system.
    """
    stats = dict(_stats())
    times = {part: _tree_ms(pid, stats) for part, pid in _running.items()}
    return {**times, "loader": time.process_time() * 1000}


def _tree_ms(pid: int, stats: dict[int, tuple[int, float]]) -> float:
    _, own = stats.get(pid, (0, 0.0))
    children = [child for child, (parent, _) in stats.items() if parent == pid]
    return own + sum(_tree_ms(child, stats) for child in children)


def _stats() -> Iterator[tuple[int, tuple[int, float]]]:
    """Yield each process there is, with its parent and its processor time in milliseconds."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = file.read_text()
        except OSError:  # it has ended meanwhile
            continue
        # What stands before is the name, which may hold anything.
        fields = text.rpartition(")")[2].split()
        yield int(file.parent.name), (int(fields[1]), _TICK_MS * sum(map(int, fields[11:13])))
