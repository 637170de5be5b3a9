"""Operating the embedded engine: its own API, over a socket in the data folder.

It is what `rawr engine` serves over HTTP, for the user the HQ runs as alone. Nothing of it is
mounted in the host, so no caller of a route family reaches it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from rawr.durable.api import APISettings, create_engine_api
from rawr.durable.engine import Engine
from rawr.server import serve_beside

ENGINE_SOCKET: Final = "engine.sock"


@asynccontextmanager
async def serve_operations(data_dir: Path, engine: Engine) -> AsyncIterator[None]:
    """Serve the API of the engine while the block runs; this process must own the folder."""
    async with serve_beside(_OnDemand(engine), data_dir / ENGINE_SOCKET):
        yield


class _OnDemand:
    """Makes the API at its first request: it listens to every run from then on."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._api: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._api is None:
            self._api = create_engine_api(self._engine, settings=APISettings(kind="dev"))
        await self._api(scope, receive, send)
