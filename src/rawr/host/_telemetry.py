"""The telemetry baseline: the first thing a host starts and the outermost thing it mounts."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import inngest
from inngest._internal import step_lib
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from typing_extensions import override

from ._function_hooks import FunctionHooks

logger: Final = logging.getLogger("rawr.host")

_SERVER_ERROR: Final = 500
_SWITCHING: Final = 101
_OBSERVED: Final = frozenset({"http", "websocket"})
_STARTS: Final = frozenset({"http.response.start", "websocket.http.response.start"})


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Observes every request and function call; plugins may add to it, never go around it."""

    now: Callable[[], float] = field(default=time.perf_counter)

    def observe(self, app: ASGIApp) -> ASGIApp:
        """The app with every request and websocket logged: method, path, status, milliseconds."""

        async def observed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] not in _OBSERVED:
                await app(scope, receive, send)
                return
            started_at, status = self.now(), 0

            async def watch(message: Message) -> None:
                nonlocal status
                if message["type"] in _STARTS:
                    status = message["status"]
                elif message["type"] == "websocket.accept":
                    status = _SWITCHING
                await send(message)

            try:
                await app(scope, receive, watch)
            finally:
                self._report(scope, status, started_at)

        return observed

    def observe_functions(
        self, client: inngest.Inngest, raw_request: object
    ) -> inngest.MiddlewareSync:
        """Middleware of the engine's client: every call of a durable function logged."""
        return _FunctionCalls(client, raw_request, now=self.now)

    def _report(self, scope: Scope, status: int, started_at: float) -> None:
        level = logging.ERROR if status >= _SERVER_ERROR else logging.DEBUG
        if logger.isEnabledFor(level):
            milliseconds = (self.now() - started_at) * 1000
            logger.log(
                level,
                "%s %s -> %s in %.1f ms",
                scope.get("method", "WEBSOCKET"),
                scope["path"],
                status or "no response",
                milliseconds,
                extra={"action": "http.request", "status": status, "duration_ms": milliseconds},
            )


class _FunctionCalls(FunctionHooks):
    """Logs one call of a durable function: its run, its correlation id, milliseconds."""

    def __init__(
        self, client: inngest.Inngest, raw_request: object, *, now: Callable[[], float]
    ) -> None:
        super().__init__(client, raw_request)
        self._now = now
        self._started_at = now()
        self._facts: dict[str, object] = {}

    @override
    def transform_input(
        self,
        ctx: inngest.Context | inngest.ContextSync,
        function: inngest.Function[Any],
        steps: step_lib.StepMemos,
    ) -> None:
        self._facts = {
            "function_id": function.id,
            "run_id": ctx.run_id,
            "correlation_id": ctx.event.data.get("correlationId"),
            "attempt": ctx.attempt,
        }

    @override
    def before_response(self) -> None:
        if logger.isEnabledFor(logging.DEBUG):
            milliseconds = (self._now() - self._started_at) * 1000
            logger.debug(
                "%s of run %s answered in %.1f ms",
                self._facts.get("function_id"),
                self._facts.get("run_id"),
                milliseconds,
                extra={"action": "function.call", "duration_ms": milliseconds, **self._facts},
            )


def start_telemetry() -> Telemetry:
    """Begin observing; called before anything else of a host exists."""
    return Telemetry()
