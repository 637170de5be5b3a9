"""Serving an app: one process, one loop, drained before it ends."""

import asyncio
import errno
import gc
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal, TypeVar

import uvicorn
from starlette.types import ASGIApp
from typing_extensions import override

from ._streams import CutsAreMeant, OpenStreams

T = TypeVar("T")

_DRAIN_SECONDS = 10
_BACKLOG = 2048
_CUTS_ARE_MEANT = CutsAreMeant()
_MAX_MESSAGE_BYTES = 16 * 1024 * 1024


class AddressInUse(Exception):
    """Another process listens on the address already."""


class _Server(uvicorn.Server):
    """Uvicorn without its signal policy: a signal ends serving, and the process ends well."""

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        on_ready: Callable[[], None],
        on_exit: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_exit = on_exit

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # What a process has made until now stays: collections need not look at it again,
            # which is a sixth of the processor time of a durable run.
            gc.collect()
            gc.freeze()
            self._on_ready()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._on_exit()
        await super().shutdown(sockets)

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        ending = (signal.SIGINT, signal.SIGTERM)
        for number in ending:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in ending:
                loop.remove_signal_handler(number)


def run_process(main: Coroutine[Any, Any, T]) -> T:
    """Run a process's main coroutine, on uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    return uvloop.run(main)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one.

    Raises:
        AddressInUse: Naming the address and what to do.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sends small writes at once only where it is.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressInUse(
            f"cannot listen on {host}:{port} ({error.strerror}); {_instead(error)}"
        ) from error
    listener.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return listener


def _instead(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "stop what runs there, or choose another port: --port, or RAWR_PORT for an HQ"
    if error.errno == errno.EACCES:
        return "choose a port above 1023: --port, or RAWR_PORT for an HQ"
    return "choose an address of this machine: --host, or RAWR_HOST for an HQ"


async def serve_app(
    app: ASGIApp,
    listener: socket.socket,
    *,
    on_ready: Callable[[], None],
    streams: OpenStreams | None = None,
    max_message_bytes: int = _MAX_MESSAGE_BYTES,
) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight get up to 10 seconds to end.

    `streams` are those of the app, if it minds them itself; they are ended first.
    `max_message_bytes` caps one message of a websocket.
    """
    if streams is None:
        app = streams = OpenStreams(app)
    config = uvicorn.Config(
        app,
        http=_http_protocol(),
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        # Uvicorn would believe X-Forwarded-For of any local peer; the host knows its own proxies.
        proxy_headers=False,
        timeout_graceful_shutdown=_DRAIN_SECONDS,
        ws="websockets-sansio",
        ws_max_size=max_message_bytes,
        # Messages are small, and a compressed one may hide a thousand times its size.
        ws_per_message_deflate=False,
    )
    logging.getLogger("uvicorn.error").addFilter(_CUTS_ARE_MEANT)
    server = _Server(config, on_ready=on_ready, on_exit=streams.close)
    await server.serve(sockets=[listener])


def _http_protocol() -> type[asyncio.Protocol] | Literal["h11"]:
    """What parses requests: httptools where it is installed; both bound the head of a request."""
    try:
        from ._heads import BoundedHeads
    except ImportError:
        return "h11"
    return BoundedHeads
