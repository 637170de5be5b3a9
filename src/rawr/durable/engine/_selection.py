"""Choosing runs by function, time and expression."""

import logging
from collections.abc import AsyncIterator, Container
from dataclasses import dataclass
from typing import Final

from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.expr import Expression, compile_expression
from rawr.durable.domain.run import RunStatus
from rawr.durable.domain.ulid import ulid_floor
from rawr.durable.store.port import RunGlance, Store

logger = logging.getLogger("rawr.durable")

#: Runs looked at in one read: short enough that other reads hardly wait.
_PAGE: Final = 200
#: How far a run's id may lie ahead of its creation, as it does after the clock was set back.
_SLACK_MS: Final = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSelection:
    """Runs to do something with.

    Attributes:
        function_id: Of this function; `None` for every function.
        created_after: Created at this time or later, in milliseconds since the epoch.
        created_before: Created before this time, in milliseconds since the epoch.
        expression: A CEL expression over the run's first event, `event`; a run for which it has
            no boolean value is not selected.
    """

    function_id: str | None = None
    created_after: int | None = None
    created_before: int | None = None
    expression: str | None = None


async def select_runs(
    store: Store,
    selection: RunSelection,
    statuses: Container[RunStatus],
    *,
    until: str,
) -> AsyncIterator[list[RunGlance]]:
    """Yield the selected runs whose ids are below `until`, page by page, the oldest first.

    Raises:
        ExpressionError: the expression is not valid.
    """
    expression = None
    if selection.expression is not None:
        expression = compile_expression(selection.expression)
    created_before = selection.created_before
    if created_before is not None:
        until = min(until, ulid_floor(created_before + _SLACK_MS))
    after = ulid_floor(selection.created_after or 0)
    while True:
        page = await store.scan_runs(
            after=after,
            until=until,
            function_id=selection.function_id,
            limit=_PAGE,
            with_event=expression is not None,
        )
        if not page:
            return
        after = page[-1].id
        yield [
            run
            for run in page
            if run.status in statuses
            and run.created_at >= (selection.created_after or 0)
            and (created_before is None or run.created_at < created_before)
            and (expression is None or _matches(expression, run))
        ]


def _matches(expression: Expression, run: RunGlance) -> bool:
    if run.event is None:
        return False
    try:
        return expression.matches({"event": run.event.as_json()})
    except EngineError as error:
        logger.warning(
            "The selection of run %s cannot be decided (%s); it is left out",
            run.id,
            error,
            extra={"action": "selection_undecidable", "run_id": run.id},
        )
        return False
