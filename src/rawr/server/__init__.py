"""Serving one ASGI app as a process: the socket, the loop, the end. Hosts and engines share it."""

from ._logging import configure_logging
from ._server import AddressInUse, listen, run_process, serve_app
from ._streams import Nudge, OpenStreams
from ._unix import listen_unix, serve_beside, unix_address

__all__ = [
    "AddressInUse",
    "Nudge",
    "OpenStreams",
    "configure_logging",
    "listen",
    "listen_unix",
    "run_process",
    "serve_app",
    "serve_beside",
    "unix_address",
]
