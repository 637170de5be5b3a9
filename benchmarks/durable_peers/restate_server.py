"""The Restate server and an app on its Python SDK: run by the interpreter of the peers.

The server runs as its package starts it, on one node with its data in a directory of its own; the
app behind Hypercorn, so that both talk HTTP/2 both ways and no step costs a call of its own.
"""

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from _http import Requests, free_port
from _processes import cpu_ms, server
from _worker import main

HERE = Path(__file__).parent


class OverRestate:
    """Calls a handler through the server, which answers when the run has finished."""

    def __init__(self, ingress: Requests) -> None:
        self._ingress = ingress

    async def run(self, steps: int, number: int) -> None:  # noqa: ARG002 - Restate numbers its own
        if json.loads(await self._ingress.post("/Steps/run", steps)) != sum(range(steps)):
            raise RuntimeError("a handler returned something else")


@asynccontextmanager
async def beside(
    directory: Path, app: Sequence[str], *, app_port: int, **env: str
) -> AsyncIterator[OverRestate]:
    """Run the server and an app; `env` is what the app finds besides ours."""
    ingress, admin, node = (free_port() for _ in range(3))
    server_env = {
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{node}",
        "RESTATE_ADVERTISED_ADDRESS": f"http://127.0.0.1:{node}",
        "RESTATE_LOG_FILTER": "warn",
    }
    arguments = ["--base-dir", str(directory / "data"), "--no-logo", "--listen-mode", "tcp"]
    with (
        server("engine", [sys.argv[2], *arguments], port=ingress, cwd=directory, **server_env),
        server("app", app, port=app_port, cwd=directory, **env),
    ):
        await Requests(admin).post(
            "/deployments", {"uri": f"http://127.0.0.1:{app_port}", "force": True}
        )
        yield OverRestate(Requests(ingress))


def start(directory: Path) -> AbstractAsyncContextManager[OverRestate]:
    port = free_port()
    hypercorn = [sys.executable, "-m", "hypercorn", "restate_app:app", "--log-level", "warning"]
    app = [*hypercorn, "--worker-class", "uvloop", "--bind", f"127.0.0.1:{port}"]
    return beside(directory, app, app_port=port, PYTHONPATH=str(HERE))


if __name__ == "__main__":
    main(start, cpu_ms=cpu_ms)
