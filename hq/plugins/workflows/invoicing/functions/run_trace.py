"""Engine middleware `invoicing-run-context`: tells every call of a function its run's trace."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import inngest
from typing_extensions import override

logger: Final = logging.getLogger("invoicing.functions")

_UNKNOWN: Final = "unknown"
_TRACE: Final = "run_trace"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTrace:
    """The ids of the request that a durable run goes back to."""

    request_id: str = _UNKNOWN
    correlation_id: str = _UNKNOWN

    @classmethod
    def of(cls, event: inngest.Event) -> "RunTrace":
        """The trace of an event, or of the one that failed; ids it does not name are unknown."""
        data: Mapping[str, Any] = event.data
        original = data.get("event")
        if isinstance(original, Mapping) and isinstance(original.get("data"), Mapping):
            data = original["data"]
        return cls(
            request_id=str(data.get("requestId") or _UNKNOWN),
            correlation_id=str(data.get("correlationId") or _UNKNOWN),
        )


class RunTracing(inngest.Middleware):
    """Injects the `RunTrace` before a function is called, and logs that a call ended."""

    observes_only = True
    """It replaces nothing of the call, so the engine may go on from step to step at once."""

    _trace = RunTrace()

    @override
    async def transform_input(
        self,
        ctx: inngest.Context | inngest.ContextSync,
        function: inngest.Function[Any],
        steps: inngest.StepMemos,
    ) -> None:
        self._trace = RunTrace.of(ctx.event)
        vars(ctx)[_TRACE] = self._trace

    @override
    async def after_execution(self) -> None:
        # Perhaps once more after a retry, perhaps never: nothing but a log may hang on it.
        logger.debug(
            "a call of correlation %s ended",
            self._trace.correlation_id,
            extra={"action": "invoicing.call", "correlation_id": self._trace.correlation_id},
        )


def run_trace(ctx: inngest.Context) -> RunTrace:
    """What the middleware has injected; unknown ids where it did not run."""
    injected = vars(ctx).get(_TRACE)
    return injected if isinstance(injected, RunTrace) else RunTrace()
