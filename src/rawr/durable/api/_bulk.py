"""Cancelling many runs at once: those of a function, by time and by expression."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from rawr.durable.domain.errors import EngineError
from rawr.durable.domain.expr import Expression, compile_expression
from rawr.durable.domain.run import RunStatus
from rawr.durable.engine import Engine, RunView

_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which live runs to cancel.

    Attributes:
        started_after: Only runs created then or later, in milliseconds since the epoch.
        started_before: Only runs created before.
        expression: Only runs for whose event it is true.
    """

    function_id: str
    started_after: int | None = None
    started_before: int | None = None
    expression: str | None = None


async def cancel_selected(engine: Engine, selection: Selection) -> int:
    """Cancel what is selected; return how many runs that ended.

    Raises:
        ExpressionError: the expression is not valid; nothing was cancelled.
    """
    text = selection.expression
    expression = None if text is None else compile_expression(text)
    cancelled = 0
    # A run that begins meanwhile moves from the first status to the second, never back.
    for status in (RunStatus.QUEUED, RunStatus.RUNNING):
        async for run in _created(engine, selection, status):
            if await _matches(engine, expression, run):
                cancelled += await engine.cancel_run(run.id)
    return cancelled


async def _created(
    engine: Engine, selection: Selection, status: RunStatus
) -> AsyncIterator[RunView]:
    before: str | None = None
    while page := await engine.list_runs(
        limit=_PAGE, before=before, function_id=selection.function_id, status=status
    ):
        for run in page:
            too_late = (
                selection.started_before is not None and run.created_at >= selection.started_before
            )
            if selection.started_after is not None and run.created_at < selection.started_after:
                return
            if not too_late:
                yield run
        before = page[-1].id


async def _matches(engine: Engine, expression: Expression | None, run: RunView) -> bool:
    if expression is None:
        return True
    event = await engine.get_event(run.event_ids[0])
    try:
        return event is not None and expression.matches({"event": event.as_json()})
    except EngineError:
        # As everywhere: an expression without a boolean value matches nothing.
        return False
