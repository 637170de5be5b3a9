"""Serving one ASGI app as a process: the socket, the loop, the end. Hosts and engines share it."""

from ._logging import configure_logging
from ._server import AddressInUse, listen, run_process, serve_app
from ._streams import Nudge, OpenStreams

__all__ = [
    "AddressInUse",
    "Nudge",
    "OpenStreams",
    "configure_logging",
    "listen",
    "run_process",
    "serve_app",
]
