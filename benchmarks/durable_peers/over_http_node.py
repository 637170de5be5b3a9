"""The stand-alone engine of this project, and an app on the official TypeScript SDK behind HTTP.

The second argument is how many steps the SDK saves together.
"""

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from benchmarks.durable_peers._http import free_port
from benchmarks.durable_peers._processes import cpu_ms
from benchmarks.durable_peers._worker import LENGTHS, main
from benchmarks.durable_peers.over_http import OverHTTP, beside

APP = Path(__file__).with_name("over_http_node_app.mjs")


def start(directory: Path) -> AbstractAsyncContextManager[OverHTTP]:
    port = free_port()
    app = [sys.argv[3], str(APP), str(port), sys.argv[2], *map(str, LENGTHS)]
    return beside(directory, app, app_port=port, NODE_ENV="production")


if __name__ == "__main__":
    main(start, cpu_ms=cpu_ms)
