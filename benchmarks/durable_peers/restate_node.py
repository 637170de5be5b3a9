"""The Restate server and an app on its TypeScript SDK: run by the interpreter of the peers.

The app is behind the SDK's own server, which talks HTTP/2 both ways.
"""

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from _http import free_port
from _processes import cpu_ms
from _worker import main
from restate_server import OverRestate, beside

APP = Path(__file__).parents[1] / "node/restate_app.mjs"


def start(directory: Path) -> AbstractAsyncContextManager[OverRestate]:
    port = free_port()
    app = [sys.argv[3], str(APP), str(port)]
    return beside(directory, app, app_port=port, NODE_ENV="production")


if __name__ == "__main__":
    main(start, cpu_ms=cpu_ms)
