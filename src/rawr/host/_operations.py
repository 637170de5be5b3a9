"""Operating the engine of an HQ: its own API, over a socket in the data folder.

Of the engine inside it is what `rawr engine` serves over HTTP; of an Inngest server, what that
serves. It is for the user the HQ runs as alone: nothing of it is mounted in the host, so no caller
of a route family reaches it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from rawr.server import serve_beside

from ._engine import EngineBundle

ENGINE_SOCKET: Final = "engine.sock"


@asynccontextmanager
async def serve_operations(data_dir: Path, bundle: EngineBundle) -> AsyncIterator[None]:
    """Serve the API of the engine while the block runs; this process must own the folder."""
    async with serve_beside(_OnDemand(bundle), data_dir / ENGINE_SOCKET):
        yield


class _OnDemand:
    """Makes the API at its first request: it listens to every run from then on."""

    def __init__(self, bundle: EngineBundle) -> None:
        self._bundle = bundle
        self._api: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._api is None:
            self._api = self._bundle.operations()
        await self._api(scope, receive, send)
