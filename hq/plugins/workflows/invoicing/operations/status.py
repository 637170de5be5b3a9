"""Telling where runs stand and how they got there."""

from collections.abc import AsyncIterator

from packages.invoicing.domain.status import is_terminal_status
from packages.invoicing.errors import NotFound, RunNotFound, RunRef
from packages.invoicing.procedures.contract import WatchTimeline
from packages.invoicing.workflows.contract import RunStatus, RunTimeline, TimelineEvent
from plugins.workflows.invoicing.context import InvoicingWorkflowContext
from rawr.contract import with_event_meta
from rawr.procedure import Call


async def get_run_status(context: InvoicingWorkflowContext, input: RunRef) -> RunStatus:
    """Where a run stands; it answers from the moment the trigger was accepted."""
    try:
        current = await context.invoicing.get_status(input)
    except NotFound as error:
        raise RunNotFound(input) from error
    return RunStatus(
        run_id=current.run_id,
        status=current.status,
        is_terminal=is_terminal_status(current.status),
    )


async def get_run_timeline(context: InvoicingWorkflowContext, input: RunRef) -> RunTimeline:
    """The life of a run so far."""
    try:
        return await context.invoicing.get_timeline(input)
    except NotFound as error:
        raise RunNotFound(input) from error


async def watch_run(
    context: InvoicingWorkflowContext, input: RunRef, call: Call[InvoicingWorkflowContext]
) -> AsyncIterator[TimelineEvent]:
    """The life of a run as it happens; a resuming caller misses and repeats nothing.

    Who may not follow it, or asks for a run there is not, is told so instead of a stream.
    """
    await get_run_status(context, input)
    return _follow(context, WatchTimeline(run_id=input.run_id, after=_sequence(call.last_event_id)))


async def _follow(
    context: InvoicingWorkflowContext, watched: WatchTimeline
) -> AsyncIterator[TimelineEvent]:
    async with await context.invoicing.watch_timeline(watched) as events:
        async for event in events:
            yield with_event_meta(event, id=str(event.sequence))


def _sequence(last_event_id: str | None) -> int:
    """The sequence to go on from; an id that is none of ours starts over."""
    text = last_event_id or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0  # noqa: PLR2004 - digits of a sequence
