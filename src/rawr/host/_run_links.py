"""Telling runs which run of the engine executes them, for their trace links."""

import logging
from collections.abc import Callable
from typing import Any, Final

import inngest
from inngest._internal import step_lib
from typing_extensions import override

from rawr.coordination import Coordination, CoordinationError
from rawr.sqlite import StorageError

logger: Final = logging.getLogger("rawr.host")


def run_links(
    coordination: Coordination,
) -> Callable[[inngest.Inngest, object], inngest.Middleware]:
    """Middleware of the engine's client, for every durable function.

    A link is a convenience: if it cannot be stored, that is logged and the run goes on.
    """

    class RunLinks(inngest.Middleware):
        observes_only = True

        @override
        async def transform_input(
            self,
            ctx: inngest.Context | inngest.ContextSync,
            function: inngest.Function[Any],
            steps: step_lib.StepMemos,
        ) -> None:
            if steps.size or ctx.attempt:
                return  # known since the first call of the run
            try:
                await coordination.link_engine_run(ctx.event.id, ctx.run_id)
            except (CoordinationError, StorageError):
                logger.warning(
                    "the trace link of engine run %s could not be stored",
                    ctx.run_id,
                    exc_info=True,
                    extra={"action": "run.link"},
                )

    return RunLinks
