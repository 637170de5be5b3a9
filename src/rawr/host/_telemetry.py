"""The telemetry baseline: the first thing a host starts and the outermost thing it mounts."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger: Final = logging.getLogger("rawr.host")

_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Observes every request of a host; plugins may add to it, never go around it."""

    now: Callable[[], float] = field(default=time.perf_counter)

    def observe(self, app: ASGIApp) -> ASGIApp:
        """The app with every HTTP request logged: method, path, status, milliseconds."""

        async def observed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            started_at, status = self.now(), 0

            async def watch(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, watch)
            finally:
                self._report(scope, status, started_at)

        return observed

    def _report(self, scope: Scope, status: int, started_at: float) -> None:
        level = logging.ERROR if status >= _SERVER_ERROR else logging.DEBUG
        if logger.isEnabledFor(level):
            milliseconds = (self.now() - started_at) * 1000
            logger.log(
                level,
                "%s %s -> %s in %.1f ms",
                scope["method"],
                scope["path"],
                status or "no response",
                milliseconds,
                extra={"action": "http.request", "status": status, "duration_ms": milliseconds},
            )


def start_telemetry() -> Telemetry:
    """Begin observing; called before anything else of a host exists."""
    return Telemetry()
