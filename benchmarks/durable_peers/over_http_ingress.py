"""The stand-alone engine of this project, and an app behind this project's own mount."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from benchmarks.durable_peers._processes import cpu_ms
from benchmarks.durable_peers._worker import main
from benchmarks.durable_peers.over_http import OverHTTP, beside_uvicorn

APP = "benchmarks.durable_peers.over_http_ingress_app:app"


def start(directory: Path) -> AbstractAsyncContextManager[OverHTTP]:
    return beside_uvicorn(directory, APP)


if __name__ == "__main__":
    main(start, cpu_ms=cpu_ms)
