"""Sockets in a folder: reachable by the owner of the folder, and by nobody over a network."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

_DRAIN_SECONDS: Final = 5
_BACKLOG: Final = 64
_OWNER_ONLY: Final = 0o600


class _Beside(uvicorn.Server):
    """Uvicorn that leaves signals to whoever serves the process."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def unix_address(path: Path) -> Iterator[str]:
    """A name for the path that fits into a socket address (108 bytes), however deep it lies."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listen_unix(path: Path) -> socket.socket:
    """A socket at a path, for its owner alone; the caller must own the folder.

    What a process that was killed has left there is replaced.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with unix_address(path) as address:
        listener.bind(address)
    path.chmod(_OWNER_ONLY)
    listener.listen(_BACKLOG)
    return listener


@asynccontextmanager
async def serve_beside(app: ASGIApp, path: Path) -> AsyncIterator[None]:
    """Serve an app on a socket at a path while the block runs, beside what the process serves."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
    )
    server = _Beside(config)
    with _bound(path) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]), name=path.name)
        try:
            yield
        finally:
            server.should_exit = True
            await serving


@contextmanager
def _bound(path: Path) -> Iterator[socket.socket]:
    listener = listen_unix(path)
    try:
        yield listener
    finally:
        listener.close()
        path.unlink(missing_ok=True)
