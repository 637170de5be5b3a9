"""Telling where runs stand and how they got there."""

from collections.abc import AsyncIterator

from rawr.contract import with_event_meta
from rawr.procedure import Call

from packages.$name.errors import RunRef
from packages.$name.procedures.contract import WatchRun
from packages.$name.workflows.contract import RunStatus, RunTimeline, TimelineEvent
from plugins.workflows.$name.context import ${Name}WorkflowContext

_MAX_DIGITS = 15


async def get_run_status(context: ${Name}WorkflowContext, input: RunRef) -> RunStatus:
    """Where a run stands; it answers from the moment the trigger was accepted."""
    return await context.$name.get_run_status(input)


async def get_run_timeline(context: ${Name}WorkflowContext, input: RunRef) -> RunTimeline:
    """The life of a run so far."""
    return await context.$name.get_run_timeline(input)


async def watch_run(context: ${Name}WorkflowContext, input: RunRef, call: Call[${Name}WorkflowContext]) -> AsyncIterator[TimelineEvent]:
    """The life of a run as it happens; a resuming caller misses and repeats nothing.

    Who may not follow it, or asks for a run there is not, is told so instead of a stream.
    """
    await get_run_status(context, input)
    return _follow(context, WatchRun(run_id=input.run_id, after=_sequence(call.last_event_id)))


async def _follow(context: ${Name}WorkflowContext, watched: WatchRun) -> AsyncIterator[TimelineEvent]:
    async with await context.$name.watch_run(watched) as events:
        async for event in events:
            yield with_event_meta(event, id=str(event.sequence))


def _sequence(last_event_id: str | None) -> int:
    """The sequence to go on from; an id that is none of ours starts over."""
    text = last_event_id or ""
    is_sequence = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    return int(text) if is_sequence else 0
