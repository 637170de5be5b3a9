"""Telling runs which run of the engine executes them, for their trace links."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

import inngest
from inngest._internal import step_lib
from typing_extensions import override

from rawr.coordination import Coordination, CoordinationError
from rawr.sqlite import StorageError

from ._function_hooks import FunctionHooks, hold_calls

logger: Final = logging.getLogger("rawr.host")


def run_links(
    coordination: Coordination,
) -> Callable[[inngest.Inngest, object], inngest.MiddlewareSync]:
    """Middleware of the engine's client, for every durable function; made on the HQ's loop.

    A link is a convenience: if it cannot be stored, that is logged and the run goes on.
    """
    hold = hold_calls()

    class RunLinks(FunctionHooks):
        @override
        def transform_input(  # type: ignore[override]  # the SDK awaits it where it can
            self,
            ctx: inngest.Context | inngest.ContextSync,
            function: inngest.Function[Any],
            steps: step_lib.StepMemos,
        ) -> Awaitable[None] | None:
            if steps.size or ctx.attempt:
                return None  # known since the first call of the run
            return hold(lambda: link(ctx.event.id, ctx.run_id))

    async def link(event_id: str, engine_run_id: str) -> None:
        try:
            await coordination.link_engine_run(event_id, engine_run_id)
        except (CoordinationError, StorageError):
            logger.warning(
                "the trace link of engine run %s could not be stored",
                engine_run_id,
                exc_info=True,
                extra={"action": "run.link"},
            )

    return RunLinks
